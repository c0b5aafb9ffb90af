import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ring } from './ring.ts';

test('keeps the last of what was added, the oldest first', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat()), (capacity, items) => {
      const ring = new Ring<number>(capacity);
      for (const item of items) ring.push(item);
      expect([...ring]).toEqual(items.slice(-capacity));
      for (const item of items) expect(ring.has(item)).toBe(items.slice(-capacity).includes(item));
    }),
  );
});
