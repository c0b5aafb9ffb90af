/** Reads a query string from left to right, and says where it is wrong. Knows characters and words, not what they mean together. */
import { ServiceError } from '../../errors.ts';
import type { Pattern, PatternPart } from './query.ts';

/** `place` counts characters from 0; people count from 1. */
export const invalidQuery = (place: number, message: string): ServiceError =>
  new ServiceError('InvalidQueryException', `query string is invalid at character ${place + 1}: ${message}`);

export interface Word {
  readonly pattern: Pattern;
  /** Nothing in quotes is a wildcard, a number or an operator. */
  readonly quoted: boolean;
}

/** Characters that end an unquoted word. */
const delimiters = '()[]{}:<>"';
/** *AWS: Query syntax, "Unsupported features"*; `,` has its meaning in geoqueries. */
const unsupported = "`@#%/';,";
const operators = ['AND', 'OR', 'NOT'];

export class QueryReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where the next thing that is no white space stands. */
  place(): number {
    while (this.#at < this.#text.length && isSpace(this.#text[this.#at] as string)) this.#at += 1;
    return this.#at;
  }

  atEnd(): boolean {
    return this.place() === this.#text.length;
  }

  at(character: string): boolean {
    return this.#text[this.place()] === character;
  }

  take(character: string): boolean {
    if (!this.at(character)) return false;
    this.#at += 1;
    return true;
  }

  takeOneOf<T extends string>(...characters: T[]): T | undefined {
    return characters.find(character => this.take(character));
  }

  takeOperator(operator: string): boolean {
    if (!this.#atOperator(operator)) return false;
    this.#at += operator.length;
    return true;
  }

  /** The `-` before what is not wanted. */
  takeExclude(): boolean {
    const next = this.#text[this.place() + 1];
    if (!this.at('-') || next === undefined || isSpace(next)) return false;
    this.#at += 1;
    return true;
  }

  /** `<`, `<=`, `>` or `>=`. */
  takeComparison(): { readonly greater: boolean; readonly inclusive: boolean } | undefined {
    const sign = this.takeOneOf('<', '>');
    if (sign === undefined) return undefined;
    const inclusive = this.#text[this.#at] === '=';
    if (inclusive) this.#at += 1;
    return { greater: sign === '>', inclusive };
  }

  /** Whether a term, a group or a negation begins here; within a field's group a comparison is a term as well. */
  atTerm(inField: boolean): boolean {
    if (this.atEnd() || operators.slice(0, 2).some(operator => this.#atOperator(operator))) return false;
    const next = this.#text[this.#at] as string;
    return '<>'.includes(next) ? inField : !')]}:'.includes(next);
  }

  /** `expected` is for the error; as a value a word may begin with `-`. */
  readWord(expected: string, asValue = false): Word {
    const start = this.place();
    if (this.at('"')) return this.#readQuoted();
    const isWord = !this.atEnd() && !operators.some(operator => this.#atOperator(operator));
    if (!isWord || delimiters.includes(this.#text[start] as string)) throw this.unexpected(expected);
    if (this.at('-') && !asValue) throw this.unexpected(expected);
    const parts: PatternPart[] = [];
    let literal = '';
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at] as string;
      if (isSpace(character) || delimiters.includes(character)) break;
      if (character === '*' || character === '?') {
        if (literal !== '') parts.push(literal);
        literal = '';
        parts.push({ wildcard: character });
      } else if (character === '\\') {
        literal += this.#readEscaped();
      } else if (unsupported.includes(character) && !(character === ',' && literal.startsWith('geo_'))) {
        throw invalidQuery(this.#at, `\`${character}\` needs quotes or a \`\\\` before it`);
      } else {
        literal += character;
      }
    }
    if (literal !== '') parts.push(literal);
    return { pattern: parts, quoted: false };
  }

  error(message: string): ServiceError {
    return invalidQuery(this.place(), message);
  }

  unexpected(expected: string): ServiceError {
    const found = this.atEnd() ? 'the query ends' : `\`${this.#text[this.#at]}\` stands`;
    return this.error(`expected ${expected}, but ${found} here`);
  }

  #readQuoted(): Word {
    const start = this.#at++;
    let literal = '';
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at] as string;
      if (character === '"') {
        this.#at += 1;
        return { pattern: [literal], quoted: true };
      }
      literal += character === '\\' ? this.#readEscaped() : character;
    }
    throw invalidQuery(start, 'the quotation has no end');
  }

  /** Stays on the last character it has read, as the loops above do. */
  #readEscaped(): string {
    const next = this.#text[this.#at + 1];
    if (next === undefined) throw invalidQuery(this.#at, '`\\` has nothing after it');
    this.#at += 1;
    return next;
  }

  #atOperator(operator: string): boolean {
    const start = this.place();
    if (!this.#text.startsWith(operator, start)) return false;
    const next = this.#text[start + operator.length];
    return next === undefined || isSpace(next) || '()[]{}"'.includes(next);
  }
}

const isSpace = (character: string): boolean => /\s/.test(character);
