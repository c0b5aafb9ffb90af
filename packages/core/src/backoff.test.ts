import fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryDelay } from './backoff.ts';

test('the wait before the next attempt is between half of the doubled one and all of it, and 30 s at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const whole = Math.min(30_000, 200 * 2 ** Math.min(attempt - 1, 10));
      expect(retryDelay(attempt, random)).toBeGreaterThanOrEqual(whole / 2);
      expect(retryDelay(attempt, random)).toBeLessThanOrEqual(whole);
    }),
  );
});
