import {
  CreateFleetMetricCommand,
  DeleteFleetMetricCommand,
  DescribeFleetMetricCommand,
  DescribeIndexCommand,
  GetBucketsAggregationCommand,
  GetCardinalityCommand,
  GetIndexingConfigurationCommand,
  GetPercentilesCommand,
  GetStatisticsCommand,
  GetThingConnectivityDataCommand,
  IoTClient,
  ListFleetMetricsCommand,
  ListIndicesCommand,
  SearchIndexCommand,
  UpdateFleetMetricCommand,
  UpdateIndexingConfigurationCommand,
} from '@aws-sdk/client-iot';
import { FleetIndexing, FleetMetrics, Indexer, ThingConnectivity, ThingGroups, Things } from '@thingd/core';
import { openDomain } from '@thingd/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestServer, testAccessKeys, testKey } from '../fixtures/server.ts';
import { fleetMetricOperations } from './fleet-metrics.ts';
import { indexingOperations } from './indexing.ts';

const realm = { accountId: '123456789012', region: 'us-east-1' };

let iot: IoTClient;
let things: Things;
let groups: ThingGroups;
let thingConnectivity: ThingConnectivity;
let close: () => Promise<void>;

beforeEach(async () => {
  const domain = await openDomain();
  const failed = (error: unknown) => {
    throw error;
  };
  const fleetIndexing = new FleetIndexing(domain, new Indexer(domain, { failed }), { failed });
  thingConnectivity = new ThingConnectivity(domain, { failed });
  things = new Things(domain);
  groups = new ThingGroups(domain);
  const fleetMetrics = new FleetMetrics(domain, fleetIndexing);
  const server = await startTestServer(
    {
      iot: { ...indexingOperations({ fleetIndexing, thingConnectivity }), ...fleetMetricOperations({ fleetMetrics }) },
    },
    { accessKeys: testAccessKeys() },
  );
  iot = new IoTClient({ endpoint: server.url, region: 'us-east-1', credentials: testKey, maxAttempts: 1 });
  close = async () => {
    iot.destroy();
    await server.close();
  };
});

afterEach(() => close());

const configure = (input: UpdateIndexingConfigurationCommand['input']) =>
  iot.send(new UpdateIndexingConfigurationCommand(input));

const registry = { thingIndexingMode: 'REGISTRY', thingConnectivityIndexingMode: 'STATUS' } as const;

test('a configuration that was read can be sent back as it is, and changes nothing', async () => {
  await configure({
    thingIndexingConfiguration: { ...registry, customFields: [{ name: 'attributes.watts', type: 'Number' }] },
    thingGroupIndexingConfiguration: { thingGroupIndexingMode: 'ON' },
  });
  const { $metadata: _, ...configuration } = await iot.send(new GetIndexingConfigurationCommand({}));
  expect(configuration.thingIndexingConfiguration?.managedFields).toHaveLength(9);
  expect(configuration.thingGroupIndexingConfiguration?.managedFields).toHaveLength(5);
  await configure(configuration);
  expect(await iot.send(new GetIndexingConfigurationCommand({}))).toMatchObject(configuration);
});

test('what one update does not name stays', async () => {
  await configure({ thingIndexingConfiguration: registry });
  await configure({ thingGroupIndexingConfiguration: { thingGroupIndexingMode: 'ON' } });
  expect((await iot.send(new ListIndicesCommand({}))).indexNames).toEqual(['AWS_ThingGroups', 'AWS_Things']);
  const first = await iot.send(new ListIndicesCommand({ maxResults: 1 }));
  expect(first.indexNames).toEqual(['AWS_ThingGroups']);
  const { indexNames, nextToken } = await iot.send(
    new ListIndicesCommand({ maxResults: 1, nextToken: first.nextToken }),
  );
  expect([indexNames, nextToken]).toEqual([['AWS_Things'], undefined]);
  expect((await iot.send(new ListIndicesCommand({ nextToken: 'AWS_Things' }))).indexNames).toEqual([]);
  expect(await iot.send(new DescribeIndexCommand({ indexName: 'AWS_ThingGroups' }))).toMatchObject({
    indexStatus: 'ACTIVE',
    schema: 'THING_GROUPS',
  });
});

