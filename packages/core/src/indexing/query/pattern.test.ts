import { expect, test } from 'vitest';
import { matchesPattern } from './pattern.ts';
import type { Pattern } from './query.ts';

const any = { wildcard: '*' } as const;
const one = { wildcard: '?' } as const;

test.each<[string, Pattern, string, boolean]>([
  ['a run, also an empty one', ['a', any, 'b'], 'ab', true],
  ['a run at each end', [any, 'b', any], 'abc', true],
  ['no run that is not there', ['a', any, 'b'], 'abc', false],
  ['exactly one character', ['a', one], 'a', false],
  ['a character beyond 16 bits as one', ['a', one], 'a😀', true],
  ['what means something elsewhere as itself', ['a.', any, '('], 'ab(', false],
])('matches %s', (_, pattern, word, expected) => {
  expect(matchesPattern(pattern, word)).toBe(expected);
});

test.each([
  ['without', ['a', any]],
  ['with', ['a', one, any]],
] as const)(
  'many wildcards, %s single ones, cost no more than their number times the length of the word',
  (_, unit) => {
    const pattern: Pattern = [...Array.from({ length: 10 }, () => unit).flat(), 'b'];
    const start = performance.now();
    expect(matchesPattern(pattern, 'a'.repeat(1000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(1000);
  },
);
