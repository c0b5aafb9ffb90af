import fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryDelay } from './backoff.ts';
import { InvocationIds } from './invocation.ts';

const times = fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 200 });

test('ids sort in the order they were made, whatever the clock does, also over a restart', () => {
  fc.assert(
    fc.property(times, times, (before, after) => {
      const made: string[] = [];
      const run = (offsets: readonly number[]): void => {
        let now = 0;
        const ids = new InvocationIds(() => now);
        const last = made.at(-1);
        if (last !== undefined) ids.after(last);
        for (const offset of offsets) {
          now = 1_767_225_600_000 + offset;
          made.push(ids.next());
        }
      };
      run(before);
      run(after);
      expect(made).toEqual([...new Set(made)].sort());
    }),
  );
});

test('the wait before the next attempt is between half of the doubled one and all of it, and 30 s at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const whole = Math.min(30_000, 200 * 2 ** Math.min(attempt - 1, 10));
      expect(retryDelay(attempt, random)).toBeGreaterThanOrEqual(whole / 2);
      expect(retryDelay(attempt, random)).toBeLessThanOrEqual(whole);
    }),
  );
});
