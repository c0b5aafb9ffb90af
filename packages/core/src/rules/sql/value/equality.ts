/** When two values are equal (AWS: "Operators", "= operator"): no conversions, numbers by value, objects whatever their order. */
import { Decimal } from './decimal.ts';
import { compareNumbers, isNumeric } from './numbers.ts';
import { bufferOf, RawPayload } from './scalar.ts';
import { isArray, isObject, type ObjectValue, type Value } from './value.ts';

/** Undefined if either side is; false between different types. */
export function equals(a: Value, b: Value): boolean | undefined {
  return a === undefined || b === undefined ? undefined : same(a, b);
}

function same(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' && typeof b !== 'object') return false;
  if (a instanceof Decimal || b instanceof Decimal) return isNumeric(a) && isNumeric(b) && compareNumbers(a, b) === 0;
  if (isArray(a)) return isArray(b) && a.length === b.length && a.every((item, index) => same(item, b[index]));
  if (isObject(a)) return isObject(b) && sameMembers(a, b);
  return a instanceof RawPayload && b instanceof RawPayload && bufferOf(a.bytes).equals(b.bytes);
}

function sameMembers(a: ObjectValue, b: ObjectValue): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(key => Object.hasOwn(b, key) && same(a[key], b[key]));
}
