/**
 * Arithmetic of Int and Decimal. A JavaScript number stands for the decimal number its shortest text writes: 0.1 is one tenth,
 * and 0.1 + 0.2 is 0.3. Numbers whose text no JavaScript number has are `Decimal`s, so each number has one representation —
 * except in version 2015-10-08, which keeps trailing zeros: there `5.0` is a `Decimal` and 5 an Int.
 */
import {
  addDecimals,
  compareDecimals,
  Decimal,
  decimalOf,
  divideDecimals,
  multiplyDecimals,
  negateDecimal,
  type Rounding,
  remainderDecimals,
  roundDecimal,
  stripZeros,
} from './decimal.ts';
import type { Numeric, Value } from './value.ts';

export const isNumeric = (value: Value): value is Numeric => typeof value === 'number' || value instanceof Decimal;

export const isInt = (value: Numeric): boolean =>
  typeof value === 'number' ? Number.isInteger(value) : value.scale <= 0;

/** A number's own text: digits, with an exponent only beyond 34 of them or below 1E-6. */
export function numberText(value: Numeric): string {
  const text = String(value);
  return typeof value === 'number' && text.includes('e') ? String(toDecimal(value)) : text;
}

export const toDouble = (value: Numeric): number => (typeof value === 'number' ? value : Number(value.toString()));

export function compareNumbers(a: Numeric, b: Numeric): number {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0;
  return compareDecimals(toDecimal(a), toDecimal(b));
}

/** Finite doubles reach 1.8E308 and 5E-324, well inside the range of Decimal. */
const toDecimal = (value: Numeric): Decimal => (typeof value === 'number' ? decimalOf(String(value))! : value);

export interface Arithmetic {
  /** The number of a JSON number's text; Undefined outside of Decimal's range. */
  parse(text: string): Numeric | undefined;
  /** A result that was computed in double precision; not a number and infinity are Undefined. */
  fromDouble(value: number): Numeric | undefined;
  negate(a: Numeric): Numeric;
  add(a: Numeric, b: Numeric): Numeric | undefined;
  subtract(a: Numeric, b: Numeric): Numeric | undefined;
  multiply(a: Numeric, b: Numeric): Numeric | undefined;
  divide(a: Numeric, b: Numeric): Numeric | undefined;
  remainder(a: Numeric, b: Numeric): Numeric | undefined;
  /** To at most `places` digits after the point. */
  round(a: Numeric, places: number, rounding: Rounding): Numeric;
}

/** `keepZeros`: whether `5.0` stays what it is (2015-10-08) or becomes the Int 5. */
function arithmetic(keepZeros: boolean): Arithmetic {
  const canonical = (value: Decimal | undefined): Numeric | undefined =>
    value === undefined ? undefined : shortest(keepZeros ? value : stripZeros(value));

  return {
    parse: text => canonical(decimalOf(text)),
    fromDouble(value) {
      if (!Number.isFinite(value)) return undefined;
      return keepZeros && Number.isSafeInteger(value) ? new Decimal(BigInt(value) * 10n, 1) : value;
    },
    negate: a => (typeof a === 'number' ? -a : (canonical(negateDecimal(a)) as Numeric)),
    add(a, b) {
      if (typeof a === 'number' && typeof b === 'number') {
        const sum = wholeSum(a, b) ?? (keepZeros ? undefined : shortSum(a, b));
        if (sum !== undefined) return sum;
      }
      return canonical(addDecimals(toDecimal(a), toDecimal(b)));
    },
    subtract(a, b) {
      if (typeof a === 'number' && typeof b === 'number') {
        const sum = wholeSum(a, -b) ?? (keepZeros ? undefined : shortSum(a, -b));
        if (sum !== undefined) return sum;
      }
      return canonical(addDecimals(toDecimal(a), negateDecimal(toDecimal(b))));
    },
    multiply(a, b) {
      if (typeof a === 'number' && typeof b === 'number') {
        const product = wholeProduct(a, b) ?? (keepZeros ? undefined : shortProduct(a, b));
        if (product !== undefined) return product;
      }
      return canonical(multiplyDecimals(toDecimal(a), toDecimal(b)));
    },
    divide(a, b) {
      if (typeof a === 'number' && typeof b === 'number') {
        const quotient = wholeQuotient(a, b) ?? (keepZeros ? undefined : shortQuotient(a, b));
        if (quotient !== undefined) return quotient;
      }
      return canonical(divideDecimals(toDecimal(a), toDecimal(b)));
    },
    remainder(a, b) {
      if (Number.isSafeInteger(a) && Number.isSafeInteger(b) && b !== 0) return (a as number) % (b as number);
      return canonical(remainderDecimals(toDecimal(a), toDecimal(b)));
    },
    round(a, places, rounding) {
      if (Number.isInteger(a)) return a;
      return canonical(roundDecimal(toDecimal(a), places, rounding)) as Numeric;
    },
  };
}

