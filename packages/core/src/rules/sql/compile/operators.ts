/** What operators compute (AWS: "Operators"). Each takes a short way for the types devices send, before it looks closer. */
import type { BinaryOperator } from '../syntax/ast.ts';
import { toNumber, toText } from '../value/convert.ts';
import { equals } from '../value/equality.ts';
import { type Arithmetic, compareNumbers, droppingZeros, isNumeric, keepingZeros } from '../value/numbers.ts';
import { isArray, type Numeric, Undefined, type Value } from '../value/value.ts';
import { isFirstVersion, type SqlVersion } from '../version.ts';

/** Longer results are Undefined: concatenations that double a string would else end the process. */
export const MAX_TEXT = 2 ** 20;

/** All but AND and OR, which may leave their right side alone. */
type Operators = Readonly<Record<Exclude<BinaryOperator, 'AND' | 'OR'>, (a: Value, b: Value) => Value>> & {
  negate(value: Value): Value;
};

function operators(arithmetic: Arithmetic): Operators {
  const compare = (a: Value, b: Value): number | Undefined => {
    const left = toNumber(a, arithmetic);
    const right = toNumber(b, arithmetic);
    return left === Undefined || right === Undefined ? Undefined : compareNumbers(left, right);
  };
  return {
    '=': equal,
    '<>': (a, b) => not(equal(a, b)),
    '<'(a, b) {
      if (typeof a === 'number' && typeof b === 'number') return a < b;
      const order = compare(a, b);
      return order === Undefined ? Undefined : order < 0;
    },
    '<='(a, b) {
      if (typeof a === 'number' && typeof b === 'number') return a <= b;
      const order = compare(a, b);
      return order === Undefined ? Undefined : order <= 0;
    },
    '>'(a, b) {
      if (typeof a === 'number' && typeof b === 'number') return a > b;
      const order = compare(a, b);
      return order === Undefined ? Undefined : order > 0;
    },
    '>='(a, b) {
      if (typeof a === 'number' && typeof b === 'number') return a >= b;
      const order = compare(a, b);
      return order === Undefined ? Undefined : order >= 0;
    },
    IN: isIn,
    '+'(a, b) {
      if (typeof a === 'string' || typeof b === 'string') return join(a, b);
      return isNumeric(a) && isNumeric(b) ? arithmetic.add(a, b) : Undefined;
    },
    '-': (a, b) => calculate(arithmetic.subtract, a, b, arithmetic),
    '*': (a, b) => calculate(arithmetic.multiply, a, b, arithmetic),
    '/': (a, b) => calculate(arithmetic.divide, a, b, arithmetic),
    '%': (a, b) => calculate(arithmetic.remainder, a, b, arithmetic),
    negate(value) {
      const number = toNumber(value, arithmetic);
      return number === Undefined ? Undefined : arithmetic.negate(number);
    },
  };
}

const current = operators(droppingZeros);
const first = operators(keepingZeros);

export const operatorsOf = (version: SqlVersion): Operators => (isFirstVersion(version) ? first : current);

export const not = (value: boolean | Undefined): Value => (value === Undefined ? Undefined : !value);

export function equal(a: Value, b: Value): boolean | Undefined {
  return typeof a === 'string' && typeof b === 'string' ? a === b : equals(a, b);
}

/** Undefined in anything but an array, as for an Undefined left side, which equals nothing. */
function isIn(value: Value, array: Value): Value {
  if (value === Undefined || !isArray(array)) return Undefined;
  for (const item of array) if (equal(value, item) === true) return true;
  return false;
}

function join(a: Value, b: Value): Value {
  const left = toText(a);
  const right = toText(b);
  if (left === Undefined || right === Undefined || left.length + right.length > MAX_TEXT) return Undefined;
  return left + right;
}

export function calculate(
  operation: (a: Numeric, b: Numeric) => Numeric | Undefined,
  a: Value,
  b: Value,
  arithmetic: Arithmetic,
): Value {
  if (typeof a === 'number' && typeof b === 'number') return operation(a, b);
  const left = toNumber(a, arithmetic);
  const right = toNumber(b, arithmetic);
  return left === Undefined || right === Undefined ? Undefined : operation(left, right);
}
