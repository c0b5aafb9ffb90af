/** Characters to tokens. There are no comments in the language, and no escapes in strings but the doubled quote. */
import { syntaxError } from './syntax-error.ts';

export type TokenKind = 'word' | 'number' | 'string' | 'variable' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** The word, the number's text, the string's contents, the variable's name without `@`, the symbol. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const SPACE = /[ \t\r\n]*/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const VARIABLE = /@[A-Za-z0-9_]+/y;
const SYMBOL = /<>|<=|>=|!=|[-=<>+*/%.,(){}[\]:]/y;

/** The token at `at` or after the white space there. Throws `SqlParseException`. */
export function readToken(text: string, at: number): Token {
  const start = at + matchAt(SPACE, text, at).length;
  if (start >= text.length) return { kind: 'end', text: '', start, end: start };
  const quote = text[start];
  if (quote === "'" || quote === '"') return readString(text, start, quote);

  const word = matchAt(WORD, text, start);
  if (word !== '') return token('word', word, start, word.length);
  const number = matchAt(NUMBER, text, start);
  if (number !== '') {
    const end = start + number.length;
    if (matchAt(WORD, text, end) !== '')
      throw syntaxError(text, end, 'a name cannot begin with a digit; use `get(object, "name")`');
    return token('number', number, start, number.length);
  }
  const variable = matchAt(VARIABLE, text, start);
  if (variable !== '') return token('variable', variable.slice(1), start, variable.length);
  const symbol = matchAt(SYMBOL, text, start);
  if (symbol === '')
    throw syntaxError(text, start, `unexpected character \`${String.fromCodePoint(text.codePointAt(start)!)}\``);
  return token('symbol', symbol === '!=' ? '<>' : symbol, start, symbol.length);
}

const token = (kind: TokenKind, text: string, start: number, length: number): Token => ({
  kind,
  text,
  start,
  end: start + length,
});

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

function readString(text: string, start: number, quote: string): Token {
  let contents = '';
  let from = start + 1;
  for (;;) {
    const close = text.indexOf(quote, from);
    if (close < 0) throw syntaxError(text, start, `a string is not closed: expected ${quote}`);
    contents += text.slice(from, close);
    if (text[close + 1] !== quote) return { kind: 'string', text: contents, start, end: close + 1 };
    contents += quote;
    from = close + 2;
  }
}
