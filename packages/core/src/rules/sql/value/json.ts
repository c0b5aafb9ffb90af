/** From JSON text to values and from payloads to JSON, with the numbers kept that a JavaScript number cannot hold. */
import { isUtf8 } from 'node:buffer';
import { type Arithmetic, keepingZeros } from './numbers.ts';
import { bufferOf, RawPayload } from './scalar.ts';
import type { Value } from './value.ts';

interface JsonWithSource {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
}

/** Deeper than any device nests, and far from the end of the stack of those who walk the value. */
const MAX_DEPTH = 500;

/** Sixteen digits in a row or a large exponent are the least a JavaScript number may not hold. */
const mayNotFit = /[\d.]{16}|\d[eE][+-]?\d{3}/;
/** A fraction of zeros, or an exponent that writes one. */
const mayHaveZeros = /\.\d*0(?!\d)|\d[eE]/;

/** The value of JSON text, or `undefined` when it is not JSON or nests deeper than 500 levels. */
export function parseJsonText(text: string, arithmetic: Arithmetic): Value | undefined {
  if (text.length > 2 * MAX_DEPTH && nestsDeeply(text)) return undefined;
  try {
    const needsSource = mayNotFit.test(text) || (arithmetic === keepingZeros && mayHaveZeros.test(text));
    if (!needsSource) return JSON.parse(text) as Value;
    return (JSON as JsonWithSource).parse(text, (_key, value, { source }) =>
      typeof value === 'number' && source !== undefined ? arithmetic.parse(source) : value,
    ) as Value;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * A payload as `*` sees it. Objects and arrays are JSON; everything else, a lone number or string too, is bytes to be decoded
 * by `decode(encode(*, 'base64'), 'base64')` (AWS: "Working with binary payloads").
 */
export function decodePayload(payload: Uint8Array, arithmetic: Arithmetic): Value {
  let start = 0;
  while (start < payload.length && isBlank(payload[start]!)) start++;
  const first = payload[start];
  if ((first !== OPEN_BRACE && first !== OPEN_BRACKET) || !isUtf8(payload)) return new RawPayload(payload);
  return parseJsonText(bufferOf(payload).toString('utf8'), arithmetic) ?? new RawPayload(payload);
}

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
