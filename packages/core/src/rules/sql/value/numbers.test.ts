/** Laws of numbers: the shortcuts agree with arithmetic on whole numbers of any length, and no digit of a text is lost. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJsonText } from './json.ts';
import { compareNumbers, droppingZeros, isInt, keepingZeros, numberText } from './numbers.ts';
import type { Numeric } from './value.ts';

/** A decimal of few digits as text, as devices send them, or of many. */
const decimalText = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.nat(12), fc.boolean())
  .map(([isNegative, digits, scale, isShort]) => {
    const unscaled = isShort ? digits % 100_000n : digits;
    const text = unscaled.toString().padStart(scale + 1, '0');
    const written = scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
    return isNegative && unscaled !== 0n ? `-${written}` : written;
  });

/** The number as a fraction over 10^24, which holds every scale these tests use. */
function exact(value: Numeric | undefined): bigint {
  if (value === undefined) throw new Error('not a number');
  const [mantissa = '', exponent = '0'] = numberText(value).split(/[eE]/);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const scale = 24 + Number(exponent) - fraction.length;
  return BigInt(whole + fraction) * 10n ** BigInt(scale);
}

const parse = (text: string): Numeric => droppingZeros.parse(text) as Numeric;

describe('numbers', () => {
  test('a number is written as it was read', () => {
    fc.assert(
      fc.property(decimalText, text => {
        const minimal = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
        expect(exact(parse(text))).toBe(exact(parse(minimal)));
        expect(exact(droppingZeros.parse(numberText(parse(text))))).toBe(exact(parse(text)));
        if (!/^-?0\.0{6}/.test(text)) expect(numberText(parse(text))).toBe(minimal);
      }),
    );
  });

  test('2015-10-08 keeps every zero', () => {
    fc.assert(
      fc.property(decimalText, text => {
        if (!/^-?0\.0{6}/.test(text)) expect(numberText(keepingZeros.parse(text) as Numeric)).toBe(text);
      }),
    );
  });

  test('sums, differences and products are exact while they have at most 34 digits', () => {
    fc.assert(
      fc.property(decimalText, decimalText, (a, b) => {
        const [left, right] = [parse(a), parse(b)];
        expect(exact(droppingZeros.add(left, right))).toBe(exact(left) + exact(right));
        expect(exact(droppingZeros.subtract(left, right))).toBe(exact(left) - exact(right));
        const product = exact(left) * exact(right);
        if (product % 10n ** 24n === 0n && (product / 10n ** 24n).toString().replace(/0+$/, '').length <= 34) {
          expect(exact(droppingZeros.multiply(left, right))).toBe(product / 10n ** 24n);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('what is left of a difference of large numbers is exact', () => {
    expect(numberText(droppingZeros.subtract(parse('1e23'), parse('9.99999999e22'))!)).toBe('100000000000000');
  });

  test('order is that of the exact numbers, whichever way they are held', () => {
    fc.assert(
      fc.property(decimalText, decimalText, (a, b) => {
        const [left, right] = [exact(parse(a)), exact(parse(b))];
        expect(compareNumbers(parse(a), parse(b))).toBe(left < right ? -1 : left > right ? 1 : 0);
      }),
    );
  });

  test('a quotient times the divisor is the dividend, up to the last of 34 digits', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer().filter(b => b !== 0),
        fc.integer({ min: 0, max: 4 }),
        (a, b, places) => {
          const dividend = parse(`${a}e-${places}`);
          const quotient = droppingZeros.divide(dividend, b) as Numeric;
          const error = droppingZeros.subtract(droppingZeros.multiply(quotient, b) as Numeric, dividend) as Numeric;
          expect(compareNumbers(droppingZeros.round(error, 22, 'half-away'), 0)).toBe(0);
        },
      ),
    );
  });

  test('a remainder has the sign of the dividend and completes it', () => {
    fc.assert(
      fc.property(decimalText, decimalText, (a, b) => {
        const [dividend, divisor] = [exact(parse(a)), exact(parse(b))];
        const remainder = droppingZeros.remainder(parse(a), parse(b));
        if (divisor === 0n) expect(remainder).toBe(undefined);
        else expect(exact(remainder)).toBe(dividend % divisor);
      }),
    );
  });

  test.each([
    ['1E999', 'in range'],
    ['9.99E999', 'in range'],
    ['1E-999', 'in range'],
    ['1E1000', 'out of range'],
    ['1E-1000', 'out of range'],
    ['1E99999999999999999999', 'out of range'],
  ])('%s is %s', (text, expected) => {
    expect(droppingZeros.parse(text) === undefined ? 'out of range' : 'in range').toBe(expected);
  });

  test('35 digits are rounded to 34, half to even', () => {
    const nines = '9'.repeat(33);
    expect(numberText(parse(`${nines}85`))).toBe(`${nines}8E1`.replace(/^9(.*)E1$/, '9.$1E34'));
    expect(numberText(parse(`1${'0'.repeat(32)}15`))).toBe(`1.${'0'.repeat(32)}2E34`);
    expect(numberText(parse(`1${'0'.repeat(32)}25`))).toBe(`1.${'0'.repeat(32)}2E34`);
  });

  test('whole is what has no fraction, and in 2015-10-08 none written', () => {
    expect(isInt(parse('5.0'))).toBe(true);
    expect(isInt(keepingZeros.parse('5.0') as Numeric)).toBe(false);
    expect(isInt(parse('123456789012345678901'))).toBe(true);
    expect(isInt(parse('1e30'))).toBe(true);
  });
});

describe('JSON', () => {
  test.each([
    ['{"n":12345678901234567890}', '{"n":12345678901234567890}'],
    ['[0.1234567890123456789]', '[0.1234567890123456789]'],
    ['[1e400]', '[1E400]'],
    ['{"id":"12345678901234567890"}', '{"id":"12345678901234567890"}'],
    ['[1.0,2.50]', '[1,2.5]'],
  ])('%s is read and written as %s', (text, written) => {
    expect(JSON.stringify(parseJsonText(text, droppingZeros))).toBe(written);
  });

  test('any JSON is read as `JSON.parse` reads it, or with more digits', () => {
    fc.assert(
      fc.property(fc.json(), text => {
        const value = parseJsonText(text, droppingZeros);
        expect(JSON.parse(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(JSON.parse(text))));
      }),
    );
  });

  test('brackets beyond 500 levels are not JSON, those in strings do not count', () => {
    const nested = (depth: number) => '['.repeat(depth) + ' '.repeat(1000) + ']'.repeat(depth);
    expect(parseJsonText(nested(500), droppingZeros)).not.toBeUndefined();
    expect(parseJsonText(nested(501), droppingZeros)).toBeUndefined();
    const text = JSON.stringify(['['.repeat(2000), ']"\\'.repeat(500)]);
    expect(parseJsonText(text, droppingZeros)).toEqual(JSON.parse(text));
    expect(parseJsonText(`["${']'.repeat(600)}",${nested(600)}]`, droppingZeros)).toBeUndefined();
  });
});
