/** What operators compute (AWS: "Operators"). Most take a short way for the types devices send, before they look closer. */
import type { BinaryOperator } from '../syntax/ast.ts';
import { toNumber, toText } from '../value/convert.ts';
import { equals } from '../value/equality.ts';
import { type Arithmetic, compareNumbers, droppingZeros, isNumeric, keepingZeros } from '../value/numbers.ts';
import { isArray, type Numeric, type Value } from '../value/value.ts';
import { isFirstVersion, type SqlVersion } from '../version.ts';

/** Longer results are Undefined: concatenations that double a string would else end the process. */
export const MAX_TEXT = 2 ** 20;

/** All but AND and OR, which may leave their right side alone. */
type Operators = Readonly<Record<Exclude<BinaryOperator, 'AND' | 'OR'>, (a: Value, b: Value) => Value>> & {
  negate(value: Value): Value;
};

function operators(arithmetic: Arithmetic): Operators {
  /** Two numbers are compared without it, see `comparison.ts`. */
  const ordered =
    (holds: (order: number) => boolean) =>
    (a: Value, b: Value): Value => {
      const left = toNumber(a, arithmetic);
      const right = toNumber(b, arithmetic);
      return left === undefined || right === undefined ? undefined : holds(compareNumbers(left, right));
    };
  return {
    '=': equal,
    '<>': (a, b) => not(equal(a, b)),
    '<': ordered(order => order < 0),
    '<=': ordered(order => order <= 0),
    '>': ordered(order => order > 0),
    '>=': ordered(order => order >= 0),
    IN: isIn,
    '+'(a, b) {
      if (typeof a === 'string' || typeof b === 'string') return join(a, b);
      return isNumeric(a) && isNumeric(b) ? arithmetic.add(a, b) : undefined;
    },
    '-': (a, b) => calculate(arithmetic.subtract, a, b, arithmetic),
    '*': (a, b) => calculate(arithmetic.multiply, a, b, arithmetic),
    '/': (a, b) => calculate(arithmetic.divide, a, b, arithmetic),
    '%': (a, b) => calculate(arithmetic.remainder, a, b, arithmetic),
    negate(value) {
      const number = toNumber(value, arithmetic);
      return number === undefined ? undefined : arithmetic.negate(number);
    },
  };
}

const current = operators(droppingZeros);
const first = operators(keepingZeros);

export const operatorsOf = (version: SqlVersion): Operators => (isFirstVersion(version) ? first : current);

export const not = (value: boolean | undefined): Value => (value === undefined ? undefined : !value);

export function equal(a: Value, b: Value): boolean | undefined {
  return typeof a === 'string' && typeof b === 'string' ? a === b : equals(a, b);
}

/** Undefined in anything but an array, as for an Undefined left side, which equals nothing. */
function isIn(value: Value, array: Value): Value {
  if (value === undefined || !isArray(array)) return undefined;
  for (const item of array) if (equal(value, item) === true) return true;
  return false;
}

function join(a: Value, b: Value): Value {
  const left = toText(a);
  const right = toText(b);
  if (left === undefined || right === undefined || left.length + right.length > MAX_TEXT) return undefined;
  return left + right;
}

export function calculate(
  operation: (a: Numeric, b: Numeric) => Numeric | undefined,
  a: Value,
  b: Value,
  arithmetic: Arithmetic,
): Value {
  if (typeof a === 'number' && typeof b === 'number') return operation(a, b);
  const left = toNumber(a, arithmetic);
  const right = toNumber(b, arithmetic);
  return left === undefined || right === undefined ? undefined : operation(left, right);
}