test('a thing, a group and their numbers come in AWS’s shapes', async () => {
  await configure({
    thingIndexingConfiguration: registry,
    thingGroupIndexingConfiguration: { thingGroupIndexingMode: 'ON' },
  });
  const { thingId } = await things.create(realm, {
    thingName: 'lamp',
    attributePayload: { attributes: { watts: '9' } },
  });
  const { thingGroupId } = await groups.create(realm, {
    thingGroupName: 'hall',
    thingGroupProperties: { thingGroupDescription: 'a hall' },
  });
  thingConnectivity.connected('123456789012/us-east-1', 'lamp', 1, 1);
  await thingConnectivity.flush();
  const found = await iot.send(new SearchIndexCommand({ queryString: 'attributes.watts:9' }));
  expect(found.things).toEqual([
    {
      thingName: 'lamp',
      thingId,
      thingGroupNames: [],
      attributes: { watts: '9' },
      connectivity: { connected: true, timestamp: expect.any(Number) },
    },
  ]);
  expect(found.thingGroups).toBeUndefined();
  const query = { indexName: 'AWS_ThingGroups', queryString: 'description:hall' };
  const { thingGroups } = await iot.send(new SearchIndexCommand(query));
  expect(thingGroups).toEqual([
    { thingGroupName: 'hall', thingGroupId, thingGroupDescription: 'a hall', attributes: {}, parentGroupNames: [] },
  ]);
  const all = { queryString: '*', aggregationField: 'registry.version' };
  expect((await iot.send(new GetStatisticsCommand({ queryString: '*' }))).statistics).toMatchObject({
    count: 1,
    sum: 1,
  });
  expect((await iot.send(new GetCardinalityCommand(all))).cardinality).toBe(1);
  expect((await iot.send(new GetPercentilesCommand({ ...all, percents: [50] }))).percentiles).toEqual([
    { percent: 50, value: 1 },
  ]);
  const buckets = {
    ...all,
    aggregationField: 'thingName',
    bucketsAggregationType: { termsAggregation: { maxBuckets: 1 } },
  };
  expect((await iot.send(new GetBucketsAggregationCommand(buckets))).buckets).toEqual([{ keyValue: 'lamp', count: 1 }]);
  await expect(
    iot.send(new GetBucketsAggregationCommand({ ...buckets, bucketsAggregationType: {} })),
  ).rejects.toMatchObject({
    name: 'InvalidAggregationException',
  });
});

test('a thing’s connectivity is told while it is indexed', async () => {
  await things.create(realm, { thingName: 'lamp' });
  const ask = () => iot.send(new GetThingConnectivityDataCommand({ thingName: 'lamp' }));
  await expect(ask()).rejects.toMatchObject({ name: 'IndexNotReadyException' });
  await configure({ thingIndexingConfiguration: registry });
  const { $metadata: _, ...never } = await ask();
  expect(never).toEqual({ thingName: 'lamp', connected: false });
  thingConnectivity.connected('123456789012/us-east-1', 'lamp', 1, 1);
  thingConnectivity.disconnected('123456789012/us-east-1', 'lamp', 1, 'CONNECTION_LOST');
  expect(await ask()).toMatchObject({
    connected: false,
    disconnectReason: 'CONNECTION_LOST',
    timestamp: expect.any(Date),
  });
  await expect(iot.send(new GetThingConnectivityDataCommand({ thingName: 'none' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

test('a fleet metric is created, described, changed, listed and deleted', async () => {
  await configure({ thingIndexingConfiguration: registry });
  const metric = {
    metricName: 'fleet.size',
    queryString: 'thingName:*',
    aggregationField: 'registry.version',
    aggregationType: { name: 'Statistics', values: ['count'] },
    period: 60,
    unit: 'Count',
  } as const;
  const created = await iot.send(
    new CreateFleetMetricCommand({ ...metric, aggregationType: { name: 'Statistics', values: ['count'] } }),
  );
  const metricArn = 'arn:aws:iot:us-east-1:123456789012:fleetmetric/fleet.size';
  expect(created).toMatchObject({ metricName: 'fleet.size', metricArn });
  await iot.send(new UpdateFleetMetricCommand({ metricName: 'fleet.size', indexName: 'AWS_Things', period: 120 }));
  expect(await iot.send(new DescribeFleetMetricCommand({ metricName: 'fleet.size' }))).toMatchObject({
    ...metric,
    period: 120,
    version: 2,
    metricArn,
    indexName: 'AWS_Things',
    queryVersion: '2017-09-30',
    creationDate: expect.any(Date),
  });
  expect((await iot.send(new ListFleetMetricsCommand({}))).fleetMetrics).toEqual([
    { metricName: 'fleet.size', metricArn },
  ]);
  await iot.send(new DeleteFleetMetricCommand({ metricName: 'fleet.size', expectedVersion: 2 }));
  await expect(iot.send(new DescribeFleetMetricCommand({ metricName: 'fleet.size' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});
