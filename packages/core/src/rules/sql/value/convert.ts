/**
 * Standard conversions: what an operator or a function makes of a value of another type than it needs (AWS: "Data types",
 * "Conversions"). Nothing converts to an array, an object, Null or Undefined; Null and Undefined convert to nothing.
 */
import { type Arithmetic, isNumeric, numberText, toDouble } from './numbers.ts';
import { RawPayload } from './scalar.ts';
import type { Numeric, Value } from './value.ts';

/** No leading `+`, no bare `.5`, no `1.`, no `E+5`, no blanks. */
const NUMBER = /^-?\d+(\.\d+)?(E-?\d+)?$/i;

export function toNumber(value: Value, arithmetic: Arithmetic): Numeric | undefined {
  if (isNumeric(value)) return value;
  return typeof value === 'string' && NUMBER.test(value) ? arithmetic.parse(value) : undefined;
}

/** Decimals go to the nearest Int, strings are cut. */
export function toInt(value: Value, arithmetic: Arithmetic): Numeric | undefined {
  const number = toNumber(value, arithmetic);
  if (number === undefined) return undefined;
  return arithmetic.round(number, 0, typeof value === 'string' ? 'toward-zero' : 'half-away');
}

/** Rounded down, as a JavaScript number: for positions and counts, where more than a double holds is all the same. */
export function toFloor(value: Value, arithmetic: Arithmetic): number | undefined {
  if (typeof value === 'number') return Math.floor(value);
  const number = toNumber(value, arithmetic);
  return number === undefined ? undefined : toDouble(arithmetic.round(number, 0, 'floor'));
}

export function toBoolean(value: Value): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' || value.length > 5) return undefined;
  const lower = value.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}

export function toText(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined || value instanceof RawPayload) return undefined;
  if (isNumeric(value)) return numberText(value);
  return typeof value === 'boolean' ? String(value) : jsonText(value);
}

/** Minified JSON. An Undefined member is left out, an Undefined element is `null`, Undefined alone is no text at all. */
export const jsonText = (value: Value): string => JSON.stringify(value) ?? '';
