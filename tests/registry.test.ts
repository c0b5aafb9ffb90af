/** The registry through boto3, the `aws` command and AWS's SDK: every operation, a thousand things, writers in each other's way. */
import { join } from 'node:path';
import {
  AddThingToThingGroupCommand,
  CreateBillingGroupCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  CreateThingTypeCommand,
  DeleteThingCommand,
  DeleteThingGroupCommand,
  DescribeThingCommand,
  DescribeThingRegistrationTaskCommand,
  type IoTClient,
  ListThingRegistrationTaskReportsCommand,
  ListThingsInThingGroupCommand,
  StartThingRegistrationTaskCommand,
  StopThingRegistrationTaskCommand,
  UpdateThingCommand,
  UpdateThingTypeCommand,
} from '@aws-sdk/client-iot';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsCli, noCredentials } from './harness/aws-cli.ts';
import { launch, type Running, run } from './harness/command.ts';
import { createDevice, iotClient, tlsFiles } from './harness/device.ts';
import { eventually } from './harness/eventually.ts';
import { describeWith } from './harness/parts.ts';
import { cleanEnvironment, startThingd, type Thingd } from './harness/thingd.ts';

const names = Array.from({ length: 1000 }, (_, index) => `fleet-${String(index).padStart(4, '0')}`);

let thingd: Thingd;
let iot: IoTClient;

/** Runs `use` on each, so many at a time. */
async function forEach<T>(items: readonly T[], atOnce: number, use: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await use(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

beforeAll(async () => {
  thingd = await startThingd({ env: noCredentials });
  iot = iotClient(thingd);
  await iot.send(new CreateThingTypeCommand({ thingTypeName: 'node' }));
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'all' }));
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'fleet', parentGroupName: 'all' }));
  await iot.send(new CreateBillingGroupCommand({ billingGroupName: 'fleet' }));
  await forEach(names, 50, async thingName => {
    const attributePayload = { attributes: { site: 'north' } };
    const thing = { thingName, thingTypeName: 'node', billingGroupName: 'fleet', attributePayload };
    await iot.send(new CreateThingCommand(thing));
    await iot.send(new AddThingToThingGroupCommand({ thingName, thingGroupName: 'fleet' }));
  });
});

afterAll(() => iot.destroy());

