/** Rules whose actions call services that moto has not, or that are not well: a server of ours answers in their place. */
import { createHash } from 'node:crypto';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { noCredentials } from './harness/aws-cli.ts';
import { eventually } from './harness/eventually.ts';
import { type HttpTarget, openHttpTarget } from './harness/http-target.ts';
import { describeWith } from './harness/parts.ts';
import { accountId, type RuleGround, roleArn, startMoto, startRules } from './harness/rule-ground.ts';

describeWith(['aws', 'mosquitto_pub', 'mosquitto_sub'], 'actions on services that a server stands in for', () => {
  let server: HttpTarget;
  let ground: RuleGround;

  beforeAll(async () => {
    server = await openHttpTarget();
    ground = await startRules({ AWS_ENDPOINT_URL: server.url });
  });
  beforeEach(() => {
    server.received.length = 0;
  });

  test('a function that is mapped to no file is invoked, again while Lambda is not well', async () => {
    const functionArn = `arn:aws:lambda:eu-west-1:${accountId}:function:chat`;
    await ground.rule('toLambda', "SELECT text FROM 'study'", { lambda: { functionArn } });
    server.answers.push(500, 429, 202);
    await ground.publish('study', '{"text":"hello"}');
    await eventually('three attempts', () => server.received.length === 3, 20_000);
    for (const { path, headers, body } of server.received) {
      expect(decodeURIComponent(path)).toBe(`/2015-03-31/functions/${functionArn}/invocations`);
      expect(body).toBe('{"text":"hello"}');
      expect(headers['x-amz-invocation-type']).toBe('Event');
      expect(headers.authorization).toContain('/eu-west-1/lambda/aws4_request');
    }
  });

  test.for(['openSearch', 'elasticsearch'])('%s gets a document under the id its template makes', async kind => {
    const index = '${topic(2)}';
    const document = { roleArn, endpoint: server.url, index, type: '_doc', id: '${id} ü' };
    await ground.rule(`to${kind}`, `SELECT t FROM '${kind}/+'`, { [kind]: document });
    server.answers.push(503, 201);
    await ground.publish(`${kind}/rooms`, '{"t":1,"id":"7"}');
    await eventually('two attempts', () => server.received.length === 2, 20_000);
    for (const { method, path, headers, body } of server.received) {
      expect({ method, path, body }).toEqual({ method: 'PUT', path: '/rooms/_doc/7%20%C3%BC', body: '{"t":1}' });
      expect(headers['content-type']).toBe('application/json');
      expect(headers.authorization).toContain('/us-east-1/es/aws4_request');
    }
  });

  test('each attribute becomes a record of Timestream, its column by the kind of JSON', async () => {
    const timestream = {
      roleArn,
      databaseName: 'house',
      tableName: 'rooms',
      dimensions: [{ name: 'room', value: '${topic(2)}' }],
      timestamp: { value: '${at}', unit: 'SECONDS' },
    };
    await ground.rule('toTimestream', "SELECT t, n, on, deep FROM 'times/+'", { timestream });
    await ground.publish('times/hall', '{"t":1.5,"n":2,"on":true,"deep":{"a":[1]},"at":1700000000}');
    const [call] = await eventually('a call', () => server.received.length > 0 && server.received, 20_000);
    expect(call!.headers['x-amz-target']).toBe('Timestream_20181101.WriteRecords');
    const dimensions = [{ Name: 'room', Value: 'hall' }];
    expect(JSON.parse(call!.body)).toEqual({
      DatabaseName: 'house',
      TableName: 'rooms',
      CommonAttributes: { Dimensions: dimensions, Time: '1700000000', TimeUnit: 'SECONDS' },
      Records: [
        { MeasureName: 't', MeasureValueType: 'DOUBLE', MeasureValue: '1.5' },
        { MeasureName: 'n', MeasureValueType: 'BIGINT', MeasureValue: '2' },
        { MeasureName: 'on', MeasureValueType: 'BOOLEAN', MeasureValue: 'true' },
        { MeasureName: 'deep', MeasureValueType: 'VARCHAR', MeasureValue: '{"a":[1]}' },
      ],
    });
  });

  test('a tracker of Amazon Location gets where a device is, longitude first', async () => {
    const timestamp = { value: '${at}', unit: 'SECONDS' };
    const place = { latitude: '${lat}', longitude: '${lon}' };
    const location = { roleArn, trackerName: 'vans', deviceId: '${topic(2)}', ...place, timestamp };
    await ground.rule('toLocation', "SELECT * FROM 'vans/+'", { location });
    server.answers.push(503);
    await ground.publish('vans/v1', '{"lat":35.6,"lon":-139.7,"at":1700000000.5}');
    await eventually('two attempts', () => server.received.length === 2, 20_000);
    for (const { method, path, headers, body } of server.received) {
      expect({ method, path }).toEqual({ method: 'POST', path: '/tracking/v0/trackers/vans/positions' });
      expect(headers.authorization).toContain('/us-east-1/geo/aws4_request');
      expect(JSON.parse(body)).toEqual({
        Updates: [{ DeviceId: 'v1', SampleTime: '2023-11-14T22:13:20.500Z', Position: [-139.7, 35.6] }],
      });
    }
  });

  test('properties of AWS IoT SiteWise get values, each as its kind', async () => {
    const at = { timeInSeconds: '${floor(timestamp() / 1E3)}', offsetInNanos: '${(timestamp() % 1E3) * 1E6}' };
    const of = (value: object) => [{ value, timestamp: at, quality: 'GOOD' }];
    const entries = [
      { propertyAlias: '/room/${topic(2)}/t', propertyValues: of({ doubleValue: '${t}' }) },
      { assetId: 'a-1', propertyId: 'p-1', entryId: 'mine', propertyValues: of({ integerValue: '${n}' }) },
      { propertyAlias: '/on', propertyValues: of({ booleanValue: '${on}' }) },
      { propertyAlias: '/mode', propertyValues: of({ stringValue: '${mode}' }) },
    ];
    const iotSiteWise = { roleArn, putAssetPropertyValueEntries: entries };
    await ground.rule('toSiteWise', "SELECT * FROM 'sites/+'", { iotSiteWise });
    const before = Math.floor(Date.now() / 1000);
    await ground.publish('sites/hall', '{"t":21.5,"n":7,"on":true,"mode":"auto"}');
    const [call] = await eventually('a call', () => server.received.length > 0 && server.received, 20_000);
    expect(call).toMatchObject({ method: 'POST', path: '/properties' });
    const sent = JSON.parse(call!.body).entries;
    const values = sent.map(({ propertyValues }: { propertyValues: { value: object }[] }) => propertyValues[0]!.value);
    expect(values).toEqual([
      { doubleValue: 21.5 },
      { integerValue: 7 },
      { booleanValue: true },
      { stringValue: 'auto' },
    ]);
    expect(sent).toMatchObject([
      { entryId: expect.stringMatching(/^[\w-]{36}$/), propertyAlias: '/room/hall/t' },
      { entryId: 'mine', assetId: 'a-1', propertyId: 'p-1' },
      { propertyAlias: '/on' },
      { propertyAlias: '/mode' },
    ]);
    const [{ timestamp, quality }] = sent[0].propertyValues;
    expect(quality).toBe('GOOD');
    expect(timestamp.timeInSeconds).toBeGreaterThanOrEqual(before);
    expect(timestamp.offsetInNanos).toBeLessThan(1e9);
  });

  test.for([
    ['iotEvents', { inputName: 'doors' }, '/inputs/messages'],
    ['iotAnalytics', { channelArn: `arn:aws:iotanalytics:us-east-1:${accountId}:channel/doors` }, '/messages/batch'],
  ] as const)('%s gets a message for each element of a batch, under ids that every attempt repeats', async given => {
    const [kind, parameters, expectedPath] = given;
    await ground.rule(`to${kind}`, `SELECT VALUE list FROM '${kind}'`, {
      [kind]: { roleArn, ...parameters, batchMode: true },
    });
    server.answers.push(500);
    await ground.publish(kind, '{"list":[{"door":12345678901234567890},{"door":2}]}');
    await eventually('two attempts', () => server.received.length === 2, 20_000);
    const [first, second] = server.received.map(({ path, body }) => ({ path, body: JSON.parse(body) }));
    expect(second).toEqual(first);
    expect(first!.path).toBe(expectedPath);
    const { messages } = first!.body as { messages: { messageId: string; payload: string; inputName?: string }[] };
    const texts = messages.map(({ payload }) => Buffer.from(payload, 'base64').toString());
    expect(texts).toEqual(['{"door":12345678901234567890}', '{"door":2}']);
    expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(2);
  });

  test('a key that a template leaves empty fails at once, and asks nobody', async () => {
    const seen = await ground.subscriber('empty-keys');
    const errorAction = { republish: { roleArn, topic: 'empty-keys' } };
    const s3 = { roleArn, bucketName: 'bucket', key: '${missing}' };
    await ground.rule('emptyKey', "SELECT * FROM 'keyless'", { s3 }, errorAction);
    await ground.publish('keyless', '{"a":1}');
    await seen.prints('the key is empty');
    expect(server.received).toEqual([]);
    await seen.stop();
  });

  test('a document whose id would lead out of its index is not written', async () => {
    const seen = await ground.subscriber('strays');
    const errorAction = { republish: { roleArn, topic: 'strays' } };
    const document = { roleArn, endpoint: server.url, index: 'i', type: '_doc', id: '${id}' };
    await ground.rule('toStray', "SELECT * FROM 'stray'", { openSearch: document }, errorAction);
    await ground.publish('stray', '{"id":".."}');
    await seen.prints('`id` is `..`, which names nothing');
    expect(server.received).toEqual([]);
    await seen.stop();
  });

  test('an answer that refuses is not asked again: the error action is told', async () => {
    const seen = await ground.subscriber('refusals');
    const document = { roleArn, endpoint: server.url, index: 'Upper', type: '_doc', id: '1' };
    const errorAction = { republish: { roleArn, topic: 'refusals' } };
    await ground.rule('toRefusal', "SELECT * FROM 'refused'", { openSearch: document }, errorAction);
    server.answers.push(400);
    await ground.publish('refused', '{"a":1}');
    await seen.prints('"failedAction":"OpenSearchAction"');
    expect(server.received).toHaveLength(1);
    expect(seen.stdout).toContain('the server answered 400');
    await seen.stop();
  });
});

