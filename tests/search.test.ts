/** Fleet indexing through the front door: AWS's documented commands, devices that come and go, a fleet in pages, a crash. */
import { getPriority } from 'node:os';
import {
  CreateThingCommand,
  GetThingConnectivityDataCommand,
  type IoTClient,
  SearchIndexCommand,
  UpdateIndexingConfigurationCommand,
} from '@aws-sdk/client-iot';
import { connectAsync } from 'mqtt';
import { beforeAll, describe, expect, test } from 'vitest';
import { AwsCli } from './harness/aws-cli.ts';
import { iotClient } from './harness/device.ts';
import { temporaryDirectory } from './harness/directory.ts';
import { eventually } from './harness/eventually.ts';
import { describeWith } from './harness/parts.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

const found = async (iot: IoTClient, queryString: string): Promise<(string | undefined)[]> => {
  const { things } = await iot.send(new SearchIndexCommand({ queryString }));
  return things?.map(({ thingName }) => thingName) ?? [];
};

describeWith(['aws'], 'the aws command', () => {
  let thingd: Thingd;
  let aws: AwsCli;

  beforeAll(async () => {
    thingd = await startThingd();
    aws = new AwsCli(thingd);
  });

  const search = async (query: string) => {
    const { things } = await aws.json('iot', 'search-index', '--index-name', 'AWS_Things', '--query-string', query);
    return things.map(({ thingName }: { thingName: string }) => thingName);
  };

  test('is told that there is no index, until there is one', { timeout: 120_000 }, async () => {
    expect(await aws.json('iot', 'get-indexing-configuration')).toEqual({
      thingIndexingConfiguration: {
        thingIndexingMode: 'OFF',
        thingConnectivityIndexingMode: 'OFF',
        deviceDefenderIndexingMode: 'OFF',
        namedShadowIndexingMode: 'OFF',
      },
      thingGroupIndexingConfiguration: { thingGroupIndexingMode: 'OFF' },
    });
    expect(await aws.failure('iot', 'search-index', '--query-string', '*')).toContain(
      'An error occurred (ResourceNotFoundException) when calling the SearchIndex operation: Index AWS_Things does not exist',
    );
    const configuration =
      'thingIndexingMode=REGISTRY_AND_SHADOW,namedShadowIndexingMode=ON,filter={namedShadowNames=[thing1shadow]},' +
      'thingConnectivityIndexingMode=STATUS,customFields=[{name=attributes.version,type=Number},' +
      '{name=shadow.name.thing1shadow.desired.DefaultDesired,type=String},{name=shadow.desired.power,type=Boolean}]';
    const groups = ['--thing-group-indexing-configuration', 'thingGroupIndexingMode=ON'];
    const update = ['iot', 'update-indexing-configuration', '--thing-indexing-configuration', configuration, ...groups];
    expect(await aws.json(...update)).toBeUndefined();
    const described = { indexName: 'AWS_Things', indexStatus: 'ACTIVE', schema: 'MULTI_INDEXING_MODE' };
    expect(await aws.json('iot', 'describe-index', '--index-name', 'AWS_Things')).toEqual(described);
    const { indexNames } = await aws.json('iot', 'list-indices');
    expect(indexNames.sort()).toEqual(['AWS_ThingGroups', 'AWS_Things']);
    const { thingIndexingConfiguration } = await aws.json('iot', 'get-indexing-configuration');
    expect(thingIndexingConfiguration.managedFields).toContainEqual({
      name: 'shadow.name.thing1shadow.hasDelta',
      type: 'Boolean',
    });
    expect(thingIndexingConfiguration.customFields).toHaveLength(3);
  });

  test('finds things with all that is known of them', { timeout: 120_000 }, async () => {
    await aws.json('iot', 'create-thing-type', '--thing-type-name', 'LightBulb');
    for (const [name, version] of [
      ['lamp', '1'],
      ['plug', '2'],
      ['tap', '4'],
    ] as const) {
      const attributes = ['--attribute-payload', JSON.stringify({ attributes: { version, room: 'kitchen' } })];
      await aws.json('iot', 'create-thing', '--thing-name', name, '--thing-type-name', 'LightBulb', ...attributes);
    }
    await aws.json('iot', 'create-thing-group', '--thing-group-name', 'Upstairs');
    await aws.json('iot', 'add-thing-to-thing-group', '--thing-group-name', 'Upstairs', '--thing-name', 'lamp');
    const payload = JSON.stringify({
      state: { desired: { power: true }, reported: { power: false, colors: ['RED'] } },
    });
    const outfile = `${await temporaryDirectory()}/shadow.json`;
    const shadow = ['iot-data', 'update-thing-shadow', '--thing-name', 'lamp', '--payload', payload];
    const raw = (await aws.run('--version')).stdout.includes('aws-cli/2')
      ? ['--cli-binary-format', 'raw-in-base64-out']
      : [];
    await aws.json(...shadow, ...raw, outfile);

    const query = 'thingGroupNames:upstairs AND shadow.hasDelta:true AND shadow.reported.colors:red';
    const { things } = await aws.json('iot', 'search-index', '--query-string', query);
    expect(things).toEqual([
      {
        thingName: 'lamp',
        thingId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        thingTypeName: 'LightBulb',
        thingGroupNames: ['Upstairs'],
        attributes: { version: '1', room: 'kitchen' },
        shadow: expect.any(String),
      },
    ]);
    expect(JSON.parse(things[0].shadow)).toMatchObject({
      desired: { power: true },
      reported: { power: false, colors: ['RED'] },
      delta: { power: true },
      hasDelta: true,
      version: 1,
    });
    expect(await search('thingTypeName:lightbulb AND attributes.version:[2 TO *]')).toEqual(['plug', 'tap']);
    const groupQuery = ['--index-name', 'AWS_ThingGroups', '--query-string', 'thingGroupName:up*'];
    const { thingGroups } = await aws.json('iot', 'search-index', ...groupQuery);
    expect(thingGroups).toMatchObject([{ thingGroupName: 'Upstairs', parentGroupNames: [] }]);
  });

  test('aggregates them', { timeout: 120_000 }, async () => {
    const field = ['--aggregation-field', 'attributes.version'];
    const all = ['--query-string', '*'];
    expect(await aws.json('iot', 'get-statistics', ...all, ...field)).toMatchObject({
      statistics: { count: 3, sum: 7, minimum: 1, maximum: 4, sumOfSquares: 21 },
    });
    expect(await aws.json('iot', 'get-cardinality', ...all, '--aggregation-field', 'registry.thingTypeName')).toEqual({
      cardinality: 1,
    });
    expect(await aws.json('iot', 'get-percentiles', ...all, ...field, '--percents', '0', '50', '100')).toEqual({
      percentiles: [
        { percent: 0, value: 1 },
        { percent: 50, value: 2 },
        { percent: 100, value: 4 },
      ],
    });
    const buckets = ['--buckets-aggregation-type', 'termsAggregation={maxBuckets=2}'];
    expect(await aws.json('iot', 'get-buckets-aggregation', ...all, ...field, ...buckets)).toEqual({
      totalCount: 3,
      buckets: [
        { keyValue: '1', count: 1 },
        { keyValue: '2', count: 1 },
      ],
    });
  });

  test('is told where a query is wrong, and what cannot be aggregated', { timeout: 120_000 }, async () => {
    expect(await aws.failure('iot', 'search-index', '--query-string', 'thingName:a OR OR b')).toContain(
      '(InvalidQueryException) when calling the SearchIndex operation: query string is invalid at character 16',
    );
    const statistics = ['iot', 'get-statistics', '--query-string', '*', '--aggregation-field', 'attributes.room'];
    expect(await aws.failure(...statistics)).toContain('(InvalidAggregationException)');
    const off = ['--thing-indexing-configuration', 'thingIndexingMode=OFF,thingConnectivityIndexingMode=STATUS'];
    expect(await aws.failure('iot', 'update-indexing-configuration', ...off)).toContain('(InvalidRequestException)');
  });
});

