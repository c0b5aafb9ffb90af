import { beforeEach, expect, test } from 'vitest';
import { Things } from '../registry/thing-service.ts';
import { openDomain, realm, type TestDomain } from '../testing/domain.ts';
import { FleetIndexing } from './fleet-indexing.ts';
import { FleetMetrics } from './fleet-metrics.ts';
import { Indexer } from './indexer.ts';

const failed = (error: unknown) => {
  throw error;
};

let domain: TestDomain;
let indexing: FleetIndexing;
let metrics: FleetMetrics;

const hot = {
  metricName: 'hot',
  queryString: 'attributes.temperature>80',
  aggregationField: 'attributes.temperature',
  aggregationType: { name: 'Statistics', values: ['count', 'maximum'] },
  period: 300,
} as const;

beforeEach(async () => {
  domain = await openDomain();
  indexing = new FleetIndexing(domain, new Indexer(domain, { failed }), { failed });
  metrics = new FleetMetrics(domain, indexing);
  const customFields = [{ name: 'attributes.temperature', type: 'Number' } as const];
  await indexing.updateConfiguration(realm, { things: { thingIndexingMode: 'REGISTRY', customFields } });
  const things = new Things(domain);
  for (const temperature of ['75', '85', '95']) {
    await things.create(realm, { thingName: `t${temperature}`, attributePayload: { attributes: { temperature } } });
  }
});

test('a metric is kept, changed, listed and deleted', async () => {
  const created = await metrics.create(realm, { ...hot, description: 'too hot' });
  expect(created).toMatchObject({ indexName: 'AWS_Things', queryVersion: '2017-09-30', version: 1 });
  expect(await metrics.create(realm, { ...hot, description: 'too hot' })).toEqual(created);
  await expect(metrics.create(realm, hot)).rejects.toMatchObject({ name: 'ResourceAlreadyExistsException' });
  domain.clock.advance(1000);
  const updated = await metrics.update(realm, { metricName: 'hot', period: 600, expectedVersion: 1 });
  expect(updated).toEqual({ ...created, period: 600, version: 2, modifiedAt: created.createdAt + 1000 });
  expect(await metrics.describe(realm, 'hot')).toEqual(updated);
  const conflict = { name: 'VersionConflictException' };
  await expect(metrics.update(realm, { metricName: 'hot', expectedVersion: 1 })).rejects.toMatchObject(conflict);
  await expect(metrics.delete(realm, 'hot', 1)).rejects.toMatchObject(conflict);
  await metrics.create(realm, { ...hot, metricName: 'another' });
  const { items } = await metrics.list(realm, {});
  expect(items.map(({ metricName }) => metricName)).toEqual(['another', 'hot']);
  await metrics.delete(realm, 'hot', 2);
  await metrics.delete(realm, 'hot');
  await expect(metrics.describe(realm, 'hot')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test.each([
  [{ queryString: '((' }, 'InvalidQueryException'],
  [{ aggregationField: 'attributes.other' }, 'InvalidAggregationException'],
  [{ indexName: 'AWS_Lamps' }, 'ResourceNotFoundException'],
  [{ period: 90 }, 'InvalidRequestException'],
  [{ aggregationType: { name: 'Statistics', values: ['median'] } }, 'InvalidRequestException'],
  [{ aggregationType: { name: 'Percentiles', values: ['101'] } }, 'InvalidRequestException'],
  [{ aggregationType: { name: 'Cardinality', values: ['count'] } }, 'InvalidRequestException'],
] as const)('a metric with %j is refused with %s', async (change, name) => {
  await expect(metrics.create(realm, { ...hot, ...change })).rejects.toMatchObject({ name });
  await metrics.create(realm, hot);
  await expect(metrics.update(realm, { metricName: 'hot', ...change })).rejects.toMatchObject({ name });
});

test.each([
  [hot.aggregationType, hot.queryString, 'count 2, maximum 95'],
  [hot.aggregationType, 'thingName:none', 'count 0'],
  [{ name: 'Percentiles', values: ['0', '50', '100'] }, '*', '0 75, 50 85, 100 95'],
  [{ name: 'Cardinality' }, '*', 'cardinality 3'],
] as const)('%j of `%s` is %s', async (aggregationType, queryString, expected) => {
  const metric = await metrics.create(realm, { ...hot, aggregationType, queryString });
  const datapoints = await metrics.compute(realm, metric);
  expect(datapoints.map(({ name, value }) => `${name} ${value}`).join(', ')).toBe(expected);
});

test('each metric is computed when its period is over, and one that cannot be keeps no other from it', async () => {
  await metrics.create(realm, { ...hot, metricName: 'five minutes' });
  await metrics.create(realm, { ...hot, metricName: 'each minute', period: 60 });
  const computed: string[] = [];
  const refused: string[] = [];
  const begin = Date.UTC(2026, 0, 1, 12);
  const tick = (seconds: number) =>
    metrics.tick(
      begin + seconds * 1000,
      (_, { metricName }, [count]) => computed.push(`${seconds} ${metricName} ${count?.value}`),
      (_, metricName) => refused.push(metricName),
    );
  for (let seconds = 60; seconds <= 300; seconds += 60) await tick(seconds + 1);
  expect(computed).toEqual(
    [60, 120, 180, 240, 300].map(seconds => `${seconds + 1} each minute 2`).concat('301 five minutes 2'),
  );
  await indexing.updateConfiguration(realm, { things: { thingIndexingMode: 'OFF' } });
  await tick(600);
  expect(refused).toEqual(['each minute', 'five minutes']);
});
