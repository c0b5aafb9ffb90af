/** Functions of arrays, objects and of what is missing. */
import { EvaluationError } from '../evaluation-error.ts';
import { jsonText, toInt } from '../value/convert.ts';
import type { Arithmetic } from '../value/numbers.ts';
import { isArray, isObject, member, type Value } from '../value/value.ts';
import type { FunctionTable } from './sql-function.ts';

/** JSON text of what `transform` makes. */
const MAX_TRANSFORMED = 128 * 1024;

export const collectionFunctions = (arithmetic: Arithmetic): FunctionTable => ({
  get: { kind: 'pure', arity: [2, 2], apply: (collection, key) => get(collection, key, arithmetic) },
  get_or_default: {
    kind: 'fallback',
    since: '2016-03-23',
    arity: [1, 2],
    check: ([, fallback], { asksServices }) =>
      fallback !== undefined && asksServices(fallback) ? 'takes no default that calls an external function' : undefined,
  },
  isnull: { kind: 'pure', since: '2016-03-23', arity: [1, 1], apply: value => value === null },
  isundefined: { kind: 'pure', since: '2016-03-23', arity: [1, 1], apply: value => value === undefined },
  transform: {
    kind: 'pure',
    since: '2016-03-23',
    arity: [3, 3],
    apply: (mode, object, array) => (mode === 'enrichArray' ? enrichArray(object, array) : undefined),
  },
});

/** An item of an array or a character of a string by its position from 0, a member of an object by its name. */
function get(collection: Value, key: Value, arithmetic: Arithmetic): Value {
  if (isObject(collection)) return typeof key === 'string' ? member(collection, key) : undefined;
  if (!isArray(collection) && typeof collection !== 'string') return undefined;
  const index = toInt(key, arithmetic);
  if (typeof index !== 'number' || index < 0 || index >= collection.length) return undefined;
  return collection[index];
}

/** Each element with the members of `object` added, which win over its own. Elements that are no objects stay as they are. */
function enrichArray(object: Value, array: Value): Value {
  if (!isObject(object) || !isArray(array)) return undefined;
  // At least so long would it be, and it is not made if that is too long.
  const added = (jsonText(object).length - 2) * array.filter(isObject).length;
  const enriched = added > MAX_TRANSFORMED ? [] : array.map(it => (isObject(it) ? { ...it, ...object } : it));
  if (added > MAX_TRANSFORMED || jsonText(enriched).length > MAX_TRANSFORMED) {
    throw new EvaluationError('transform', '`transform` made more than 128 KiB');
  }
  return enriched;
}
