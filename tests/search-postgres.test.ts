/** Fleet indexing on PostgreSQL: everything that is asked of it has the answer that SQLite gives, in the same order. */
import {
  Changes,
  FleetIndexing,
  FleetMetrics,
  Indexer,
  matches,
  migrate,
  parseQuery,
  realmOfKey,
  type Store,
  schema,
  ThingConnectivity,
  Things,
} from '@thingd/core';
import { ManualClock, MemoryStore } from '@thingd/core/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { document, query } from '../packages/core/src/indexing/arbitraries.ts';
import { nameOf, type ThingDocument } from '../packages/core/src/indexing/document.ts';
import { fleet, indexedRealm, indexOf, queries } from '../packages/core/src/indexing/fleet-fixtures.ts';
import { openIndexingLimits } from '../packages/core/src/indexing/limits.ts';
import { searchDocuments } from '../packages/core/src/indexing/search.ts';
import { describeWith } from './harness/parts.ts';
import { Postgres } from './harness/postgres.ts';

const realm = realmOfKey(indexedRealm);

const failed = (error: unknown) => {
  throw error;
};

/** Fleet indexing over a store, with a clock of its own. */
function indexingOn(store: Store) {
  const domain = { store, clock: new ManualClock(), changes: new Changes() };
  const indexer = new Indexer(domain, { failed });
  const indexing = new FleetIndexing(domain, indexer, { failed });
  return { domain, indexing, things: new Things(domain), connectivity: new ThingConnectivity(domain, { failed }) };
}