describeWith(['boto3'], 'boto3', () => {
  // biome-ignore lint/suspicious/noExplicitAny: what the script saw, judged below
  let seen: any;

  beforeAll(async () => {
    let working = true;
    // Things that come and go while the script pages, before, between and behind those it looks at.
    const writers = [0, 1, 2].map(async writer => {
      for (let count = 0; working; count = (count + 1) % 10) {
        const thingName = `fleet-${String(writer * 300).padStart(4, '0')}-${count}`;
        await iot.send(new CreateThingCommand({ thingName, attributePayload: { attributes: { site: 'nowhere' } } }));
        await iot.send(new DeleteThingCommand({ thingName }));
      }
    });
    const script = join(import.meta.dirname, 'boto3', 'registry.py');
    const env = { ...cleanEnvironment, ...thingd.env, AWS_EC2_METADATA_DISABLED: 'true' };
    const running = run('python3', [script, thingd.endpoints.http.url], { env, timeout: 55_000 });
    const { exit, stdout, stderr } = await running.finally(() => {
      working = false;
    });
    await Promise.all(writers);
    if (exit !== 0) throw new Error(stderr);
    seen = JSON.parse(stdout);
  });

  test.each(['list_things', 'list_things_in_thing_group', 'list_things_in_billing_group'])(
    '%s shows each of a thousand things once and in order, 250 a page, while others come and go',
    operation => {
      const pages: string[][] = seen.pages[operation];
      expect(Math.max(...pages.map(page => page.length))).toBe(250);
      const shown = pages.flat();
      expect(shown).toEqual([...new Set(shown)].sort());
      expect(shown.filter(name => names.includes(name))).toEqual(names);
    },
  );

  test('filters things by type', () => {
    expect(seen['of the type']).toBe(250);
  });

  test('sees a thing type as it was created, updated, deprecated and restored', () => {
    expect(seen.type).toMatchObject({
      thingTypeName: 'bulb',
      thingTypeProperties: {
        thingTypeDescription: 'gives more light',
        searchableAttributes: ['watts'],
        mqtt5Configuration: { propagatingAttributes: [{ userPropertyKey: 'site', thingAttribute: 'site' }] },
      },
      thingTypeMetadata: { deprecated: false },
    });
    expect(seen.deprecated).toEqual([true]);
  });

  test('sees groups in their hierarchy, and policies inherited along it', () => {
    expect(seen.group).toMatchObject({
      thingGroupName: 'kitchen',
      version: 2,
      thingGroupProperties: {
        thingGroupDescription: 'warm',
        attributePayload: { attributes: { floor: '2' } },
      },
      thingGroupMetadata: { parentGroupName: 'house', rootToParentThingGroups: [{ groupName: 'house' }] },
    });
    expect(seen.groups).toEqual(['kitchen']);
    expect(seen['group of']).toEqual(['kitchen']);
    expect(seen.effective).toEqual(['all']);
  });

  test('sees principals in both forms', () => {
    const exclusive = [{ thingName: 'lamp', thingPrincipalType: 'EXCLUSIVE_THING' }];
    expect(seen.principals).toEqual([true, 'EXCLUSIVE_THING', ['lamp'], exclusive]);
  });

  test('sees billing groups with their things, which they let go when they are deleted', () => {
    expect(seen.billing).toEqual({
      group: {
        billingGroupName: 'plant',
        billingGroupArn: expect.stringMatching(/:billinggroup\/plant$/),
        billingGroupId: expect.any(String),
        version: 2,
        billingGroupProperties: { billingGroupDescription: 'iron' },
        billingGroupMetadata: { creationDate: expect.any(String) },
      },
      things: ['billed', 'lamp'],
      thing: 'plant',
      groups: ['plant'],
      after: null,
    });
  });

  test('sees things join and leave a dynamic group', () => {
    expect(seen.dynamic).toEqual({
      indexName: 'AWS_Things',
      queryString: 'attributes.t>60',
      queryVersion: '2017-09-30',
      joined: ['lamp'],
    });
  });

  test('tags types, groups and billing groups', () => {
    const owned = [{ Key: 'owner', Value: 'me' }];
    expect(seen.tags).toEqual({ 'thingtype/bulb': owned, 'thinggroup/house': owned, 'billinggroup/fleet': owned });
  });

  test('registers a device by a template', () => {
    expect(seen.registered).toMatchObject({
      pem: true,
      arns: {
        device: expect.stringMatching(/:thing\/device-7$/),
        identity: expect.stringMatching(/:cert\/[0-9a-f]{64}$/),
        permission: expect.stringMatching(/:policy\/all$/),
      },
      thing: { attributes: { serial: '7', site: 'Oslo-1' }, thingTypeName: 'bulb', billingGroupName: 'fleet' },
      groups: ['house'],
      policies: ['all'],
      principals: true,
    });
  });

  test('is told why a bulk registration without AWS credentials fails', () => {
    expect(seen.task).toMatchObject({
      status: 'Failed',
      message: expect.stringContaining('there are no AWS credentials'),
      inputFileBucket: 'files',
      inputFileKey: 'devices.json',
      successCount: 0,
      failureCount: 0,
    });
    expect(seen.tasks).toBe(true);
    expect(seen.reports).toEqual([]);
  });

  test.each<[string, string, string, number]>([
    ['thing errors', 'different', 'ResourceAlreadyExistsException', 409],
    ['thing errors', 'old version', 'VersionConflictException', 409],
    ['thing errors', 'unknown', 'ResourceNotFoundException', 404],
    ['thing errors', 'unknown type', 'ResourceNotFoundException', 404],
    ['thing errors', 'value alone', 'InvalidRequestException', 400],
    ['thing errors', 'bad token', 'InvalidRequestException', 400],
    ['thing errors', 'too many attributes', 'InvalidRequestException', 400],
    ['type errors', 'deprecated', 'InvalidRequestException', 400],
    ['type errors', 'waiting', 'InvalidRequestException', 400],
    ['type errors', 'different', 'ResourceAlreadyExistsException', 409],
    ['type errors', 'unknown', 'ResourceNotFoundException', 404],
    ['principal errors', 'exclusive', 'InvalidRequestException', 400],
    ['principal errors', 'still attached', 'InvalidRequestException', 400],
    ['principal errors', 'no principal', 'InvalidRequestException', 400],
    ['group errors', 'one hierarchy', 'InvalidRequestException', 400],
    ['group errors', 'children', 'InvalidRequestException', 400],
    ['group errors', 'old version', 'VersionConflictException', 409],
    ['group errors', 'different', 'ResourceAlreadyExistsException', 409],
    ['group errors', 'no parent', 'InvalidRequestException', 400],
    ['group errors', 'unknown', 'ResourceNotFoundException', 404],
    ['group errors', 'nothing named', 'InvalidRequestException', 400],
    ['billing errors', 'elsewhere', 'InvalidRequestException', 400],
    ['billing errors', 'old version', 'VersionConflictException', 409],
    ['billing errors', 'different', 'ResourceAlreadyExistsException', 409],
    ['billing errors', 'unknown', 'ResourceNotFoundException', 404],
    ['billing errors', 'different thing', 'ResourceAlreadyExistsException', 409],
    ['dynamic errors', 'by hand', 'InvalidRequestException', 400],
    ['dynamic errors', 'policy', 'InvalidRequestException', 400],
    ['dynamic errors', 'static update', 'InvalidRequestException', 400],
    ['dynamic errors', 'static delete', 'InvalidRequestException', 400],
    ['dynamic errors', 'bad query', 'InvalidQueryException', 400],
    ['dynamic errors', 'different', 'ResourceAlreadyExistsException', 409],
    ['dynamic errors', 'old version', 'VersionConflictException', 409],
    ['tag errors', 'thing', 'InvalidRequestException', 400],
    ['tag errors', 'unknown', 'ResourceNotFoundException', 404],
    ['registration errors', 'conflict', 'ConflictingResourceUpdateException', 409],
    ['registration errors', 'no value', 'InvalidRequestException', 400],
    ['registration errors', 'no template', 'InvalidRequestException', 400],
    ['registration errors', 'unknown type', 'ResourceRegistrationFailureException', 400],
    ['task errors', 'over', 'InvalidRequestException', 400],
    ['task errors', 'unknown', 'ResourceNotFoundException', 404],
  ])('%s: %s is caught as %s with status %i', (area, refusal, name, status) => {
    expect(seen[area][refusal]).toMatchObject({ name, class: name, status });
    expect(seen[area][refusal].message).not.toBe('');
  });

  test('a dynamic group while indexing is off, and a thing that is gone, are refused', () => {
    expect(seen['indexing off']).toMatchObject({ name: 'InvalidRequestException', status: 400 });
    expect(seen.gone).toBe('ResourceNotFoundException');
  });

  test('things join a group by their shadow, as long as shadows are indexed; indexing stays on for groups', () => {
    expect(seen.shining).toEqual(['lamp']);
    expect(seen['indexing in use']).toMatchObject({ name: 'InvalidRequestException', status: 400 });
  });
});

