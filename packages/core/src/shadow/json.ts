/**
 * JSON as shadows need it: parsed strictly, with numbers that a double cannot hold kept as they were written, and compared by value.
 */

export type JsonObject = { readonly [key: string]: JsonValue };
/** `JsonNumberText` is a number that a double cannot hold, kept as its text (`JSON.rawJSON`). */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject | JsonNumberText;

export interface JsonNumberText {
  readonly rawJSON: string;
}

interface JsonWithSource {
  parse(
    text: string,
    reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): JsonNumberText;
  isRawJSON(value: unknown): value is JsonNumberText;
}

/** TypeScript's library does not yet know the source-text access that V8 has. */
const Json = JSON as unknown as JsonWithSource;

export const isNumberText = (value: unknown): value is JsonNumberText => Json.isRawJSON(value);

/** A plain JSON object: no array, no null, no kept number. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumberText(value);

/** Sixteen digits in a row, or a three-digit exponent, are the least a double may not hold; without any, the quick parser serves. */
const mayNotFit = /\d{16}|e\+?\d{3}/i;

/** Parses JSON text. Throws `SyntaxError`. */
export function parseJson(text: string): JsonValue {
  if (!mayNotFit.test(text)) return JSON.parse(text) as JsonValue;
  return Json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && !fits(value, source) ? Json.rawJSON(source) : value,
  ) as JsonValue;
}

/** Fractions are rounded as everywhere; an integer that is not exact, or a number that would become infinite, is another value. */
function fits(value: number, source: string): boolean {
  if (!Number.isFinite(value)) return false;
  return Number.isSafeInteger(value) || !/^-?\d+$/.test(source);
}

/** Sets an own property, also one called `__proto__`. */
export function setMember<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  else target[key] = value;
}

/** An own member, or undefined; never something inherited. */
export const member = <T>(object: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** Equal as JSON: numbers by value, objects whatever the order of their members. */
export function jsonEquals(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (isNumberText(a) || isNumberText(b)) return isNumberText(a) && isNumberText(b) && a.rawJSON === b.rawJSON;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, i) => jsonEquals(item, b[i] as JsonValue))
    );
  }
  const [left, right] = [a as JsonObject, b as JsonObject];
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every(key => Object.hasOwn(right, key) && jsonEquals(left[key] as JsonValue, right[key] as JsonValue));
}
