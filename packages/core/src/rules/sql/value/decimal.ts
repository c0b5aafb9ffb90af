/**
 * Decimal numbers of 34 significant digits, magnitude 1E-999 to 9.99…E999 (AWS: "Data types"), rounded half to even as in
 * IEEE 754 decimal128. The names are those of Java's BigDecimal. Plain numbers stay JavaScript numbers, see `numbers.ts`.
 */
import { Scalar } from './scalar.ts';

const PRECISION = 34;
const MAX_EXPONENT = 999;

const rawJSON = (JSON as unknown as { rawJSON(text: string): object }).rawJSON;

/** `unscaled × 10^-scale`. Equal values may have several scales: `5.0` is 50 with scale 1. */
export class Decimal extends Scalar {
  readonly unscaled: bigint;
  readonly scale: number;

  constructor(unscaled: bigint, scale: number) {
    super();
    this.unscaled = unscaled;
    this.scale = scale;
  }

  /** Digits as written, an exponent where there would be many zeros. Matches what `decimalOf` reads. */
  override toString(): string {
    const digits = magnitude(this.unscaled).toString();
    const sign = this.unscaled < 0n ? '-' : '';
    if (this.scale <= 0 && digits.length - this.scale <= PRECISION) return sign + digits + '0'.repeat(-this.scale);
    const exponent = digits.length - 1 - this.scale;
    if (this.scale > 0 && exponent >= -6) {
      const padded = digits.padStart(this.scale + 1, '0');
      return `${sign}${padded.slice(0, -this.scale)}.${padded.slice(-this.scale)}`;
    }
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    return `${sign}${digits[0]}${fraction}E${exponent}`;
  }

  toJSON(): object {
    return rawJSON(this.toString());
  }
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);
const digitsOf = (value: bigint): number => magnitude(value).toString().length;
const powerOfTen = (exponent: number): bigint => 10n ** BigInt(exponent);

/** The number a JSON number's text or `String(number)` stands for; `undefined` outside of the range. */
export function decimalOf(text: string): Decimal | undefined {
  const exponentAt = text.search(/[eE]/);
  const mantissa = exponentAt < 0 ? text : text.slice(0, exponentAt);
  const point = mantissa.indexOf('.');
  const fractionDigits = point < 0 ? 0 : mantissa.length - point - 1;
  const exponent = exponentAt < 0 ? 0 : Number(text.slice(exponentAt + 1));
  return rounded(BigInt(mantissa.replace('.', '')), fractionDigits - exponent);
}

/** Brings a result to 34 digits; `undefined` outside of the range. */
function rounded(unscaled: bigint, scale: number): Decimal | undefined {
  if (unscaled === 0n) return new Decimal(0n, Math.min(Math.max(scale, 0), PRECISION));
  const digits = digitsOf(unscaled);
  if (Math.abs(digits - 1 - scale) > MAX_EXPONENT) return undefined;
  if (digits <= PRECISION) return new Decimal(unscaled, scale);
  const excess = digits - PRECISION;
  return rounded(divideHalfEven(unscaled, powerOfTen(excess)), scale - excess);
}

function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const twice = 2n * magnitude(dividend % divisor);
  const up = twice > divisor || (twice === divisor && quotient % 2n !== 0n);
  return up ? quotient + (dividend < 0n ? -1n : 1n) : quotient;
}

const unscaledAt = (value: Decimal, scale: number): bigint => value.unscaled * powerOfTen(scale - value.scale);

export function addDecimals(a: Decimal, b: Decimal): Decimal | undefined {
  const scale = Math.max(a.scale, b.scale);
  return rounded(unscaledAt(a, scale) + unscaledAt(b, scale), scale);
}

export const negateDecimal = (a: Decimal): Decimal => new Decimal(-a.unscaled, a.scale);

export const multiplyDecimals = (a: Decimal, b: Decimal): Decimal | undefined =>
  rounded(a.unscaled * b.unscaled, a.scale + b.scale);

/** Exact where 34 digits suffice, without trailing zeros; `undefined` for division by zero. */
export function divideDecimals(a: Decimal, b: Decimal): Decimal | undefined {
  if (b.unscaled === 0n) return undefined;
  const shift = Math.max(0, PRECISION + 2 + digitsOf(b.unscaled) - digitsOf(a.unscaled));
  const dividend = a.unscaled * powerOfTen(shift);
  const quotient = dividend / b.unscaled;
  // A digit past the rounding position says that something non-zero follows, so that a tie is no tie.
  const exact = dividend % b.unscaled === 0n;
  const sign = a.unscaled < 0n === b.unscaled < 0n ? 1n : -1n;
  const result = rounded(exact ? quotient : quotient * 10n + sign, a.scale - b.scale + shift + (exact ? 0 : 1));
  return result === undefined ? undefined : stripZeros(result);
}

/** With the sign of the dividend; `undefined` for division by zero. */
export function remainderDecimals(a: Decimal, b: Decimal): Decimal | undefined {
  if (b.unscaled === 0n) return undefined;
  const scale = Math.max(a.scale, b.scale);
  return rounded(unscaledAt(a, scale) % unscaledAt(b, scale), scale);
}

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const [left, right] = [unscaledAt(a, scale), unscaledAt(b, scale)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The same value with as few digits after the point as it needs, and none missing before it. */
export function stripZeros(value: Decimal): Decimal {
  let { unscaled, scale } = value;
  while (scale > 0 && unscaled % 10n === 0n) {
    unscaled /= 10n;
    scale--;
  }
  return new Decimal(unscaled, scale);
}

export type Rounding = 'floor' | 'ceiling' | 'half-away' | 'toward-zero';

/** The value with at most `places` digits after the point. */
export function roundDecimal(value: Decimal, places: number, rounding: Rounding): Decimal {
  if (value.scale <= places) return value;
  const divisor = powerOfTen(value.scale - places);
  const quotient = value.unscaled / divisor;
  const rest = value.unscaled % divisor;
  return new Decimal(quotient + roundingStep(rest, divisor, rounding), places);
}

function roundingStep(rest: bigint, divisor: bigint, rounding: Rounding): bigint {
  switch (rounding) {
    case 'floor':
      return rest < 0n ? -1n : 0n;
    case 'ceiling':
      return rest > 0n ? 1n : 0n;
    case 'half-away':
      if (2n * magnitude(rest) < divisor) return 0n;
      return rest < 0n ? -1n : 1n;
    case 'toward-zero':
      return 0n;
  }
}