describeWith(['aws'], 'the aws command', () => {
  let aws: AwsCli;
  beforeAll(() => {
    aws = new AwsCli(thingd);
  });

  test('counts a thousand things, a hundred a page', { timeout: 60_000 }, async () => {
    const query = ['--page-size', '100', '--query', 'length(things)'];
    const filter = ['--attribute-name', 'site', '--attribute-value', 'north'];
    expect(await aws.json('iot', 'list-things', ...filter, ...query)).toBe(1000);
    const inGroup = ['--thing-group-name', 'all', '--recursive', ...query];
    expect(await aws.json('iot', 'list-things-in-thing-group', ...inGroup)).toBe(1000);
  });

  test('goes from one page to the next by its token', async () => {
    const page = ['--thing-group-name', 'fleet', '--max-items', '3', '--page-size', '3'];
    const first = await aws.json('iot', 'list-things-in-thing-group', ...page);
    const next = await aws.json('iot', 'list-things-in-thing-group', ...page, '--starting-token', first.NextToken);
    expect([...first.things, ...next.things]).toEqual(names.slice(0, 6));
  });

  test('prints AWS’s errors', async () => {
    expect(await aws.failure('iot', 'describe-billing-group', '--billing-group-name', 'none')).toContain(
      'An error occurred (ResourceNotFoundException) when calling the DescribeBillingGroup operation',
    );
    expect(await aws.failure('iot', 'register-thing', '--template-body', '{"Resources":{}}')).toContain(
      'An error occurred (InvalidRequestException) when calling the RegisterThing operation',
    );
  });
});

