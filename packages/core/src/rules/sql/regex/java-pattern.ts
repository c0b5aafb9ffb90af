/**
 * Translates a pattern of `java.util.regex` to one of JavaScript (flag `v`). Every group gets a name of ours, so that the groups
 * which possessive quantifiers need do not disturb the numbering.
 */
import { readClass } from './character-class.ts';
import { escapedClass, escapedLiteral, literal } from './escape.ts';
import { PatternReader, unsupported } from './pattern-reader.ts';

export interface JavaPattern {
  /** For `new RegExp(source, 'v')`. */
  readonly source: string;
  /** Names in `source` of the groups 0 (the whole match, which has none), 1, 2, … */
  readonly groupCount: number;
  /** Numbers of named groups. */
  readonly groupNumbers: ReadonlyMap<string, number>;
  /** Quantifiers without upper bound; infinite if one repeats what may match in several ways, which may take for ever. */
  readonly repetitions: number;
  /** In how many ways a match may go on at most, apart from those. */
  readonly ways: number;
}

/** The name of a group in a translated pattern. */
export const groupName = (number: number): string => `g${number}`;

/** Throws `SyntaxError` for what is no pattern, or uses what JavaScript cannot express. */
export function translatePattern(pattern: string): JavaPattern {
  return new Translator(pattern).translate();
}

const LINE_END = '(?=(?:\\r\\n|[\\n\\r\\u0085\\u2028\\u2029])?(?![\\s\\S]))';
const MAX_DEPTH = 100;

class Translator extends PatternReader {
  readonly #groupNumbers = new Map<string, number>();
  #groups = 0;
  #atomics = 0;
  #repetitions = 0;
  #ways = 1;
  #depth = 0;
  #isMultiline = false;
  /** Opens what inline flags such as `(?i)` last turned on; closed at the end of each alternative. */
  #flags = '';

  translate(): JavaPattern {
    const source = this.#alternatives();
    if (!this.atEnd) throw unsupported('a parenthesis that is not open');
    return {
      source,
      groupCount: this.#groups,
      groupNumbers: this.#groupNumbers,
      repetitions: this.#repetitions,
      ways: this.#ways,
    };
  }

  #alternatives(): string {
    if (++this.#depth > MAX_DEPTH) throw unsupported('too many levels of nesting');
    const [flags, isMultiline] = [this.#flags, this.#isMultiline];
    this.#flags = '';
    const alternatives = [this.#sequence()];
    while (this.take('|')) {
      this.#ways *= 2;
      const opened = this.#flags;
      const sequence = this.#sequence();
      alternatives.push(opened === '' ? sequence : `${opened}${sequence})`);
    }
    this.#flags = flags;
    this.#isMultiline = isMultiline;
    this.#depth--;
    return alternatives.join('|');
  }

  #sequence(): string {
    let source = '';
    let open = 0;
    while (!this.atEnd && !this.at('|') && !this.at(')')) {
      const flags = this.#inlineFlags();
      if (flags !== undefined) {
        this.#flags = flags;
        source += flags;
        open++;
      } else source += this.#term();
    }
    return source + ')'.repeat(open);
  }

  /** `(?i)`: on for the rest of the group. */
  #inlineFlags(): string | undefined {
    const flags = this.takeMatch(/\(\?([a-zA-Z]*)(?:-([a-zA-Z]*))?\)/y);
    return flags === undefined ? undefined : this.#modifiers(flags[1]!, flags[2] ?? '');
  }

