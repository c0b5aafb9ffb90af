/** Reads tokens one after the other, with one to look ahead. Keywords are words whose case does not matter. */
import type { ServiceError } from '../../../errors.ts';
import { readToken, type Token } from './lexer.ts';
import { syntaxError } from './syntax-error.ts';

export class TokenStream {
  readonly text: string;
  /** The next token, not yet taken. */
  protected next: Token;

  constructor(text: string, start: number) {
    this.text = text;
    this.next = readToken(text, start);
  }

  /** The token after the next one. */
  protected afterNext(): Token {
    return readToken(this.text, this.next.end);
  }

  protected take(): Token {
    const taken = this.next;
    this.next = readToken(this.text, taken.end);
    return taken;
  }

  protected isKeyword(keyword: string): boolean {
    return isKeyword(this.next, keyword);
  }

  protected isSymbol(symbol: string): boolean {
    return isSymbol(this.next, symbol);
  }

  protected takeKeyword(keyword: string): boolean {
    if (!this.isKeyword(keyword)) return false;
    this.take();
    return true;
  }

  protected takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.take();
    return true;
  }

  protected expectKeyword(keyword: string): void {
    if (!this.takeKeyword(keyword)) throw this.expected(`\`${keyword}\``);
  }

  protected expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.expected(`\`${symbol}\``);
  }

  protected expectName(what: string): string {
    if (this.next.kind !== 'word') throw this.expected(what);
    return this.take().text;
  }

  protected expectEnd(expectation: string): void {
    if (this.next.kind !== 'end') throw this.expected(expectation);
  }

  protected expected(what: string): ServiceError {
    return this.error(`expected ${what}, found ${describe(this.next)}`);
  }

  protected error(message: string, at = this.next.start): ServiceError {
    return syntaxError(this.text, at, message);
  }
}

export const isKeyword = (token: Token, keyword: string): boolean =>
  token.kind === 'word' && token.text.length === keyword.length && token.text.toUpperCase() === keyword;

export const isSymbol = (token: Token, symbol: string): boolean => token.kind === 'symbol' && token.text === symbol;

function describe({ kind, text }: Token): string {
  switch (kind) {
    case 'end':
      return 'the end of the text';
    case 'string':
      return `the string '${text}'`;
    case 'variable':
      return `\`@${text}\``;
    default:
      return `\`${text}\``;
  }
}
