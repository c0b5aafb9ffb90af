/** Rules that write to InfluxDB: destinations by the SDK, the token from moto's Secrets Manager, and what a server reads as points. */
import {
  CreateTopicRuleCommand,
  CreateTopicRuleDestinationCommand,
  GetTopicRuleDestinationCommand,
  type InfluxDBAction,
  type InfluxDBDestinationConfiguration,
  type IoTClient,
  ListTopicRuleDestinationsCommand,
  UpdateTopicRuleDestinationCommand,
} from '@aws-sdk/client-iot';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { AwsCli } from './harness/aws-cli.ts';
import { iotClient } from './harness/device.ts';
import { eventually } from './harness/eventually.ts';
import { type InfluxServer, startInflux } from './harness/influx.ts';
import { describeWith } from './harness/parts.ts';
import { accountId, credentials, type RuleGround, roleArn, startMoto, startRules } from './harness/rule-ground.ts';

const parts = ['moto_server', 'aws', 'mosquitto_pub', 'mosquitto_sub'] as const;

describeWith(parts, 'rules that write to InfluxDB', () => {
  let server: InfluxServer;
  let ground: RuleGround;
  let aws: AwsCli;
  let iot: IoTClient;
  let destinationArn: string;

  beforeAll(async () => {
    const endpoint = await startMoto();
    server = await startInflux();
    ground = await startRules({ AWS_ENDPOINT_URL: endpoint });
    aws = new AwsCli(ground.thingd, { ...credentials, AWS_ENDPOINT_URL: endpoint });
    iot = iotClient(ground.thingd, { accessKeyId: accountId, region: 'us-east-1' });
    await aws.json('secretsmanager', 'create-secret', '--name', 'influx', '--secret-string', server.token);
    destinationArn = await create({ influxDBVersion: 'V2' });
    await reaches(destinationArn, 'ENABLED');
  }, 90_000);
  beforeEach(() => {
    server.written.length = 0;
    server.answers.length = 0;
  });

  async function create(given: Partial<InfluxDBDestinationConfiguration>): Promise<string> {
    const influxDBConfiguration = {
      endpoint: server.url,
      influxDBVersion: 'V3',
      secretId: 'influx',
      ...given,
    } as const;
    const made = new CreateTopicRuleDestinationCommand({ destinationConfiguration: { influxDBConfiguration } });
    return (await iot.send(made)).topicRuleDestination!.arn!;
  }
  const reaches = (arn: string, status: string) =>
    eventually(
      `the destination is ${status}`,
      async () => {
        const { topicRuleDestination } = await iot.send(new GetTopicRuleDestinationCommand({ arn }));
        return topicRuleDestination!.status === status && topicRuleDestination;
      },
      20_000,
    );
  async function rule(ruleName: string, sql: string, given: Partial<InfluxDBAction>, errors?: string): Promise<void> {
    const influxDB = { destinationArn, roleArn, organization: 'home', databaseName: 'house', tableName: 't', ...given };
    const errorAction = errors === undefined ? undefined : { republish: { roleArn, topic: errors } };
    const topicRulePayload = { sql, awsIotSqlVersion: '2016-03-23', actions: [{ influxDB }], errorAction };
    await iot.send(new CreateTopicRuleCommand({ ruleName, topicRulePayload }));
  }
  const written = (count: number) =>
    eventually(`${count} writes`, () => server.written.length >= count && server.written, 20_000);

  test('a destination is enabled when the endpoint takes the token, and an error until then', async () => {
    const json = JSON.stringify({ token: server.token });
    await aws.json('secretsmanager', 'create-secret', '--name', 'json', '--secret-string', json);
    const wrong = await create({ secretId: 'json', secretKey: 'password' });
    const { statusReason } = await reaches(wrong, 'ERROR');
    expect(statusReason).toContain('the secret has no SecretString, or no `password` in it');
    const right = await create({ secretId: 'json', secretKey: 'token' });
    const { influxDBProperties } = await reaches(right, 'ENABLED');
    const properties = { endpoint: server.url, influxDBVersion: 'V3', secretId: 'json', secretKey: 'token' };
    expect(influxDBProperties).toEqual(properties);
    const { destinationSummaries } = await iot.send(new ListTopicRuleDestinationsCommand());
    expect(destinationSummaries).toContainEqual(expect.objectContaining({ arn: right, influxDBSummary: properties }));

    server.token = 'other';
    await iot.send(new UpdateTopicRuleDestinationCommand({ arn: destinationArn, status: 'IN_PROGRESS' }));
    expect((await reaches(destinationArn, 'ERROR')).statusReason).toContain('the server answered 401');
    server.token = 'first-token';
    await iot.send(new UpdateTopicRuleDestinationCommand({ arn: destinationArn, status: 'IN_PROGRESS' }));
    await reaches(destinationArn, 'ENABLED');
  });

  test('a message becomes a point: tags by templates, the other members as fields', async () => {
    const tags = { room: '${room}', device: '${clientid()}', topic: '${topic(2)}' };
    await rule('toInflux', "SELECT * FROM 'points/+'", { tableName: 'air', tags, timestampUnit: 's' });
    server.refusals.push(503);
    await ground.publish(
      'points/hall',
      '{"timestamp":1700000000,"room":"b 1","t":23.5,"n":7,"on":true,"by":"\\"x\\""}',
    );
    const [write] = await written(1);
    expect(server.answers).toEqual(['/api/v2/write 503', '/api/v2/write 204']);
    expect(write).toMatchObject({ org: 'home', precision: 's' });
    const [point, ...others] = write!.points;
    expect(others).toEqual([]);
    expect(point).toMatchObject({ table: 'air', timestamp: 1700000000n });
    expect(point!.tags).toEqual([
      ['device', expect.any(String)],
      ['room', 'b 1'],
      ['topic', 'hall'],
    ]);
    expect(point!.fields).toEqual({
      t: { float: 23.5 },
      n: { integer: 7n },
      on: { boolean: true },
      by: { string: '"x"' },
    });
  });

  test('an array is as many points, with tables and tags of their own', async () => {
    await rule('arrays', "SELECT VALUE * FROM 'arrays'", { tableName: '@{kind}', tags: { room: '@{room}' } });
    const of = (kind: string, room: string, value: number) => ({ kind, room, value, timestamp: 1700000000000 });
    await ground.publish('arrays', [of('heat', 'attic', 1.5), of('damp', 'cellar', 2)]);
    const [write] = await written(1);
    expect(write!.lines).toBe('heat,room=attic value=1.5 1700000000000\ndamp,room=cellar value=2i 1700000000000');
  });

  test('messages are written in batches, one of which that fails is told of once', async () => {
    const seen = await ground.subscriber('influx-errors');
    const batchConfig = { maxBatchSize: 3, maxBatchOpenMs: 1000, batchAcrossTopics: true };
    await rule('batches', "SELECT * FROM 'batches/+'", { batchConfig }, 'influx-errors');
    const message = (n: number) => ({ timestamp: n, n });
    const publish = (...numbers: number[]) => Promise.all(numbers.map(n => ground.publish(`batches/${n}`, message(n))));
    await publish(1, 2, 3);
    const [write] = await written(1);
    expect(write!.points.map(({ timestamp }) => timestamp).toSorted()).toEqual([1n, 2n, 3n]);

    server.refusals.push(422);
    await ground.publish('batches/unfit', '{"n":1}');
    await publish(4, 5, 6);
    await eventually('two documents', () => seen.stdout.match(/payloadsWithMetadata/g)?.length === 2, 20_000);
    const documents = seen.lines.filter(line => line.startsWith('{')).map(line => JSON.parse(line));
    const [alone, together] = documents.toSorted(
      (a, b) => a.payloadsWithMetadata.length - b.payloadsWithMetadata.length,
    );
    expect(alone).toMatchObject({
      payloadsWithMetadata: [{ id: 1, topic: 'batches/unfit' }],
      failures: [{ affectedIds: [1], failedAction: 'InfluxDBAction', errorMessage: '`timestamp` is missing' }],
    });
    const topics = together.payloadsWithMetadata.map(({ topic }: { topic: string }) => topic).toSorted();
    expect(topics).toEqual(['batches/4', 'batches/5', 'batches/6']);
    expect(together.failures).toMatchObject([{ affectedIds: [1, 2, 3], failedResource: destinationArn }]);
    expect(server.answers.filter(answer => answer === '/api/v2/write 422')).toHaveLength(1);
    await seen.stop();
  });

  test('a token that was changed is read again, once; no trace and no log has it', async () => {
    const seen = await ground.subscriber('influx-refusals');
    await rule('rotated', "SELECT * FROM 'rotated'", {}, 'influx-refusals');
    await ground.publish('rotated', { timestamp: 1, n: 1 });
    await written(1);
    server.token = 'second-token';
    await aws.json('secretsmanager', 'put-secret-value', '--secret-id', 'influx', '--secret-string', 'second-token');
    server.answers.length = 0;
    await ground.publish('rotated', { timestamp: 2, n: 2 });
    await written(2);
    expect(server.answers).toEqual(['/api/v2/write 401', '/api/v2/write 204']);

    server.token = 'a third one';
    server.answers.length = 0;
    await ground.publish('rotated', { timestamp: 3, n: 3 });
    await seen.prints('the server answered 401');
    expect(server.answers).toEqual(['/api/v2/write 401', '/api/v2/write 401']);
    expect(ground.thingd.child.stderr + seen.stdout).not.toContain('second-token');
    await seen.stop();
    server.token = 'second-token';
  });

  test('as an error action it writes the document as one point, at the time it is told', async () => {
    const republish = { roleArn, topic: 'a/${broken}/#' };
    const influxDB = { destinationArn, roleArn, organization: 'home', databaseName: 'house', tableName: 'errors' };
    const payload = { sql: "SELECT * FROM 'failing'", actions: [{ republish }], errorAction: { influxDB } };
    await iot.send(new CreateTopicRuleCommand({ ruleName: 'failing', topicRulePayload: payload }));
    const before = Date.now();
    await ground.publish('failing', '{"n":1}');
    const [write] = await written(1);
    const [point] = write!.points;
    expect(point).toMatchObject({ table: 'errors', fields: { ruleName: { string: 'failing' } } });
    expect(Number(point!.timestamp)).toBeGreaterThanOrEqual(before);
    expect(point!.fields.failures).toMatchObject({ string: expect.stringContaining('"RepublishAction"') });
  });

  test.for([
    ['two markers', { tableName: '@{a}@{b}' }, 'more than one'],
    ['a marker beside a template', { tags: { t: '@{a}${b}' } }, 'both'],
    ['an expression in a marker', { tags: { t: '@{upper(a)}' } }, 'no field'],
  ] as const)('a rule with %s is refused', async ([, given, reason]) => {
    const refused = rule('refused', "SELECT * FROM 'never'", given);
    await expect(refused).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining(reason),
    });
  });
});
