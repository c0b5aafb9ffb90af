/** The values expressions compute with (AWS: "Data types"). */
import type { Decimal } from './decimal.ts';
import { type RawPayload, Scalar } from './scalar.ts';

/**
 * A number is Int when it is whole, else Decimal; `Decimal` the class is for numbers that a JavaScript number cannot stand
 * for (see `numbers.ts`).
 */
export type Numeric = number | Decimal;

export interface ObjectValue {
  readonly [key: string]: Value;
}
/** SQL's Undefined, the absence of a member, of a conversion, of a result, is JavaScript's: it disappears from objects in JSON. */
export type Value = undefined | null | boolean | Numeric | string | RawPayload | readonly Value[] | ObjectValue;

export const isText = (value: Value): value is string => typeof value === 'string';

export const isArray = (value: Value): value is readonly Value[] => Array.isArray(value);

export const isObject = (value: Value): value is ObjectValue =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Scalar);

/** The object's own member of that name; Undefined if it has none, or is no object. */
export function member(value: Value, name: string): Value {
  if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
  return value[name];
}

/** Sets an own member, also one called `__proto__`. */
export function setMember(target: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  } else target[name] = value;
}
