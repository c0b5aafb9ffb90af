import { beforeEach, describe, expect, test } from 'vitest';
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

describe('as time goes by', () => {
  let begin: number;
  let told: string[];
  beforeEach(() => {
    begin = domain.clock.now();
    told = [];
  });

  const tick = async (of = metrics) => {
    const tell = (metricName: string, ...rest: unknown[]) => told.push([metricName, ...rest].join(' '));
    await of.tick({
      publish: (_, { metricName }, [count], at) => tell(metricName, count?.value, (at - begin) / 1000),
      failed: (_, { metricName }, error) => tell(metricName, (error as Error).name),
    });
  };
  /** What is told when the clock has gone on by so many seconds. */
  const after = async (seconds: number) => {
    domain.clock.advance(seconds * 1000);
    await tick();
    return told.splice(0);
  };

  test('each metric is computed once a period', async () => {
    await metrics.create(realm, { ...hot, metricName: 'five' });
    await metrics.create(realm, { ...hot, metricName: 'one', period: 60 });
    expect(await after(59)).toEqual([]);
    expect(await after(1)).toEqual(['one 2 60']);
    expect(await after(1)).toEqual([]);
    expect(await after(239)).toEqual(['five 2 300', 'one 2 300']);
  });

  test('one whose period began while the program was busy or away is late, and not left out', async () => {
    await metrics.create(realm, { ...hot, metricName: 'five' });
    expect(await after(420)).toEqual(['five 2 420']);
    expect(await after(180)).toEqual(['five 2 600']);
  });

  test('of several processes one publishes it', async () => {
    await metrics.create(realm, hot);
    domain.clock.advance(300_000);
    await Promise.all([tick(), tick(new FleetMetrics(domain, indexing)), tick()]);
    expect(told).toEqual(['hot 2 300']);
  });

  test('one that cannot be computed keeps no other from it, and is computed when it can', async () => {
    const customFields = [{ name: 'attributes.temperature', type: 'Number' } as const];
    await metrics.create(realm, hot);
    await metrics.create(realm, { ...hot, metricName: 'size', aggregationField: 'registry.version' });
    await indexing.updateConfiguration(realm, { things: { thingIndexingMode: 'REGISTRY' } });
    expect(await after(300)).toEqual(['hot InvalidAggregationException', 'size 2 300']);
    await indexing.updateConfiguration(realm, { things: { thingIndexingMode: 'REGISTRY', customFields } });
    expect(await after(60)).toEqual(['hot 2 360']);
  });

  test.each([
    ['deleted', () => metrics.delete(realm, 'hot')],
    ['changed', () => metrics.update(realm, { metricName: 'hot', period: 600 })],
  ])('one that is %s while it is computed is not published', async (_, change) => {
    await metrics.create(realm, hot);
    const compute = metrics.compute.bind(metrics);
    metrics.compute = async (...question) => {
      const datapoints = await compute(...question);
      metrics.compute = compute;
      await change();
      return datapoints;
    };
    expect(await after(300)).toEqual([]);
  });

  test('a change and a deletion are told of', async () => {
    await metrics.create(realm, hot);
    domain.changes.on(change => change.kind === 'fleetMetric' && told.push(change.metricName));
    await metrics.update(realm, { metricName: 'hot', period: 600 });
    await metrics.delete(realm, 'hot');
    await metrics.delete(realm, 'hot');
    expect(told).toEqual(['hot', 'hot']);
  });
});
