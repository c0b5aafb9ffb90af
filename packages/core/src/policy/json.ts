/**
 * Reads JSON (RFC 8259) as strictly as a policy deserves: an object that names a key twice is refused, since one of the two
 * would be lost in silence, and an error says the line and column where it stands, which `JSON.parse` does not always.
 */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** Without prototype, so that `__proto__` is a key like any other. */
export interface JsonObject {
  readonly [key: string]: Json;
}

export class JsonError extends Error {
  /** Both count from 1; a column counts UTF-16 units. */
  readonly line: number;
  readonly column: number;

  constructor(message: string, text: string, at: number) {
    super(message);
    const before = text.slice(0, at);
    this.line = before.split('\n').length;
    this.column = at - before.lastIndexOf('\n');
  }
}

/** Far deeper than any policy, far from the end of the stack. */
const MAX_DEPTH = 32;

/** Throws `JsonError`, and nothing else. */
export function parseJson(text: string): Json {
  return new Reader(text).document();
}

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Json {
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#error('nothing may follow the document');
    return value;
  }

  #value(depth: number): Json {
    if (depth > MAX_DEPTH) throw this.#error('too many levels of nesting');
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonObject {
    const object: Record<string, Json> = Object.create(null);
    this.#at++;
    if (this.#take('}')) return object;
    do {
      this.#skipSpace();
      const start = this.#at;
      if (this.#text[start] !== '"') throw this.#error('expected a key in double quotes');
      const key = this.#string();
      if (key in object) throw this.#error(`\`${key}\` stands twice in one object`, start);
      if (!this.#take(':')) throw this.#error('expected `:`');
      object[key] = this.#value(depth + 1);
    } while (this.#take(','));
    if (!this.#take('}')) throw this.#error('expected `,` or `}`');
    return object;
  }

  #array(depth: number): Json[] {
    const array: Json[] = [];
    this.#at++;
    if (this.#take(']')) return array;
    do array.push(this.#value(depth + 1));
    while (this.#take(','));
    if (!this.#take(']')) throw this.#error('expected `,` or `]`');
    return array;
  }

  #string(): string {
    const start = this.#at++;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) throw this.#error('a string is not closed', start);
      if (character < ' ') throw this.#error('a string holds a control character; write it as `\\u00…`');
      this.#at += character === '\\' ? 2 : 1;
      if (character === '"') break;
    }
    return this.#native(start, 'a string holds an unknown `\\` escape') as string;
  }

  #number(): number {
    const start = this.#at;
    while (this.#at < this.#text.length && '+-.0123456789Ee'.includes(this.#text[this.#at]!)) this.#at++;
    if (this.#at === start)
      throw this.#error(start === this.#text.length ? 'the text ends too soon' : 'expected a value');
    return this.#native(start, 'not a number') as number;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#error('expected a value');
    this.#at += word.length;
    return value;
  }

  /** Escapes and digits are read by the platform, once their ends are known. */
  #native(start: number, complaint: string): unknown {
    try {
      return JSON.parse(this.#text.slice(start, this.#at));
    } catch {
      throw this.#error(complaint, start);
    }
  }

  #take(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && ' \t\n\r'.includes(this.#text[this.#at]!)) this.#at++;
  }

  #error(message: string, at = this.#at): JsonError {
    return new JsonError(message, this.#text, at);
  }
}