describe('a fleet', () => {
  test('shows who is connected, and who is not any more and why, within a second', async () => {
    const thingd = await startThingd({ command: 'dev' });
    const aws = iotClient(thingd);
    await configure(thingd);
    await create(thingd, ['lamp', 'plug']);
    const url = `mqtt://localhost:${thingd.endpoints.mqtt.port}`;
    const lamp = await connectAsync(url, { clientId: 'lamp', reconnectPeriod: 0 });
    const isFound = (query: string, names: string[]) => async () => `${await found(aws, query)}` === `${names}`;
    await eventually('lamp is connected', isFound('connectivity.connected:true', ['lamp']), 1000);
    const { things } = await aws.send(
      new SearchIndexCommand({ queryString: 'thingName:* -connectivity.connected:true' }),
    );
    expect(things).toMatchObject([{ thingName: 'plug' }]);
    expect(things?.[0]).not.toHaveProperty('connectivity');

    lamp.stream.destroy();
    const lost = 'connectivity.connected:false AND connectivity.disconnectReason:CONNECTION_LOST';
    await eventually('lamp is lost', isFound(lost, ['lamp']), 1000);
    const again = await connectAsync(url, { clientId: 'lamp', reconnectPeriod: 0 });
    await eventually('lamp is back', isFound('connectivity.connected:true', ['lamp']), 1000);
    expect(await aws.send(new GetThingConnectivityDataCommand({ thingName: 'lamp' }))).toMatchObject({
      thingName: 'lamp',
      connected: true,
      disconnectReason: 'NONE',
      timestamp: expect.any(Date),
    });
    await again.endAsync();
    const left = 'connectivity.disconnectReason:CLIENT_INITIATED_DISCONNECT';
    await eventually('lamp has left', isFound(left, ['lamp']), 1000);
  });

  test('of a thousand things comes in pages, each thing once, and gives way to messages', async () => {
    const thingd = await startThingd();
    await configure(thingd);
    const names = Array.from({ length: 1000 }, (_, n) => `thing-${String(n).padStart(4, '0')}`);
    await create(thingd, names);
    const iot = iotClient(thingd);
    const seen: (string | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const page = await iot.send(
        new SearchIndexCommand({ queryString: 'thingName:thing-*', maxResults: 99, nextToken }),
      );
      seen.push(...(page.things?.map(({ thingName }) => thingName) ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    expect(seen).toEqual(names);
    if (process.platform !== 'linux') return;
    // However much there is to read, messages come first.
    expect(await thingd.priorities('search')).toEqual([Math.min(getPriority() + 10, 19)]);
  });

  test('is in the index after a crash, with nobody connected', async () => {
    const dataDir = await temporaryDirectory();
    const first = await startThingd({ command: 'dev', dataDir });
    await configure(first);
    await create(first, ['lamp', 'plug']);
    const client = await connectAsync(`mqtt://localhost:${first.endpoints.mqtt.port}`, {
      clientId: 'lamp',
      reconnectPeriod: 0,
    });
    await eventually(
      'lamp is connected',
      async () => (await found(iotClient(first), 'connectivity.connected:true')).length === 1,
    );
    await create(first, ['tap']);
    await first.kill();
    await client.endAsync(true);
    const second = await startThingd({ command: 'dev', dataDir });
    const iot = iotClient(second);
    await eventually('all are indexed', async () => `${await found(iot, '*')}` === 'lamp,plug,tap');
    expect(await found(iot, 'connectivity.connected:true')).toEqual([]);
    expect(await found(iot, 'connectivity.connected:false')).toEqual(['lamp']);
  });
});

async function configure(thingd: Thingd): Promise<void> {
  const thingIndexingConfiguration = {
    thingIndexingMode: 'REGISTRY_AND_SHADOW',
    thingConnectivityIndexingMode: 'STATUS',
  } as const;
  await iotClient(thingd).send(new UpdateIndexingConfigurationCommand({ thingIndexingConfiguration }));
}

async function create(thingd: Thingd, names: readonly string[]): Promise<void> {
  const iot = iotClient(thingd);
  for (let start = 0; start < names.length; start += 50) {
    const batch = names.slice(start, start + 50);
    await Promise.all(batch.map(thingName => iot.send(new CreateThingCommand({ thingName }))));
  }
}
