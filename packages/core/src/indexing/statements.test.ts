import fc from 'fast-check';
import { expect, test } from 'vitest';
import { filledPieces, pieces } from './statements.ts';

const list = fc.array(fc.integer(), { maxLength: 300 });

test('pieces are all of a list, in few lengths', () => {
  fc.assert(
    fc.property(list, items => {
      const cut = Array.from(pieces(items));
      expect(cut.flat()).toEqual(items);
      for (const { length } of cut) expect([64, 16, 4, 1]).toContain(length);
    }),
  );
});

test('filled pieces have every item of a list and no other, in the same lengths', () => {
  fc.assert(
    fc.property(list, items => {
      const cut = Array.from(filledPieces(items));
      expect(new Set(cut.flat())).toEqual(new Set(items));
      for (const { length } of cut) expect([64, 16, 4, 1]).toContain(length);
      expect(cut.flat().length).toBeLessThanOrEqual(2 * items.length);
    }),
  );
});

test.each([
  [1, [1]],
  [3, [4]],
  [20, [16, 4]],
  [27, [16, 16]],
  [40, [64]],
  [100, [64, 64]],
])('a list of %d is read in pieces of %j', (length, lengths) => {
  const items = Array.from({ length }, (_, index) => index);
  expect(Array.from(filledPieces(items), piece => piece.length)).toEqual(lengths);
});
