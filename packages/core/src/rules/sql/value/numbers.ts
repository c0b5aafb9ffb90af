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
import { type Numeric, Undefined, type Value } from './value.ts';

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
  parse(text: string): Numeric | Undefined;
  /** A result that was computed in double precision; not a number and infinity are Undefined. */
  fromDouble(value: number): Numeric | Undefined;
  negate(a: Numeric): Numeric;
  add(a: Numeric, b: Numeric): Numeric | Undefined;
  subtract(a: Numeric, b: Numeric): Numeric | Undefined;
  multiply(a: Numeric, b: Numeric): Numeric | Undefined;
  divide(a: Numeric, b: Numeric): Numeric | Undefined;
  remainder(a: Numeric, b: Numeric): Numeric | Undefined;
  /** To at most `places` digits after the point. */
  round(a: Numeric, places: number, rounding: Rounding): Numeric;
}

/** `keepZeros`: whether `5.0` stays what it is (2015-10-08) or becomes the Int 5. */
function arithmetic(keepZeros: boolean): Arithmetic {
  const canonical = (value: Decimal | undefined): Numeric | Undefined =>
    value === undefined ? Undefined : shortest(keepZeros ? value : stripZeros(value));

  return {
    parse: text => canonical(decimalOf(text)),
    fromDouble(value) {
      if (!Number.isFinite(value)) return Undefined;
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

const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6] as const;
/** Every decimal number of up to 15 digits is the shortest text of its double, so rounding to it loses nothing. */
const SHORT = 1e15;

/** Digits after the point of a number of at most 15 digits, 6 of them after the point; else -1. */
function placesOf(value: number): number {
  for (let places = 0; places <= 6; places++) {
    const scaled = Math.round(value * POWERS[places]!);
    if (Math.abs(scaled) >= SHORT) return -1;
    if (scaled / POWERS[places]! === value) return places;
  }
  return -1;
}

const scaledBy = (value: number, places: number): number => Math.round(value * POWERS[places]!);

function shortSum(a: number, b: number): number | undefined {
  const [aPlaces, bPlaces] = [placesOf(a), placesOf(b)];
  if (aPlaces < 0 || bPlaces < 0) return undefined;
  const places = Math.max(aPlaces, bPlaces);
  const [aScaled, bScaled] = [scaledBy(a, places), scaledBy(b, places)];
  if (Math.abs(aScaled) + Math.abs(bScaled) >= SHORT) return undefined;
  return (aScaled + bScaled) / POWERS[places]!;
}

function shortProduct(a: number, b: number): number | undefined {
  const [aPlaces, bPlaces] = [placesOf(a), placesOf(b)];
  if (aPlaces < 0 || bPlaces < 0) return undefined;
  const product = scaledBy(a, aPlaces) * scaledBy(b, bPlaces);
  if (Math.abs(product) >= SHORT) return undefined;
  return product / (POWERS[aPlaces]! * POWERS[bPlaces]!);
}

/** The quotient, if it has few digits: then multiplying back is exact and shows it. */
function shortQuotient(a: number, b: number): number | undefined {
  const quotient = a / b;
  const [aPlaces, bPlaces, places] = [placesOf(a), placesOf(b), placesOf(quotient)];
  if (b === 0 || aPlaces < 0 || bPlaces < 0 || places < 0) return undefined;
  const product = scaledBy(quotient, places) * scaledBy(b, bPlaces) * POWERS[aPlaces]!;
  const dividend = scaledBy(a, aPlaces) * POWERS[places]! * POWERS[bPlaces]!;
  return Math.abs(product) < SHORT && product === dividend ? quotient : undefined;
}