describe('writers in each other’s way', () => {
  const outcome = (call: Promise<unknown>) => call.then(() => 'done').catch((error: Error) => error.name);
  const tally = async (calls: readonly Promise<unknown>[]) => {
    const counts: Record<string, number> = {};
    for (const name of await Promise.all(calls.map(outcome))) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  };

  test('of one version of a thing, exactly one wins', async () => {
    await iot.send(new CreateThingCommand({ thingName: 'raced' }));
    for (let version = 1; version <= 10; version++) {
      const race = Array.from({ length: 20 }, (_, writer) => {
        const attributePayload = { attributes: { writer: String(writer) } };
        return iot.send(new UpdateThingCommand({ thingName: 'raced', attributePayload, expectedVersion: version }));
      });
      expect(await tally(race)).toEqual({ done: 1, VersionConflictException: 19 });
    }
    expect((await iot.send(new DescribeThingCommand({ thingName: 'raced' }))).version).toBe(11);
  });

  test('all merges of attributes are kept', async () => {
    await iot.send(new CreateThingCommand({ thingName: 'merged', thingTypeName: 'node' }));
    const race = Array.from({ length: 40 }, (_, writer) => {
      const attributePayload = { attributes: { [`w${writer}`]: 'x' }, merge: true };
      return iot.send(new UpdateThingCommand({ thingName: 'merged', attributePayload }));
    });
    expect(await tally(race)).toEqual({ done: 40 });
    const { attributes, version } = await iot.send(new DescribeThingCommand({ thingName: 'merged' }));
    expect(Object.keys(attributes!)).toHaveLength(40);
    expect(version).toBe(41);
  });

  test('a group deleted under those who fill it leaves nothing behind', async () => {
    await iot.send(new CreateThingGroupCommand({ thingGroupName: 'doomed' }));
    const joining = names
      .slice(0, 30)
      .map(thingName => iot.send(new AddThingToThingGroupCommand({ thingName, thingGroupName: 'doomed' })));
    const deleting = iot.send(new DeleteThingGroupCommand({ thingGroupName: 'doomed' }));
    const counts = await tally([...joining, deleting]);
    expect(Object.keys(counts).every(name => ['done', 'ResourceNotFoundException'].includes(name))).toBe(true);
    await iot.send(new CreateThingGroupCommand({ thingGroupName: 'doomed' }));
    expect((await iot.send(new ListThingsInThingGroupCommand({ thingGroupName: 'doomed' }))).things).toEqual([]);
  });
});

test('a device’s messages carry its thing’s attributes, as its type and the registry have them now', async () => {
  const propagating = (userPropertyKey: string, thingAttribute: string) => ({
    mqtt5Configuration: { propagatingAttributes: [{ userPropertyKey, thingAttribute }] },
  });
  const type = { thingTypeName: 'meter', thingTypeProperties: propagating('site', 'place') };
  await iot.send(new CreateThingTypeCommand(type));
  const device = await createDevice(thingd, 'meter-1');
  const update = (place: string) => ({ thingName: 'meter-1', attributePayload: { attributes: { place } } });
  await iot.send(new UpdateThingCommand({ ...update('north'), thingTypeName: 'meter' }));
  const files = { ...tlsFiles(device), rejectUnauthorized: true, servername: 'localhost' };
  const publisher = await connectAsync(thingd.endpoints.mqtts.url, { ...files, clientId: 'meter-1' });
  const reader = await createDevice(thingd, 'reader');
  const options = { ...files, ...tlsFiles(reader), clientId: 'reader', protocolVersion: 5 } as const;
  const subscriber = await connectAsync(thingd.endpoints.mqtts.url, options);
  try {
    const heard: unknown[] = [];
    subscriber.on('message', (_topic, _payload, { properties }) => heard.push({ ...properties?.userProperties }));
    await subscriber.subscribeAsync('readings', { qos: 1 });
    const hears = (userProperties: object) =>
      eventually(`messages carry ${JSON.stringify(userProperties)}`, async () => {
        await publisher.publishAsync('readings', '1', { qos: 1 });
        return JSON.stringify(heard.at(-1)) === JSON.stringify(userProperties);
      });
    await hears({ site: 'north' });
    await iot.send(new UpdateThingCommand(update('south')));
    await hears({ site: 'south' });
    const renamed = { thingTypeName: 'meter', thingTypeProperties: propagating('place', 'place') };
    await iot.send(new UpdateThingTypeCommand(renamed));
    await hears({ place: 'south' });
  } finally {
    await Promise.all([publisher.endAsync(true), subscriber.endAsync(true)]);
  }
});

