/** Functions of numbers (AWS: "Functions"). All take numbers or their text; for anything else they are Undefined. */
import { calculate } from '../compile/operators.ts';
import { toFloor, toNumber } from '../value/convert.ts';
import type { Rounding } from '../value/decimal.ts';
import { type Arithmetic, compareNumbers, numberText, toDouble } from '../value/numbers.ts';
import type { Numeric, Value } from '../value/value.ts';
import type { FunctionTable, PureFunction } from './sql-function.ts';

const MAX_PLACES = 34;

export function numericFunctions(arithmetic: Arithmetic): FunctionTable {
  const number = (value: Value) => toNumber(value, arithmetic);

  /** Of one number. */
  const unary = (compute: (value: Numeric) => Value): PureFunction => ({
    kind: 'pure',
    arity: [1, 1],
    apply(value) {
      const converted = number(value);
      return converted === undefined ? undefined : compute(converted);
    },
  });
  /** Computed in double precision; imaginary and infinite results are Undefined. */
  const double = (compute: (value: number) => number): PureFunction =>
    unary(value => arithmetic.fromDouble(compute(toDouble(value))));
  const doubles = (compute: (a: number, b: number) => number): PureFunction => ({
    kind: 'pure',
    arity: [2, 2],
    apply(a, b) {
      const left = number(a);
      const right = number(b);
      if (left === undefined || right === undefined) return undefined;
      return arithmetic.fromDouble(compute(toDouble(left), toDouble(right)));
    },
  });
  const toWhole = (rounding: Rounding): PureFunction => unary(value => arithmetic.round(value, 0, rounding));
  /** Of whole numbers, which is what is left of others when they are rounded down. */
  const bits = (compute: (a: bigint, b: bigint) => bigint): PureFunction => ({
    kind: 'pure',
    arity: [2, 2],
    apply(a, b) {
      const [left, right] = [wholeBits(number(a), arithmetic), wholeBits(number(b), arithmetic)];
      return left === undefined || right === undefined ? undefined : arithmetic.parse(String(compute(left, right)));
    },
  });
  const remainder: PureFunction = {
    kind: 'pure',
    arity: [2, 2],
    apply: (a, b) => calculate(arithmetic.remainder, a, b, arithmetic),
  };

  return {
    abs: unary(value => (compareNumbers(value, 0) < 0 ? arithmetic.negate(value) : value)),
    acos: double(Math.acos),
    asin: double(Math.asin),
    atan: double(Math.atan),
    atan2: doubles(Math.atan2),
    bitand: bits((a, b) => a & b),
    // Two's complement. AWS's only example, `bitnot(13)` = 2, inverts no more bits than the number has.
    bitnot: unary(value => {
      const whole = wholeBits(value, arithmetic);
      return whole === undefined ? undefined : arithmetic.parse(String(~whole));
    }),
    bitor: bits((a, b) => a | b),
    bitxor: bits((a, b) => a ^ b),
    ceil: toWhole('ceiling'),
    cos: double(Math.cos),
    cosh: double(Math.cosh),
    exp: double(Math.exp),
    floor: toWhole('floor'),
    ln: double(Math.log),
    log: double(Math.log10),
    mod: remainder,
    nanvl: { kind: 'pure', arity: [2, 2], apply: (a, b) => a ?? b },
    power: doubles((base, exponent) => base ** exponent),
    rand: {
      kind: 'context',
      arity: [0, 0],
      apply: context => arithmetic.fromDouble(context.random()),
    },
    remainder,
    // AWS's table says "rounded down"; its examples round halves away from zero.
    round: toWhole('half-away'),
    sign: unary(value => Math.sign(compareNumbers(value, 0))),
    sin: double(Math.sin),
    sinh: double(Math.sinh),
    sqrt: double(Math.sqrt),
    tan: double(Math.tan),
    tanh: double(Math.tanh),
    trunc: {
      kind: 'pure',
      arity: [2, 2],
      apply(value, places) {
        const converted = number(value);
        if (converted === undefined || typeof places === 'string') return undefined;
        const digits = toFloor(places, arithmetic);
        if (digits === undefined) return undefined;
        return arithmetic.round(converted, Math.min(Math.max(digits, 0), MAX_PLACES), 'toward-zero');
      },
    },
  };
}

/** The number rounded down, of up to 34 digits; larger ones are `undefined`. */
function wholeBits(value: Numeric | undefined, arithmetic: Arithmetic): bigint | undefined {
  if (value === undefined) return undefined;
  const text = numberText(arithmetic.round(value, 0, 'floor'));
  return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}
