/**
 * From a query string to its tree. What the text says binds as in most query languages: `NOT` and `-` first, then `AND`, spoken or
 * not, then `OR`. *AWS: Query syntax, Example thing queries*.
 */
import { ServiceError } from '../../errors.ts';
import { awsIndexingLimits, type IndexingLimits } from '../limits.ts';
import { numberOf, splitWords, wordsOf } from '../words.ts';
import { parseArea } from './parse-area.ts';
import { literalOf } from './pattern.ts';
import type { Bound, Match, Pattern, PatternPart, Query, Term } from './query.ts';
import { invalidQuery, QueryReader, type Word } from './reader.ts';

/** Parentheses and negations within each other. */
const deepest = 100;

/** The only version of the language. */
export const queryVersion = '2017-09-30';

/** Throws `InvalidQueryException`, which names the place. */
export function parseQuery(text: string, limits: IndexingLimits = awsIndexingLimits): Query {
  if (text.length > limits.queryLength) {
    throw new ServiceError(
      'InvalidQueryException',
      `query string of ${text.length} characters is longer than ${limits.queryLength}`,
    );
  }
  return new Parser(text, limits).parse();
}

class Parser {
  readonly #reader: QueryReader;
  readonly #limits: IndexingLimits;
  readonly #length: number;
  #terms = 0;
  #queryLeadingWildcards = 0;

  constructor(text: string, limits: IndexingLimits) {
    this.#reader = new QueryReader(text);
    this.#limits = limits;
    this.#length = text.length;
  }