export const keepingZeros = arithmetic(true);
export const droppingZeros = arithmetic(false);

/** A JavaScript number where one has this text, else the decimal itself. */
function shortest(value: Decimal): Numeric {
  if (value.scale > 0 && value.unscaled % 10n === 0n) return value;
  const text = value.toString();
  const double = Number(text);
  if (!Number.isFinite(double)) return value;
  const written = toDecimal(double);
  return compareDecimals(written, value) === 0 ? double : value;
}

// What follows are shortcuts for the numbers devices send; `undefined` means that the long way must be taken.
// `bench/iot-sql.ts`: `temperature * 9 / 5 + 32` in tens of nanoseconds instead of microseconds.

function wholeSum(a: number, b: number): number | undefined {
  const sum = a + b;
  return Number.isSafeInteger(a) && Number.isSafeInteger(b) && Number.isSafeInteger(sum) ? sum : undefined;
}

function wholeProduct(a: number, b: number): number | undefined {
  const product = a * b;
  return Number.isSafeInteger(a) && Number.isSafeInteger(b) && Number.isSafeInteger(product) ? product : undefined;
}

function wholeQuotient(a: number, b: number): number | undefined {
  return b !== 0 && Number.isSafeInteger(a) && Number.isSafeInteger(b) && a % b === 0 ? a / b : undefined;
}

/** Every decimal number of up to 15 digits is the shortest text of its double, so rounding to it loses nothing. */
const SHORT = 1e15;

/**
 * How many parts of one the number is a multiple of: whole, thousandths or millionths. If it has more digits it is not a number,
 * and nothing that is computed with it is one.
 */
function partsOf(value: number): number {
  if (Number.isInteger(value)) return isShort(value) ? 1 : Number.NaN;
  if (isShort(value * 1e3) && Math.round(value * 1e3) / 1e3 === value) return 1e3;
  if (isShort(value * 1e6) && Math.round(value * 1e6) / 1e6 === value) return 1e6;
  return Number.NaN;
}

const isShort = (count: number): boolean => Math.abs(count) < SHORT;

function shortSum(a: number, b: number): number | undefined {
  const parts = Math.max(partsOf(a), partsOf(b));
  const sum = Math.round(a * parts) + Math.round(b * parts);
  return isShort(sum) ? sum / parts : undefined;
}

function shortProduct(a: number, b: number): number | undefined {
  const [aParts, bParts] = [partsOf(a), partsOf(b)];
  const product = Math.round(a * aParts) * Math.round(b * bParts);
  return isShort(product) ? product / (aParts * bParts) : undefined;
}

/** The quotient, if it has few digits: then multiplying back is exact and shows it. */
function shortQuotient(a: number, b: number): number | undefined {
  const quotient = a / b;
  const [aParts, bParts, parts] = [partsOf(a), partsOf(b), partsOf(quotient)];
  const product = Math.round(quotient * parts) * Math.round(b * bParts) * aParts;
  const dividend = Math.round(a * aParts) * parts * bParts;
  return isShort(product) && product === dividend ? quotient : undefined;
}
