/** What operators compute (AWS: "Operators"). Each takes a short way for the types devices send, before it looks closer. */
import type { BinaryOperator } from '../syntax/ast.ts';
import { toBoolean, toNumber, toText } from '../value/convert.ts';
import { equals } from '../value/equality.ts';
import { type Arithmetic, compareNumbers, isNumeric } from '../value/numbers.ts';
import { isArray, type Numeric, Undefined, type Value } from '../value/value.ts';
import type { Closure } from './closure.ts';

/** Longer results are Undefined: concatenations that double a string would else end the process. */
export const MAX_TEXT = 2 ** 20;

export function compileBinary(
  operator: BinaryOperator,
  left: Closure,
  right: Closure,
  arithmetic: Arithmetic,
): Closure {
  switch (operator) {
    case 'AND':
      return evaluation => conjunction(left, right, evaluation, false);
    case 'OR':
      return evaluation => conjunction(left, right, evaluation, true);
    case '=':
      return evaluation => {
        const a = left(evaluation);
        const b = right(evaluation);
        return typeof a === 'string' && typeof b === 'string' ? a === b : equals(a, b);
      };
    case '<>':
      return evaluation => {
        const equal = equals(left(evaluation), right(evaluation));
        return equal === Undefined ? Undefined : !equal;
      };
    case '<':
      return evaluation => {
        const a = left(evaluation);
        const b = right(evaluation);
        if (typeof a === 'number' && typeof b === 'number') return a < b;
        const order = compare(a, b, arithmetic);
        return order === Undefined ? Undefined : order < 0;
      };
    case '<=':
      return evaluation => {
        const a = left(evaluation);
        const b = right(evaluation);
        if (typeof a === 'number' && typeof b === 'number') return a <= b;
        const order = compare(a, b, arithmetic);
        return order === Undefined ? Undefined : order <= 0;
      };
    case '>':
      return evaluation => {
        const a = left(evaluation);
        const b = right(evaluation);
        if (typeof a === 'number' && typeof b === 'number') return a > b;
        const order = compare(a, b, arithmetic);
        return order === Undefined ? Undefined : order > 0;
      };
    case '>=':
      return evaluation => {
        const a = left(evaluation);
        const b = right(evaluation);
        if (typeof a === 'number' && typeof b === 'number') return a >= b;
        const order = compare(a, b, arithmetic);
        return order === Undefined ? Undefined : order >= 0;
      };
    case 'IN':
      return evaluation => isIn(left(evaluation), right(evaluation));
    case '+':
      return evaluation => plus(left(evaluation), right(evaluation), arithmetic);
    case '-':
      return evaluation => calculate(arithmetic.subtract, left(evaluation), right(evaluation), arithmetic);
    case '*':
      return evaluation => calculate(arithmetic.multiply, left(evaluation), right(evaluation), arithmetic);
    case '/':
      return evaluation => calculate(arithmetic.divide, left(evaluation), right(evaluation), arithmetic);
    case '%':
      return evaluation => calculate(arithmetic.remainder, left(evaluation), right(evaluation), arithmetic);
  }
}

/**
 * AND, or OR where `decisive` is true. AWS's table makes any operand that is not Boolean Undefined, and is silent about a left
 * side that decides alone; it does here, so that `isUndefined(x) OR x > 5` means what its author means.
 */
function conjunction(left: Closure, right: Closure, evaluation: Parameters<Closure>[0], decisive: boolean): Value {
  const a = toBoolean(left(evaluation));
  if (a === Undefined || a === decisive) return a;
  return toBoolean(right(evaluation));
}

export function not(value: Value): Value {
  const boolean = toBoolean(value);
  return boolean === Undefined ? Undefined : !boolean;
}

export function negate(value: Value, arithmetic: Arithmetic): Value {
  const number = toNumber(value, arithmetic);
  return number === Undefined ? Undefined : arithmetic.negate(number);
}

function compare(a: Value, b: Value, arithmetic: Arithmetic): number | Undefined {
  const left = toNumber(a, arithmetic);
  const right = toNumber(b, arithmetic);
  return left === Undefined || right === Undefined ? Undefined : compareNumbers(left, right);
}

/** Undefined in anything but an array, as for an Undefined left side, which equals nothing. */
function isIn(value: Value, array: Value): Value {
  if (value === Undefined || !isArray(array)) return Undefined;
  for (const item of array) if (equals(value, item) === true) return true;
  return false;
}

function plus(a: Value, b: Value, arithmetic: Arithmetic): Value {
  if (typeof a === 'string' || typeof b === 'string') {
    const left = toText(a);
    const right = toText(b);
    if (left === Undefined || right === Undefined || left.length + right.length > MAX_TEXT) return Undefined;
    return left + right;
  }
  return isNumeric(a) && isNumeric(b) ? arithmetic.add(a, b) : Undefined;
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
