import { beforeEach, describe, expect, test } from 'vitest';
import { realmOfKey } from '../realm.ts';
import { openDomain, type TestDomain } from '../testing/domain.ts';
import type { IndexDocument, ThingDocument } from './document.ts';
import { fleet, indexedRealm, indexOf } from './fleet-fixtures.ts';
import { FleetIndexing } from './fleet-indexing.ts';
import { Indexer } from './indexer.ts';

const realm = realmOfKey(indexedRealm);
let domain: TestDomain;
let indexing: FleetIndexing;

beforeEach(async () => {
  domain = await openDomain();
  const failed = (error: unknown) => {
    throw error;
  };
  indexing = new FleetIndexing(domain, new Indexer(domain, { failed }), { failed });
});

const put = (documents: readonly IndexDocument[]) => indexOf(domain.store, documents);

const withWatts = (...watts: readonly (string | number)[]): ThingDocument[] =>
  watts.map((value, index) => ({
    kind: 'thing',
    thingName: `thing-${index}`,
    thingId: String(index),
    thingGroupNames: [],
    attributes: { watts: String(value) },
    version: 1,
  }));

describe('statistics', () => {
  const statistics = (aggregationField?: string, queryString = '*') =>
    indexing.statistics(realm, { queryString, aggregationField });

  test('of numbers are those of AWS’s example', async () => {
    await put(withWatts(-125, 75, 150, 'many'));
    expect(await statistics('attributes.watts')).toEqual({
      count: 3,
      average: 33.333333333333336,
      sum: 100,
      minimum: -125,
      maximum: 150,
      sumOfSquares: 43750,
      variance: expect.closeTo(13472.22222222222, 9),
      stdDeviation: 116.06990230986766,
    });
  });

  test('of text are a count', async () => {
    await put(fleet);
    expect(await statistics('attributes.model')).toEqual({ count: 3 });
    expect(await statistics('registry.thingTypeName')).toEqual({ count: 3 });
    expect(await statistics('registry.thingGroupNames')).toEqual({ count: 3 });
  });

  test('of booleans take true for 1 and false for 0', async () => {
    await put(fleet);
    expect(await statistics('connectivity.connected')).toEqual({
      ...{ count: 4, average: 0.5, sum: 2, minimum: 0, maximum: 1 },
      ...{ sumOfSquares: 2, variance: 0.25, stdDeviation: 0.5 },
    });
    expect(await statistics('attributes.smart', 'attributes.smart:true')).toMatchObject({
      count: 1,
      minimum: 1,
      maximum: 1,
    });
  });

  test('are of the registry’s versions unless told otherwise', async () => {
    await put(fleet);
    expect(await statistics()).toMatchObject({ count: 7, sum: 9, maximum: 3 });
  });

  test('are of what the query finds', async () => {
    await put(fleet);
    expect(await statistics('attributes.watts', 'thingGroupNames:kitchen')).toMatchObject({ count: 2, sum: 155 });
    expect(await statistics('attributes.watts', 'NOT thingGroupNames:kitchen')).toMatchObject({ count: 1, sum: 81.5 });
    expect(await statistics('attributes.watts', 'thingName:Non-existent*')).toEqual({ count: 0 });
  });

  test('of numbers beyond a double are but a count', async () => {
    await put(withWatts('1e200', '1e200'));
    expect(await statistics('attributes.watts')).toEqual({ count: 2 });
  });
});

describe('percentiles', () => {
  const percentiles = (percents?: number[], queryString = '*', aggregationField = 'attributes.watts') =>
    indexing.percentiles(realm, { queryString, aggregationField, percents });

  test('are those of AWS’s example', async () => {
    await put(withWatts(1, 2, 3, 3, 2, 1, 1, 2, 3));
    const values = (await percentiles([10, 20, 30, 40, 50, 60, 70, 80, 90, 99])).map(({ value }) => value);
    const expected = [1, 1, 1.4, 2, 2, 2, 2.6, 3, 3, 3];
    for (const [index, value] of values.entries()) expect(value).toBeCloseTo(expected[index] as number, 12);
  });

  test('are seven unless told otherwise, and none of nothing', async () => {
    await put(withWatts(5));
    expect(await percentiles()).toEqual([1, 5, 25, 50, 75, 95, 99].map(percent => ({ percent, value: 5 })));
    expect(await percentiles([], 'thingName:Non-existent*')).toEqual([]);
  });

  test('are of numbers alone, and a hundred at most', async () => {
    await put(fleet);
    const refused = { name: 'InvalidAggregationException', message: expect.stringContaining('is no Number') };
    await expect(percentiles([50], '*', 'attributes.model')).rejects.toMatchObject(refused);
    await expect(percentiles(Array(101).fill(50))).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });
});

describe('cardinality', () => {
  const cardinality = (aggregationField: string, queryString = '*') =>
    indexing.cardinality(realm, { queryString, aggregationField });

  beforeEach(() => put(fleet));

  test('counts different values once', async () => {
    expect(await cardinality('registry.thingTypeName')).toBe(2);
    expect(await cardinality('attributes.watts')).toBe(3);
    expect(await cardinality('connectivity.connected')).toBe(2);
    expect(await cardinality('shadow.reported.location')).toBe(2);
    expect(await cardinality('attributes.watts', 'thingName:lamp1')).toBe(1);
    expect(await cardinality('attributes.watts', 'thingName:Non-existent*')).toBe(0);
  });
});

describe('buckets', () => {
  const buckets = (aggregationField: string, queryString = '*', maxBuckets?: number) =>
    indexing.buckets(realm, { queryString, aggregationField, maxBuckets });

  beforeEach(() => put(fleet));

  test('are values as they were written, the most frequent first', async () => {
    expect(await buckets('thingTypeName')).toEqual({
      totalCount: 7,
      buckets: [
        { keyValue: 'LightBulb', count: 2 },
        { keyValue: 'aa', count: 1 },
      ],
    });
    expect(await buckets('shadow.reported.location', 'thingName:lamp1')).toEqual({
      totalCount: 1,
      buckets: [{ keyValue: 'new york', count: 1 }],
    });
    expect((await buckets('attributes.watts')).buckets.map(({ keyValue }) => keyValue)).toEqual(['75', '80', '81.5']);
    expect((await buckets('connectivity.connected', 'connectivity.connected:false')).buckets).toEqual([
      { keyValue: 'false', count: 2 },
    ]);
  });

  test('are only so many', async () => {
    expect((await buckets('thingName', '*', 3)).buckets).toHaveLength(3);
    await expect(buckets('thingName', '*', 10_001)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });
});

test('a field of no known type cannot be aggregated', async () => {
  await put(fleet);
  const refused = { name: 'InvalidAggregationException' };
  for (const aggregationField of ['attributes.serial', 'shadow.reported.stats.battery', 'nothing']) {
    const request = { queryString: '*', aggregationField };
    await expect(indexing.statistics(realm, request)).rejects.toMatchObject(refused);
    await expect(indexing.percentiles(realm, request)).rejects.toMatchObject(refused);
    await expect(indexing.cardinality(realm, request)).rejects.toMatchObject(refused);
    await expect(indexing.buckets(realm, request)).rejects.toMatchObject(refused);
  }
});
