import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

test('allows so many in each second', () => {
  const pace = new Pace(2);
  const allowed = [0, 10, 999, 1000, 1999, 1999, 5000].map(now => pace.allows(now));
  expect(allowed).toEqual([true, true, false, true, true, false, true]);
});
