/** A position in a pattern. */

export class PatternReader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#position >= this.#text.length;
  }

  /** The next character, a whole code point; empty at the end. */
  peek(): string {
    return this.atEnd ? '' : String.fromCodePoint(this.#text.codePointAt(this.#position)!);
  }

  at(text: string): boolean {
    return this.#text.startsWith(text, this.#position);
  }

  take(text: string): boolean {
    if (!this.at(text)) return false;
    this.#position += text.length;
    return true;
  }

  takeCharacter(): string {
    const character = this.peek();
    if (character === '') throw unsupported('a pattern that ends too soon');
    this.#position += character.length;
    return character;
  }

  /** What a sticky pattern matches here. */
  takeMatch(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.#position;
    const match = sticky.exec(this.#text);
    if (match === null) return undefined;
    this.#position += match[0].length;
    return match;
  }
}

export const unsupported = (what: string): SyntaxError => new SyntaxError(`the pattern has ${what}`);