describeWith(['aws', 'mosquitto_pub', 'mosquitto_sub'], 'an action whose target is away for good', () => {
  test('is given up, the error action is told of it alone, and the others succeed', { timeout: 60_000 }, async () => {
    const [server, away] = [await openHttpTarget(), await openHttpTarget()];
    await away.close();
    const endpoints = { AWS_ENDPOINT_URL: server.url, AWS_ENDPOINT_URL_S3: away.url };
    const ground = await startRules({ ...endpoints, THINGD_RULE_RETRY_TIME: '0' });
    const seen = await ground.subscriber('given-up');
    const queueUrl = `https://sqs.us-east-1.amazonaws.com/${accountId}/q`;
    const actions = [{ s3: { roleArn, bucketName: 'my-bucket', key: 'k' } }, { sqs: { roleArn, queueUrl } }];
    await ground.rule('both', "SELECT * FROM 'both'", actions, { republish: { roleArn, topic: 'given-up' } });
    const MD5OfMessageBody = createHash('md5').update('{"t":1}').digest('hex');
    server.answers.push({ body: JSON.stringify({ MessageId: '1', MD5OfMessageBody }) });
    await ground.publish('both', '{"t":1}');
    await seen.prints('"failures":[');
    const documents = seen.lines.filter(line => line.startsWith('{')).map(line => JSON.parse(line));
    expect(documents).toMatchObject([{ ruleName: 'both', topic: 'both', base64OriginalPayload: 'eyJ0IjoxfQ==' }]);
    const failedAction = { failedAction: 'S3Action', failedResource: 'my-bucket' };
    expect(documents[0].failures).toEqual([{ ...failedAction, errorMessage: expect.stringContaining('ECONNREFUSED') }]);
    await eventually('the queue has it', () => server.received.length === 1);
    expect(JSON.parse(server.received[0]!.body)).toMatchObject({ MessageBody: '{"t":1}' });
    await seen.stop();
  });
});