describeWith(['postgresql'], 'fleet indexing on PostgreSQL', () => {
  let postgres: Postgres;
  const sqlite = new MemoryStore();

  beforeAll(async () => {
    postgres = await Postgres.start();
    await migrate(postgres, schema);
    await migrate(sqlite, schema);
  });

  afterAll(() => postgres?.close());

  /** The same asked of both. */
  const both = <T>(ask: (store: Store) => Promise<T>): Promise<[onPostgres: T, onSqlite: T]> =>
    Promise.all([ask(postgres), ask(sqlite)]);

  const found = (documents: readonly ThingDocument[], queryStrings: readonly string[], maxResults = 100) =>
    both(async store => {
      const index = await indexOf(store, documents);
      const answers: string[][] = [];
      for (const queryString of queryStrings) {
        const names: string[] = [];
        let nextToken: string | undefined;
        do {
          const request = { maxResults, nextToken };
          const page = await searchDocuments(store, index, parseQuery(queryString, openIndexingLimits), request);
          names.push(...page.items.map(nameOf));
          nextToken = page.nextToken;
        } while (nextToken !== undefined);
        answers.push(names);
      }
      return answers;
    });

  test('each query of the table finds its things, in the order of their names', { timeout: 60_000 }, async () => {
    const [onPostgres, onSqlite] = await found(
      fleet,
      queries.map(([queryString]) => queryString),
    );
    expect(queries.length).toBeGreaterThanOrEqual(150);
    for (const [index, [queryString, expected]] of queries.entries()) {
      const names = expected.split(' ').filter(name => name !== '');
      expect(onPostgres[index], `${queryString} on PostgreSQL`).toEqual(names);
      expect(onSqlite[index], `${queryString} on SQLite`).toEqual(names);
    }
  });

  test('any query finds the same among any documents', { timeout: 120_000 }, async () => {
    const some = fc.array(document, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(some, fc.array(query, { minLength: 4, maxLength: 12 }), async (documents, queryStrings) => {
        const things = documents.map((rest, index): ThingDocument => ({ ...rest, thingName: `a${index}` }));
        const [onPostgres] = await found(things, queryStrings);
        for (const [index, queryString] of queryStrings.entries()) {
          const parsed = parseQuery(queryString, openIndexingLimits);
          const expected = things.filter(thing => matches(parsed, thing)).map(nameOf);
          expect(onPostgres[index], queryString).toEqual(expected);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('names come in the order of their bytes, in pages as well', async () => {
    const names = ['B', 'a', 'a-b', 'a_c', 'aB', 'ab', 'a:1', 'A1', 'Zz', '9', 'b', '10'];
    const things = names.map((thingName): ThingDocument => ({ ...(fleet[0] as ThingDocument), thingName }));
    const [onPostgres, onSqlite] = await found(things, ['*', 'thingName:a*', '9 OR 10'], 5);
    expect(onPostgres).toEqual(onSqlite);
    expect(onPostgres[0]).toEqual([...names].sort());
  });

  describe('aggregations', () => {
    const fields = ['attributes.watts', 'attributes.model', 'attributes.smart', 'shadow.reported.location'];
    const managed = ['connectivity.connected', 'connectivity.timestamp', 'thingName', 'registry.version'];
    const somewhat = ['*', 'thingName:lamp*', 'NOT attributes.model:legacy', 'thingName:none'];
    const cases = [...fields, ...managed].flatMap(field => somewhat.map(queryString => [field, queryString] as const));

    beforeAll(async () => {
      await both(store => indexOf(store, fleet));
    });

    test.each(cases)('of %s of `%s`', async (aggregationField, queryString) => {
      const request = { aggregationField, queryString };
      const [onPostgres, onSqlite] = await both(async store => {
        const { indexing } = indexingOn(store);
        return {
          statistics: await indexing.statistics(realm, request),
          cardinality: await indexing.cardinality(realm, request),
          buckets: await indexing.buckets(realm, { ...request, maxBuckets: 100 }),
          percentiles: await indexing
            .percentiles(realm, { ...request, percents: [0, 10, 50, 99.5, 100] })
            .catch((error: Error) => error.message),
        };
      });
      expect(onPostgres).toEqual(onSqlite);
    });

    test('of numbers beyond a double', async () => {
      const huge = ['1e200', '-1e200', '1e308'].map(
        (watts, n): ThingDocument => ({ ...(fleet[0] as ThingDocument), thingName: `t${n}`, attributes: { watts } }),
      );
      await both(store => indexOf(store, huge));
      const request = { aggregationField: 'attributes.watts', queryString: '*' };
      const [onPostgres, onSqlite] = await both(store => indexingOn(store).indexing.statistics(realm, request));
      expect(onPostgres).toEqual({ count: 3 });
      expect(onSqlite).toEqual({ count: 3 });
    });
  });

  test('the registry’s things are indexed, come and go, and are measured', async () => {
    const steps = await both(async store => {
      const { domain, indexing, things, connectivity } = indexingOn(store);
      const realm = { accountId: '210987654321', region: 'eu-west-1' };
      const key = '210987654321/eu-west-1';
      await indexing.updateConfiguration(realm, {
        things: { thingIndexingMode: 'REGISTRY_AND_SHADOW', thingConnectivityIndexingMode: 'STATUS' },
      });
      const told: unknown[] = [];
      const ask = async (queryString: string) => {
        await connectivity.flush();
        told.push((await indexing.search(realm, { queryString })).items.map(nameOf));
      };
      for (const thingName of ['plug', 'lamp']) await things.create(realm, { thingName });
      connectivity.connected(key, 'lamp', 1, 1);
      await ask('connectivity.connected:true');
      connectivity.disconnected(key, 'lamp', 1, 'CONNECTION_LOST');
      await ask('connectivity.disconnectReason:CONNECTION_LOST');
      domain.clock.advance(3_600_000);
      await connectivity.fade();
      await ask('connectivity.disconnectReason:*');
      const metrics = new FleetMetrics(domain, indexing);
      await metrics.create(realm, {
        ...{ metricName: 'size', queryString: '*', aggregationField: 'registry.version', period: 60 },
        aggregationType: { name: 'Statistics', values: ['count'] },
      });
      domain.clock.advance(60_000);
      await metrics.tick({
        publish: (_, __, datapoints) => told.push(datapoints),
        failed: (_, __, error) => failed(error),
      });
      await things.delete(realm, 'plug');
      await ask('*');
      return told;
    });
    expect(steps[0]).toEqual([['lamp'], ['lamp'], [], [{ name: 'count', value: 2 }], ['lamp']]);
    expect(steps[1]).toEqual(steps[0]);
  });

  test('a thing that several processes change is found and aggregated as it is now', async () => {
    const [onPostgres, onSqlite] = await both(async store => {
      const { domain, indexing, things } = indexingOn(store);
      const elsewhere = new Things(domain);
      const realm = { accountId: '444444444444', region: 'eu-west-1' };
      const change = (from: Things, attributes: Record<string, string>) =>
        from.update(realm, { thingName: 'lamp', attributePayload: { attributes, merge: true } });
      const found = async (queryString: string) => (await indexing.search(realm, { queryString })).items.map(nameOf);
      const version = { queryString: '*', aggregationField: 'registry.version' };
      await indexing.updateConfiguration(realm, { things: { thingIndexingMode: 'REGISTRY' } });
      await things.create(realm, { thingName: 'lamp', attributePayload: { attributes: { color: 'red' } } });
      const told = [await found('attributes.color:red')];
      await change(elsewhere, { color: 'blue' });
      await change(things, { watts: '7' });
      await change(elsewhere, { watts: '12' });
      for (const query of ['attributes.color:red', 'attributes.color:blue', 'attributes.watts>10']) {
        told.push(await found(query));
      }
      return { told, version: (await indexing.statistics(realm, version)).maximum };
    });
    expect(onPostgres).toEqual({ told: [['lamp'], [], ['lamp'], ['lamp']], version: 4 });
    expect(onSqlite).toEqual(onPostgres);
  });

  test('an index is built from everything there is, whatever its name', async () => {
    const names = Array.from({ length: 150 }, (_, n) => `${['a', 'B', '_', 'c:', 'Z-'][n % 5]}${n}`);
    const [onPostgres, onSqlite] = await both(async store => {
      const { indexing, things } = indexingOn(store);
      const realm = { accountId: '333333333333', region: 'eu-west-1' };
      for (const thingName of names) await things.create(realm, { thingName });
      await indexing.updateConfiguration(realm, { things: { thingIndexingMode: 'REGISTRY' } });
      const first = await indexing.search(realm, { queryString: '*' });
      const { items } = await indexing.search(realm, { queryString: '*', nextToken: first.nextToken });
      return [...first.items, ...items].map(nameOf);
    });
    expect(onPostgres).toEqual([...names].sort());
    expect(onSqlite).toEqual(onPostgres);
  });
});
