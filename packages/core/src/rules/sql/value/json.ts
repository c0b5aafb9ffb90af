/** From JSON text to values and from payloads to JSON, with the numbers kept that a JavaScript number cannot hold. */
import { type Arithmetic, keepingZeros } from './numbers.ts';
import type { Value } from './value.ts';

interface JsonWithSource {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
}

/** Deeper than any device nests, and far from the end of the stack of those who walk the value. */
const MAX_DEPTH = 500;

/** Sixteen digits or a large exponent are the least a JavaScript number may not hold. */
const largeExponent = /\d[eE][+-]?\d{3}/;
const RUN = 16;
/** A fraction of zeros, or an exponent that writes one. */
const mayHaveZeros = /\.\d*0(?!\d)|\d[eE]/;

/** The value of JSON text, or `undefined` when it is not JSON or nests deeper than 500 levels. */
export function parseJsonText(text: string, arithmetic: Arithmetic): Value {
  if (text.length > 2 * MAX_DEPTH && nestsDeeply(text)) return undefined;
  try {
    const needsSource =
      hasLongNumber(text) || largeExponent.test(text) || (arithmetic === keepingZeros && mayHaveZeros.test(text));
    if (!needsSource) return JSON.parse(text) as Value;
    return (JSON as JsonWithSource).parse(text, (_key, value, { source }) =>
      typeof value === 'number' && source !== undefined ? arithmetic.parse(source) : value,
    ) as Value;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether bytes, if they are JSON at all, are an object or an array. */
export function startsAsDocument(bytes: Uint8Array): boolean {
  let start = 0;
  while (start < bytes.length && isBlank(bytes[start]!)) start++;
  return bytes[start] === OPEN_BRACE || bytes[start] === OPEN_BRACKET;
}

/** Whether 16 digits and points stand in a row. Such a run covers a multiple of 16, so only there it is looked for: 10 ns, not 180. */
function hasLongNumber(text: string): boolean {
  for (let at = RUN - 1; at < text.length; at += RUN) {
    if (!isDigitOrPoint(text.charCodeAt(at))) continue;
    let [start, end] = [at, at + 1];
    while (start > 0 && isDigitOrPoint(text.charCodeAt(start - 1))) start--;
    while (end < text.length && isDigitOrPoint(text.charCodeAt(end))) end++;
    if (end - start >= RUN) return true;
  }
  return false;
}

const isDigitOrPoint = (code: number): boolean => (code >= 0x30 && code <= 0x39) || code === 0x2e;

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

function nestsDeeply(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) inString = !inString;
    else if (inString) at += code === BACKSLASH ? 1 : 0;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > MAX_DEPTH) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
  }
  return false;
}
