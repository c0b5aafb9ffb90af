import fc from 'fast-check';
import { expect, test } from 'vitest';
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
