import { beforeAll, describe, expect, test } from 'vitest';
import { openDomain, type TestDomain } from '../testing/domain.ts';
import { nameOf } from './document.ts';
import { fleet, indexOf, queries } from './fleet-fixtures.ts';
import type { SearchIndex } from './index-store.ts';
import { matches } from './query/evaluate.ts';
import { parseQuery } from './query/parse.ts';
import { listFound, searchDocuments } from './search.ts';

let domain: TestDomain;
let index: SearchIndex;

beforeAll(async () => {
  domain = await openDomain();
  index = await indexOf(domain.store, fleet);
});

describe('a query finds its things', () => {
  test.each(queries)('%s', async (queryString, found) => {
    const query = parseQuery(queryString);
    const expected = found.split(' ').filter(name => name !== '');
    const { items } = await searchDocuments(domain.store, index, query, { maxResults: 100 });
    expect(items.map(nameOf), 'in the index').toEqual(expected);
    const evaluated = fleet.filter(thing => matches(query, thing)).map(nameOf);
    expect(evaluated.sort(), 'one by one').toEqual(expected);
  });

  test('and there are enough of them', () => {
    expect(queries.length).toBeGreaterThanOrEqual(150);
    expect(new Set(queries.map(([queryString]) => queryString)).size).toBe(queries.length);
  });
});

test('a document comes back as it was indexed', async () => {
  const { items } = await searchDocuments(domain.store, index, parseQuery('thingName:lamp1'), {});
  expect(items).toEqual([fleet[0]]);
});

test('pages show everything once, in the order of names', async () => {
  const query = parseQuery('NOT thingName:plasma');
  const pages: string[][] = [];
  let nextToken: string | undefined;
  do {
    const page = await searchDocuments(domain.store, index, query, { maxResults: 4, nextToken });
    pages.push(page.items.map(nameOf));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  expect(pages).toEqual([
    ['lamp1', 'lamp2', 'lamp3', 'myThingName'],
    ['tv1', 'tv2'],
  ]);
  expect(await listFound(domain.store, index, query, 'lamp3', 2)).toEqual(['myThingName', 'tv1']);
  await expect(searchDocuments(domain.store, index, query, { nextToken: 'ff' })).rejects.toMatchObject({
    name: 'InvalidRequestException',
  });
});

test('another index of the same database has nothing to do with it', async () => {
  const other = { ...index, id: index.id + 1 };
  expect((await searchDocuments(domain.store, other, parseQuery('*'), {})).items).toEqual([]);
  expect((await searchDocuments(domain.store, other, parseQuery('abc'), {})).items).toEqual([]);
});