describeWith(['aws', 'mosquitto_pub', 'mosquitto_sub'], 'actions without credentials', () => {
  test('fail with a sentence that says what to set', { timeout: 60_000 }, async () => {
    const none = { ...noCredentials, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
    const server = await openHttpTarget();
    const ground = await startRules({ AWS_ENDPOINT_URL: server.url, ...none });
    const seen = await ground.subscriber('failures');
    const errorAction = { republish: { roleArn, topic: 'failures' } };
    await ground.rule('unsigned', "SELECT * FROM 'unsigned'", { kinesis: { roleArn, streamName: 's' } }, errorAction);
    await ground.publish('unsigned', '{"a":1}');
    await seen.prints('there are no AWS credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
    expect(server.received).toEqual([]);
    await seen.stop();
  });
});

describeWith(['moto_server', 'aws', 'mosquitto_pub'], 'roles of actions', () => {
  test.for([true, false])(
    'a role is assumed where an STS is configured, and only there: %s',
    { timeout: 90_000 },
    async hasSts => {
      const server = await openHttpTarget();
      const sts = hasSts ? { AWS_ENDPOINT_URL_STS: await startMoto() } : undefined;
      const ground = await startRules({ AWS_ENDPOINT_URL: server.url, ...sts });
      const queueUrl = `https://sqs.us-east-1.amazonaws.com/${accountId}/q`;
      const document = { roleArn, endpoint: server.url, index: 'i', type: '_doc', id: '1' };
      await ground.rule('assumed', "SELECT * FROM 'assumed'", { sqs: { roleArn, queueUrl } });
      await ground.rule('signed', "SELECT * FROM 'assumed'", { openSearch: document });
      await ground.publish('assumed', '{"a":1}');
      await eventually('two calls', () => server.received.length >= 2, 20_000);
      for (const { headers } of server.received) {
        expect(headers.authorization).toMatch(hasSts ? /Credential=ASIA/ : /Credential=rules\//);
        expect(headers['x-amz-security-token'] !== undefined).toBe(hasSts);
      }
    },
  );
});
