import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvocationIds, timeOfInvocation } from './invocation.ts';

const times = fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 200 });

test('ids sort in the order they were made, whatever the clock does, also over a restart', () => {
  fc.assert(
    fc.property(times, times, (before, after) => {
      const made: string[] = [];
      const run = (offsets: readonly number[]): void => {
        const ids = new InvocationIds();
        const last = made.at(-1);
        if (last !== undefined) ids.after(last);
        for (const offset of offsets) made.push(ids.next(1_767_225_600_000 + offset));
      };
      run(before);
      run(after);
      expect(made).toEqual([...new Set(made)].sort());
    }),
  );
});

test('the many of one millisecond sort too, and tell it', () => {
  const ids = new InvocationIds();
  const made = Array.from({ length: 5000 }, () => ids.next(1_767_225_600_000));
  expect(made).toEqual([...new Set(made)].sort());
  expect(new Set(made.map(id => timeOfInvocation({ id })))).toEqual(new Set([1_767_225_600_000]));
});