describeWith(['moto_server', 'boto3'], 'bulk registration from S3', () => {
  let own: Thingd;
  let client: IoTClient;
  let s3: Running;
  let endpoint: string;

  const put = `
import sys, boto3
s3 = boto3.client("s3", endpoint_url=sys.argv[1])
s3.create_bucket(Bucket="files")
s3.put_object(Bucket="files", Key=sys.argv[2], Body=sys.stdin.buffer.read())
`;
  const credentials = { AWS_ACCESS_KEY_ID: 'reader', AWS_SECRET_ACCESS_KEY: 'secret', AWS_DEFAULT_REGION: 'us-east-1' };
  const upload = async (key: string, input: string) => {
    const env = { ...cleanEnvironment, ...credentials };
    const { exit, stderr } = await run('python3', ['-c', put, endpoint, key], { env, input });
    if (exit !== 0) throw new Error(stderr);
  };

  beforeAll(async () => {
    s3 = launch('moto_server', ['-H', '127.0.0.1', '-p', '0'], { env: cleanEnvironment });
    endpoint = await eventually(
      'moto_server is up',
      () => /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(s3.stdout + s3.stderr)?.[1],
      30_000,
    );
    own = await startThingd({ env: { ...credentials, AWS_ENDPOINT_URL_S3: endpoint } });
    client = iotClient(own);
  });
  afterAll(async () => {
    client.destroy();
    await s3.stop();
  });

  const templateBody = JSON.stringify({
    Parameters: { ThingName: { Type: 'String' } },
    Resources: { thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { Ref: 'ThingName' } } } },
  });
  const start = async (inputFileKey: string) => {
    const roleArn = 'arn:aws:iam::123456789012:role/reader';
    const file = { inputFileBucket: 'files', inputFileKey, roleArn };
    return (await client.send(new StartThingRegistrationTaskCommand({ templateBody, ...file }))).taskId!;
  };
  const ended = (taskId: string) =>
    eventually(
      'the task ends',
      async () => {
        const task = await client.send(new DescribeThingRegistrationTaskCommand({ taskId }));
        return !['InProgress', 'Cancelling'].includes(task.status!) && task;
      },
      30_000,
    );
  const report = async (taskId: string, reportType: 'RESULTS' | 'ERRORS') => {
    const { resourceLinks } = await client.send(new ListThingRegistrationTaskReportsCommand({ taskId, reportType }));
    const [link] = resourceLinks!;
    if (link === undefined) return [];
    const response = await fetch(link);
    expect(response.status).toBe(200);
    expect((await fetch(link.slice(0, -1))).status).toBe(404);
    const text = await response.text();
    return text
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line));
  };

  test('registers a thousand devices, and reports each', async () => {
    const lines = names.map(ThingName => JSON.stringify({ ThingName }));
    lines[500] = JSON.stringify({ ThingName: 'not/a/name' });
    await upload("shelf(1)/devices!*'.json", lines.join('\n'));
    const taskId = await start("shelf(1)/devices!*'.json");
    const task = await ended(taskId);
    expect(task).toMatchObject({ status: 'Completed', successCount: 999, failureCount: 1, percentageProgress: 100 });
    const results = await report(taskId, 'RESULTS');
    expect(results.map(({ response }) => response.ResourceArns.thing.split('/')[1])).toEqual(
      names.filter((_, index) => index !== 500),
    );
    expect(await report(taskId, 'ERRORS')).toMatchObject([{ lineNumber: 501, errorCode: 'InvalidRequestException' }]);
  });

  test('fails with the reason S3 gives for a file that is not there', async () => {
    expect(await ended(await start('nowhere.json'))).toMatchObject({
      status: 'Failed',
      message: 'the input file s3://files/nowhere.json cannot be read: NoSuchKey: The specified key does not exist.',
    });
  });

  test('goes on after a kill -9, and stops when told', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => JSON.stringify({ ThingName: `bulk-${index}` }));
    await upload('many.json', many.join('\n'));
    const taskId = await start('many.json');
    const describe = () => client.send(new DescribeThingRegistrationTaskCommand({ taskId }));
    await eventually('some are registered', async () => (await describe()).successCount! > 100);
    await expect(start('many.json')).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await own.kill();
    own = await startThingd({ dataDir: own.dataDir, env: { ...credentials, AWS_ENDPOINT_URL_S3: endpoint } });
    client.destroy();
    client = iotClient(own);
    const { successCount: kept } = await describe();
    await eventually('it has gone on', async () => (await describe()).successCount! > kept! + 100);
    await client.send(new StopThingRegistrationTaskCommand({ taskId }));
    const { status, successCount, failureCount } = await ended(taskId);
    expect({ status, failureCount }).toEqual({ status: 'Cancelled', failureCount: 0 });
    expect((await report(taskId, 'RESULTS')).map(({ lineNumber }) => lineNumber)).toEqual(
      Array.from({ length: successCount! }, (_, index) => index + 1),
    );
  });
});