  parse(): Query {
    const query = this.#or(undefined, 0);
    if (!this.#reader.atEnd()) throw this.#reader.unexpected('the end of the query');
    return query;
  }

  /** `field` is that of the group the query stands in: `thingName:(tv* AND -plasma)`. */
  #or(field: string | undefined, depth: number): Query {
    if (depth > deepest) throw this.#reader.error(`parentheses and negations are nested more than ${deepest} deep`);
    const queries = [this.#and(field, depth)];
    while (this.#reader.takeOperator('OR')) queries.push(this.#and(field, depth));
    return combined('or', queries);
  }

  #and(field: string | undefined, depth: number): Query {
    const queries = [this.#not(field, depth)];
    for (;;) {
      if (this.#reader.takeOperator('AND')) queries.push(this.#not(field, depth));
      else if (this.#reader.atTerm(field !== undefined)) queries.push(this.#not(field, depth));
      else return combined('and', queries);
    }
  }

  #not(field: string | undefined, depth: number): Query {
    if (depth > deepest) throw this.#reader.error(`parentheses and negations are nested more than ${deepest} deep`);
    const negated = this.#reader.takeOperator('NOT') || this.#reader.takeExclude();
    return negated ? { kind: 'not', query: this.#not(field, depth + 1) } : this.#primary(field, depth);
  }

  #primary(field: string | undefined, depth: number): Query {
    if (this.#reader.take('(')) return this.#group(field, depth);
    if (field !== undefined) return this.#value(field, depth);
    const place = this.#reader.place();
    const word = this.#reader.readWord('a term');
    const isField = !word.quoted && (this.#reader.at(':') || this.#reader.at('<') || this.#reader.at('>'));
    if (isField) {
      const name = this.#fieldOf(word, place);
      this.#reader.take(':');
      return this.#value(name, depth);
    }
    return this.#term(undefined, this.#matchOf(word, place), word, place);
  }

  #group(field: string | undefined, depth: number): Query {
    const query = this.#or(field, depth + 1);
    if (!this.#reader.take(')')) throw this.#reader.unexpected('`)`');
    return query;
  }

  #fieldOf(word: Word, place: number): string {
    const name = literalOf(word.pattern);
    if (name === undefined) throw invalidQuery(place, 'a field name has no wildcards');
    return name;
  }

  /** What follows a field's name, or stands in its group. */
  #value(field: string, depth: number): Query {
    const comparison = this.#reader.takeComparison();
    const place = this.#reader.place();
    if (comparison !== undefined) {
      const word = this.#reader.readWord('a value', true);
      const bound = { value: this.#literal(word, place), inclusive: comparison.inclusive, quoted: word.quoted };
      const match = comparison.greater ? rangeOf(bound, undefined) : rangeOf(undefined, bound);
      return this.#term(field, match, word, place);
    }
    if (this.#reader.take('(')) return this.#group(field, depth);
    const opening = this.#reader.takeOneOf('[', '{');
    if (opening !== undefined) return this.#range(field, opening === '[', place);
    const word = this.#reader.readWord('a value', true);
    if (this.#reader.at(':'))
      throw this.#reader.error('`:` stands within a value; write `\\:` for one that is part of it');
    return this.#term(field, this.#matchOf(word, place), word, place);
  }

  #range(field: string, lowerInclusive: boolean, place: number): Query {
    const lower = this.#endpoint(lowerInclusive);
    if (!this.#reader.takeOperator('TO')) throw this.#reader.unexpected('`TO`');
    const end = this.#endpoint(false);
    const closing = this.#reader.takeOneOf(']', '}');
    if (closing === undefined) throw this.#reader.unexpected('`]` or `}`');
    const upper = end && { ...end, inclusive: closing === ']' };
    const match: Match = lower === undefined && upper === undefined ? { kind: 'exists' } : rangeOf(lower, upper);
    return this.#term(field, match, undefined, place);
  }

  /** Undefined for `*`: no bound on this side. */
  #endpoint(inclusive: boolean): Endpoint | undefined {
    const place = this.#reader.place();
    const word = this.#reader.readWord('a bound', true);
    if (!word.quoted && isStar(word.pattern)) return undefined;
    return { value: this.#literal(word, place), inclusive, quoted: word.quoted };
  }

  #literal(word: Word, place: number): string {
    const literal = literalOf(word.pattern);
    if (literal === undefined) throw invalidQuery(place, 'a bound has no wildcards');
    return literal;
  }

  #matchOf({ pattern, quoted }: Word, place: number): Match {
    if (!quoted && isStar(pattern)) return { kind: 'exists' };
    const literal = literalOf(pattern);
    if (literal === undefined) return { kind: 'words', words: patternsOf(pattern), number: undefined };
    if (!quoted && literal.startsWith('geo_')) return parseArea(literal, place);
    return {
      kind: 'words',
      words: wordsOf(literal).map(word => [word]),
      number: quoted ? undefined : numberOf(literal),
    };
  }

  #term(field: string | undefined, match: Match, word: Word | undefined, place: number): Query {
    this.#terms += 1;
    if (this.#terms > this.#limits.queryTerms) {
      throw invalidQuery(place, `a query has at most ${this.#limits.queryTerms} terms`);
    }
    if (match.kind === 'words' && word !== undefined) this.#checkWildcards(word.pattern, place);
    if (field !== undefined) return { kind: 'term', field: canonicalField(field), match } satisfies Term;
    return match.kind === 'exists' ? { kind: 'all' } : { kind: 'term', field, match };
  }

  #checkWildcards(pattern: Pattern, place: number): void {
    const { queryTermAsterisks, queryTermQuestionMarks, queryLeadingWildcards, queryLengthWithLeadingWildcard } =
      this.#limits;
    const count = (wildcard: '*' | '?') =>
      pattern.filter(part => typeof part !== 'string' && part.wildcard === wildcard).length;
    if (count('*') > queryTermAsterisks) throw invalidQuery(place, `a term has at most ${queryTermAsterisks} \`*\``);
    if (count('?') > queryTermQuestionMarks)
      throw invalidQuery(place, `a term has at most ${queryTermQuestionMarks} \`?\``);
    if (typeof pattern[0] === 'string') return;
    this.#queryLeadingWildcards += 1;
    if (this.#queryLeadingWildcards > queryLeadingWildcards) {
      throw invalidQuery(place, `a query has at most ${queryLeadingWildcards} term with a leading wildcard`);
    }
    if (this.#length > queryLengthWithLeadingWildcard) {
      throw invalidQuery(
        place,
        `a query with a leading wildcard has at most ${queryLengthWithLeadingWildcard} characters`,
      );
    }
  }
}

/** AWS names the registry's fields with and without `registry.` before them. */
const canonicalField = (field: string): string =>
  field.startsWith('registry.') && field !== 'registry.version' ? field.slice('registry.'.length) : field;

function combined(kind: 'and' | 'or', queries: readonly Query[]): Query {
  const [first] = queries;
  return queries.length === 1 && first !== undefined ? first : { kind, queries };
}

const isStar = (pattern: Pattern): boolean => {
  const [only] = pattern;
  return pattern.length === 1 && typeof only === 'object' && only.wildcard === '*';
};

/** The words of text with wildcards: white space, which only an escape lets in, parts them. */
function patternsOf(pattern: Pattern): Pattern[] {
  const patterns: PatternPart[][] = [[]];
  for (const part of pattern) {
    if (typeof part !== 'string') {
      patterns.at(-1)?.push(part);
      continue;
    }
    for (const [index, word] of splitWords(part).entries()) {
      if (index > 0) patterns.push([]);
      if (word !== '') patterns.at(-1)?.push(word);
    }
  }
  return patterns.filter(parts => parts.length > 0);
}

interface Endpoint {
  readonly value: string;
  readonly inclusive: boolean;
  readonly quoted: boolean;
}

/** A range of numbers if every bound is one and none is quoted, else of words. */
function rangeOf(lower: Endpoint | undefined, upper: Endpoint | undefined): Match {
  const bounds = [lower, upper].filter(bound => bound !== undefined);
  const numeric = bounds.every(({ value, quoted }) => !quoted && numberOf(value) !== undefined);
  if (numeric) {
    const bound = (end: Endpoint | undefined): Bound<number> | undefined =>
      end && { value: numberOf(end.value) as number, inclusive: end.inclusive };
    return { kind: 'numberRange', lower: bound(lower), upper: bound(upper) };
  }
  const bound = (end: Endpoint | undefined): Bound<string> | undefined =>
    end && { value: wordsOf(end.value).join(' '), inclusive: end.inclusive };
  return { kind: 'wordRange', lower: bound(lower), upper: bound(upper) };
}
