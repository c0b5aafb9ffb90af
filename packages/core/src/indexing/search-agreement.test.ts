/** The law of the search: what SQL finds among any documents is what the plain reading of the query finds, one by one. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { openDomain, type TestDomain } from '../testing/domain.ts';
import { document, query } from './arbitraries.ts';
import { nameOf, type ThingDocument } from './document.ts';
import { indexOf } from './fleet-fixtures.ts';
import { openIndexingLimits } from './limits.ts';
import { matches } from './query/evaluate.ts';
import { parseQuery } from './query/parse.ts';
import { searchDocuments } from './search.ts';

let domain: TestDomain;

beforeAll(async () => {
  domain = await openDomain();
});

test('SQL and the plain reading find the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(document, { minLength: 1, maxLength: 6 }),
      fc.array(query, { minLength: 1, maxLength: 12 }),
      async (documents, queryStrings) => {
        const things = documents.map((rest, index): ThingDocument => ({ ...rest, thingName: `a${index}` }));
        const index = await indexOf(domain.store, things);
        for (const queryString of queryStrings) {
          const parsed = parseQuery(queryString, openIndexingLimits);
          const { items } = await searchDocuments(domain.store, index, parsed, { maxResults: 100 });
          const expected = things.filter(thing => matches(parsed, thing)).map(nameOf);
          expect(items.map(nameOf), queryString).toEqual(expected);
        }
      },
    ),
    { numRuns: 300 },
  );
}, 60_000);