  #modifiers(on: string, off: string): string {
    const known = (flags: string) => {
      // `u` and `U` concern letters beyond ASCII, `d` the ends of lines: little enough to go without.
      if (/[^imsuUd]/.test(flags)) throw unsupported('an inline flag other than i, m, s');
      return Array.from(new Set(flags.replace(/[uUd]/g, ''))).join('');
    };
    if (on.includes('m')) this.#isMultiline = true;
    if (off.includes('m')) this.#isMultiline = false;
    const [turnedOn, turnedOff] = [known(on), known(off)];
    if (turnedOn === '' && turnedOff === '') return '(?:';
    return `(?${turnedOn}${turnedOff === '' ? '' : `-${turnedOff}`}:`;
  }

  #term(): string {
    const [repetitions, ways] = [this.#repetitions, this.#ways];
    const atom = this.#atom();
    const quantifier = this.takeMatch(/([*+?]|\{(\d+)(,(\d*))?\})([?+]?)/y);
    if (quantifier === undefined) return atom;
    const [, count, least = '0', , most = least, mode] = quantifier;
    const range =
      /^[*+]$/.test(count!) || most === '' ? undefined : count === '?' ? [0, 1] : [Number(least), Number(most)];
    this.#countWays(this.#repetitions - repetitions, this.#ways / ways, range);
    if (mode === '+') return this.#atomic(`(?:${atom})${count}`);
    return `(?:${atom})${count}${mode}`;
  }

  /** Adds what a quantifier makes of an atom with so many repetitions and ways of its own. */
  #countWays(repetitions: number, ways: number, range: readonly number[] | undefined): void {
    if (range === undefined) {
      this.#repetitions += repetitions > 0 || ways > 1 ? Number.POSITIVE_INFINITY : 1;
      return;
    }
    const [least, most] = range as readonly [number, number];
    this.#repetitions += repetitions * Math.max(most - 1, 0);
    this.#ways *= ways ** Math.max(most - 1, 0) * Math.max(most - least + 1, 1);
  }

  /** What is matched once is not given back: JavaScript does so for what a lookahead captures. */
  #atomic(source: string): string {
    const name = `a${++this.#atomics}`;
    return `(?:(?=(?<${name}>${source}))\\k<${name}>)`;
  }

  #atom(): string {
    if (this.take('.')) return '.';
    if (this.take('^')) return '^';
    if (this.take('$')) return this.#isMultiline ? '$' : LINE_END;
    if (this.at('[')) return readClass(this);
    if (this.take('(')) return this.#group();
    if (this.take('\\')) return this.#escape();
    if (this.at('*') || this.at('+') || this.at('?') || this.at('{')) throw unsupported('a quantifier of nothing');
    return literal(this.takeCharacter());
  }

  #group(): string {
    const named = this.takeMatch(/\?<([A-Za-z][A-Za-z0-9]*)>/y);
    const flags = named ? undefined : this.takeMatch(/\?([a-zA-Z]*)(?:-([a-zA-Z]*))?:/y);
    const special = this.takeMatch(/\?(=|!|<=|<!|>)/y)?.[1];
    if (flags !== undefined) {
      const isMultiline = this.#isMultiline;
      const open = this.#modifiers(flags[1]!, flags[2] ?? '');
      const group = `${open}${this.#closed()}`;
      this.#isMultiline = isMultiline;
      return group;
    }
    if (special === '>') return this.#atomic(this.#closed().slice(0, -1));
    if (special !== undefined) return `(?${special}${this.#closed()}`;
    if (this.at('?')) throw unsupported('a kind of group that is not known');
    const number = ++this.#groups;
    if (named !== undefined) this.#groupNumbers.set(named[1]!, number);
    return `(?<${groupName(number)}>${this.#closed()}`;
  }

  /** The rest of a group, with its parenthesis. */
  #closed(): string {
    const source = this.#alternatives();
    if (!this.take(')')) throw unsupported('a group that is not closed');
    return `${source})`;
  }

  #escape(): string {
    const reference = this.takeMatch(/[1-9]/y);
    if (reference !== undefined) return this.#reference(Number(reference[0]));
    const name = this.takeMatch(/k<([A-Za-z][A-Za-z0-9]*)>/y)?.[1];
    if (name !== undefined) return this.#reference(this.#groupNumbers.get(name));
    const quoted = this.takeMatch(/Q([\s\S]*?)(?:\\E|$)/y)?.[1];
    if (quoted !== undefined) return `(?:${Array.from(quoted, literal).join('')})`;
    switch (this.peek()) {
      case 'b':
      case 'B':
        return `\\${this.takeCharacter()}`;
      case 'A':
        this.takeCharacter();
        return '(?<![\\s\\S])';
      case 'z':
        this.takeCharacter();
        return '(?![\\s\\S])';
      case 'Z':
        this.takeCharacter();
        return LINE_END;
      case 'R':
        this.takeCharacter();
        return '(?:\\r\\n|[\\n\\x0B\\f\\r\\u0085\\u2028\\u2029])';
    }
    return escapedClass(this) ?? literal(escapedLiteral(this));
  }

  /** A number that no group has is no mistake, but never matches. */
  #reference(number: number | undefined): string {
    if (number === undefined) throw unsupported('a reference to a group that is not there');
    return number > this.#groups ? '(?!)' : `\\k<${groupName(number)}>`;
  }
}
