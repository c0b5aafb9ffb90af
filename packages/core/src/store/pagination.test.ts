import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeToken, encodeToken, type Listing, type PageRequest, type Position, readPage } from './pagination.ts';

const listing: Listing<{ at: number; name: string }> = {
  name: 'lamps',
  order: ['number', 'string'],
  position: row => [row.at, row.name],
};
const names: Listing<string> = { name: 'names', order: ['string'], position: name => [name] };

/** Reads from a sorted array as a keyset query reads from a table. */
const readFrom = (rows: readonly string[]) => async (after: Position | undefined, limit: number) =>
  rows.filter(row => after === undefined || row > after[0]!).slice(0, limit);

async function readEverything(rows: () => readonly string[], maxResults: number): Promise<string[]> {
  const items: string[] = [];
  let request: PageRequest = { maxResults };
  do {
    const page = await readPage(names, request, readFrom(rows()));
    items.push(...page.items);
    request = { maxResults, nextToken: page.nextToken };
  } while (request.nextToken !== undefined);
  return items;
}

describe('pages', () => {
  test('together hold every row once, in order, whatever their size', () =>
    fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.string()), fc.integer({ min: 1, max: 7 }), async (unsorted, size) => {
        const rows = unsorted.toSorted((a, b) => (a < b ? -1 : 1));
        expect(await readEverything(() => rows, size)).toEqual(rows);
      }),
    ));

  test('neither repeat nor hide a row when others come and go in between', async () => {
    const states = [
      ['b', 'd', 'f', 'h'],
      ['a', 'b', 'c', 'f', 'h'],
      ['a', 'b', 'c', 'f', 'h'],
    ];
    const seen = await readEverything(() => states.shift() ?? ['h'], 2);
    expect(seen).toEqual(['b', 'd', 'f', 'h']);
  });

  test('have no token when the last row is on them', async () => {
    expect(await readPage(names, { maxResults: 2 }, readFrom(['a', 'b']))).toEqual({ items: ['a', 'b'] });
  });

  test('hold 50 rows unless told otherwise', async () => {
    const rows = Array.from({ length: 60 }, (_, index) => String(index).padStart(2, '0'));
    expect((await readPage(names, {}, readFrom(rows))).items).toHaveLength(50);
  });
});

describe('tokens', () => {
  test('give back the position they were made from, and fit AWS’s pattern of a marker', () =>
    fc.assert(
      fc.property(fc.integer(), fc.string({ unit: 'binary' }), (at, name) => {
        const token = encodeToken(listing, { at, name });
        expect(token).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
        expect(decodeToken(listing, token)).toEqual([at, name]);
      }),
    ));

  test('are refused if they are not ours, whatever they are', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map(json => Buffer.from(json).toString('hex')),
        ),
        token => {
          expect(() => decodeToken(listing, token)).toThrow(
            expect.objectContaining({ name: 'InvalidRequestException' }),
          );
        },
      ),
    ));

  test('of one listing are refused by another', () => {
    const token = encodeToken({ ...listing, name: 'switches' }, { at: 1, name: 'a' });
    expect(() => decodeToken(listing, token)).toThrow(expect.objectContaining({ name: 'InvalidRequestException' }));
  });
});
