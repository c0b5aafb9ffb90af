/** The data plane over HTTPS: with a client certificate as devices call it, and signed as services do. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { AttachPolicyCommand, UpdateCertificateCommand } from '@aws-sdk/client-iot';
import {
  DeleteConnectionCommand,
  GetConnectionCommand,
  GetRetainedMessageCommand,
  IoTDataPlaneClient,
  ListRetainedMessagesCommand,
  ListSubscriptionsCommand,
  PublishCommand,
  SendDirectMessageCommand,
} from '@aws-sdk/client-iot-data-plane';
import { connectAsync, connect as createClient, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AwsCli } from './harness/aws-cli.ts';
import { run } from './harness/command.ts';
import {
  allow,
  anything,
  createCertificate,
  createDevice,
  type Device,
  type Identity,
  iotClient,
  policyDocument,
  tlsFiles,
} from './harness/device.ts';
import { temporaryDirectory } from './harness/directory.ts';
import { nextEvent } from './harness/event.ts';
import { type Listener, listen } from './harness/listener.ts';
import { describeWith } from './harness/parts.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

let thingd: Thingd;
let listener: Listener;
let publisher: Device;
let aws: IoTDataPlaneClient;

/** A client that signs; `secure` goes to the TLS port. */
function dataClient(secure: boolean): IoTDataPlaneClient {
  const { accessKeyId, secretAccessKey, region } = thingd.credentials;
  return new IoTDataPlaneClient({
    endpoint: secure ? `https://localhost:${thingd.endpoints.https.port}` : thingd.endpoints.http.url,
    region,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
    ...(secure && { requestHandler: { httpsAgent: new Agent({ ca: readFileSync(thingd.caFile) }) } }),
  });
}

beforeAll(async () => {
  thingd = await startThingd();
  aws = dataClient(false);
  const document = policyDocument(
    allow('iot:Publish', 'arn:aws:iot:*:*:topic/a/*'),
    allow('iot:RetainPublish', 'arn:aws:iot:*:*:topic/a/kept'),
    allow('iot:GetRetainedMessage', 'arn:aws:iot:*:*:topic/a/kept'),
  );
  const observer = await createDevice(thingd, 'observer', anything);
  publisher = await createDevice(thingd, 'publisher', document);
  listener = await listen(thingd, observer, ['a/#', 'signed/#']);
});

const open: MqttClient[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map(client => client.endAsync(true)));
});

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** What a device types: `curl --cert … --key … https://…:8443/<path> [-d …]`. */
async function curl(path: string, identity: Identity | undefined, ...args: readonly string[]): Promise<Answer> {
  const credentials = identity ? ['--cert', identity.certFile, '--key', identity.keyFile] : [];
  const url = `https://localhost:${thingd.endpoints.https.port}${path}`;
  const common = ['-sS', '--tlsv1.2', '--cacert', thingd.caFile, '-w', '\n%{http_code}'];
  const { stdout, stderr, exit } = await run('curl', [...common, ...credentials, ...args, url]);
  if (exit !== 0) throw new Error(`curl exited with ${exit}: ${stderr}`);
  const end = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
}

describeWith(['curl'], 'curl with a client certificate', () => {
  test.each(['/topics/a/b/c', '/topics/a%2Fb%2Fc'])('publishes to %s as to one topic', async path => {
    const { status, body } = await curl(`${path}?qos=1`, publisher, '-d', `{"by":"${path}"}`);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ message: 'OK', traceId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    const { payload, packet } = await listener.next('a/b/c');
    expect(payload.toString()).toBe(`{"by":"${path}"}`);
    expect(packet.qos).toBe(1);
  });

  test('publishes any bytes, at QoS 0 unless told otherwise, and nothing at all', async () => {
    await curl('/topics/a/bytes', publisher, '--data-binary', `@${publisher.caFile}`);
    const { payload, packet } = await listener.next('a/bytes');
    expect(payload.equals(readFileSync(publisher.caFile))).toBe(true);
    expect(packet.qos).toBe(0);
    expect(await curl('/topics/a/nothing', publisher, '-X', 'POST')).toMatchObject({ status: 200 });
    expect((await listener.next('a/nothing')).payload).toHaveLength(0);
  });

  test('may decode names as UTF-8', async () => {
    expect((await curl('/topics/a/k%C3%BCche%20%2B%25', publisher, '-d', 'x')).status).toBe(400);
    expect((await curl('/topics/a/k%C3%BCche%20%25', publisher, '-d', 'x')).status).toBe(200);
    await listener.next('a/küche %');
  });

  test('may retain only where its policy says so', async () => {
    expect((await curl('/topics/a/other?qos=1&retain=true', publisher, '-d', 'x')).status).toBe(403);
    expect((await curl('/topics/a/kept?qos=1&retain=true', publisher, '-d', 'x')).status).toBe(200);
    const { status, body } = await curl('/retainedMessage/a/kept', publisher);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ topic: 'a/kept', payload: Buffer.from('x').toString('base64'), qos: 1 });
    expect((await curl('/retainedMessage/a/other', publisher)).status).toBe(403);
    expect((await curl('/retainedMessage', publisher)).status).toBe(403);
  });

  test.each([
    ['a topic its policy does not name', '/topics/b', 403, 'Forbidden'],
    ['a reserved topic', '/topics/$aws/events/presence/connected/x', 403, 'Forbidden'],
    ['a wildcard', '/topics/a/%23', 400, 'wildcard'],
    ['an unknown QoS', '/topics/a/b?qos=2', 400, 'qos'],
    ['a topic that is too deep', '/topics/a/2/3/4/5/6/7/8/9', 400, 'slashes'],
  ])('is refused %s', async (_, path, status, word) => {
    const answer = await curl(path, publisher, '-d', 'x');
    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(word === 'wildcard' ? /\+/ : new RegExp(word));
  });

  test('is refused without a certificate, with one without a policy, and with one that is not active', async () => {
    expect((await curl('/topics/a/b', undefined, '-d', 'x')).status).toBe(401);
    const iot = iotClient(thingd);
    const bare = await createCertificate(thingd, iot);
    expect((await curl('/topics/a/b', bare, '-d', 'x')).status).toBe(403);
    await iot.send(new AttachPolicyCommand({ policyName: publisher.policyName, target: bare.certificateArn }));
    expect((await curl('/topics/a/b', bare, '-d', 'x')).status).toBe(200);
    const { certificateId } = bare;
    await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
    expect((await curl('/topics/a/b', bare, '-d', 'x')).status).toBe(403);
  });

  test('may send no more than a message may carry', async () => {
    const limit = 128 * 1024;
    const file = join(await temporaryDirectory(), 'large');
    await writeFile(file, Buffer.alloc(limit, 'x'));
    expect((await curl('/topics/a/large', publisher, '--data-binary', `@${file}`)).status).toBe(200);
    expect((await listener.next('a/large')).payload).toHaveLength(limit);
    await writeFile(file, Buffer.alloc(limit + 1, 'x'));
    expect((await curl('/topics/a/large', publisher, '--data-binary', `@${file}`)).status).toBe(413);
  });
});

describe('a signed publish', () => {
  test.each([
    ['the plain port', false],
    ['the TLS port', true],
  ])('on %s carries every MQTT 5 property to the subscriber', async (name, secure) => {
    await dataClient(secure).send(
      new PublishCommand({
        topic: 'signed/a b/p1',
        qos: 1,
        payload: Buffer.from(name),
        userProperties: '[{"deviceName":"alpha"},{"deviceCnt":"45"},{"deviceCnt":"46"}]',
        payloadFormatIndicator: 'UTF8_DATA',
        contentType: 'text/plain',
        responseTopic: 'signed/reply',
        correlationData: Buffer.from([0, 255]).toString('base64'),
        messageExpiry: 3600,
      }),
    );
    const { payload, packet } = await listener.next('signed/a b/p1');
    expect(payload.toString()).toBe(name);
    expect(packet.properties).toMatchObject({
      payloadFormatIndicator: true,
      contentType: 'text/plain',
      responseTopic: 'signed/reply',
      correlationData: Buffer.from([0, 255]),
      messageExpiryInterval: 3600,
    });
    expect({ ...packet.properties?.userProperties }).toEqual({ deviceName: 'alpha', deviceCnt: ['45', '46'] });
  });

  test('to a reserved topic is refused', async () => {
    const command = new PublishCommand({ topic: '$aws/things/lamp/shadow/update', payload: Buffer.from('{}') });
    await expect(aws.send(command)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  test('is kept for a subscriber that is away', async () => {
    const away = await createDevice(thingd, 'away', anything);
    const options = { properties: { sessionExpiryInterval: 600 }, clean: false };
    const client = await connect(away, options);
    await client.subscribeAsync('kept/for/away', { qos: 1 });
    await client.endAsync();
    await aws.send(new PublishCommand({ topic: 'kept/for/away', qos: 1, payload: Buffer.from('late') }));
    // Told of at connecting, before anything can listen: so the listener is there first.
    const back = await connect(away, { ...options, manualConnect: true });
    const message = nextEvent(back, 'message');
    back.connect();
    expect((await message)[1].toString()).toBe('late');
  });
});

describe('retained messages', () => {
  test('are listed, read, replaced and deleted', async () => {
    const publish = (topic: string, payload: string) =>
      aws.send(
        new PublishCommand({
          topic,
          qos: 1,
          retain: true,
          payload: Buffer.from(payload),
          userProperties: '[{"unit":"°C"}]',
        }),
      );
    const before = Date.now();
    for (const name of ['c', 'a', 'b']) await publish(`retained/${name}`, name);
    await publish('retained/a', 'newer');

    const read = await aws.send(new GetRetainedMessageCommand({ topic: 'retained/a' }));
    expect(Buffer.from(read.payload!).toString()).toBe('newer');
    expect(read).toMatchObject({ topic: 'retained/a', qos: 1 });
    expect(read.lastModifiedTime).toBeGreaterThanOrEqual(before);
    expect(JSON.parse(Buffer.from(read.userProperties!).toString())).toEqual([{ unit: '°C' }]);

    const topics: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await aws.send(new ListRetainedMessagesCommand({ maxResults: 1, nextToken }));
      topics.push(...page.retainedTopics!.map(({ topic }) => topic!));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    expect(topics.filter(topic => topic.startsWith('retained/'))).toEqual(['retained/a', 'retained/b', 'retained/c']);

    await aws.send(new PublishCommand({ topic: 'retained/a', retain: true }));
    await expect(aws.send(new GetRetainedMessageCommand({ topic: 'retained/a' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

async function connect(device: Device, options: IClientOptions = {}): Promise<MqttClient> {
  const url = `mqtts://localhost:${thingd.endpoints.mqtts.port}`;
  const named = { ...tlsFiles(device), clientId: device.thingName, protocolVersion: 5, reconnectPeriod: 0 } as const;
  const all = { ...named, ...options };
  const client = options.manualConnect ? createClient(url, all) : await connectAsync(url, all, false);
  client.on('error', () => {});
  open.push(client);
  return client;
}

describe('a connection', () => {
  let lamp: Device;

  beforeAll(async () => {
    lamp = await createDevice(thingd, 'lamp', anything);
  });

  const persistent = { clean: false, properties: { sessionExpiryInterval: 600 } };

  test('is described while it lasts, and for a while after', async () => {
    const client = await connect(lamp, { keepalive: 60, ...persistent });
    const state = await aws.send(new GetConnectionCommand({ clientId: 'lamp', includeSocketInformation: true }));
    expect(state).toMatchObject({
      clientId: 'lamp',
      connected: true,
      thingName: 'lamp',
      cleanSession: false,
      keepAliveDuration: 60,
      sessionExpiry: 600,
      connectedSince: expect.any(Number),
      sourceIp: '127.0.0.1',
      targetIp: '127.0.0.1',
      targetPort: thingd.endpoints.mqtts.port,
    });
    expect(state.disconnectReason).toBeUndefined();
    await client.endAsync();
    const after = await aws.send(new GetConnectionCommand({ clientId: 'lamp', includeSocketInformation: true }));
    expect(after).toMatchObject({ connected: false, disconnectReason: 'CLIENT_INITIATED_DISCONNECT' });
    expect(after.disconnectedSince).toBeGreaterThanOrEqual(state.connectedSince!);
    expect(after.sourceIp).toBeUndefined();
    await aws.send(new DeleteConnectionCommand({ clientId: 'lamp', cleanSession: true }));
  });

  test('has its subscriptions listed, also while it is away', async () => {
    const client = await connect(lamp, persistent);
    await client.subscribeAsync({ 'lamp/command': { qos: 1 }, 'lamp/+/state': { qos: 0 } });
    const expected = [
      { topicFilter: 'lamp/+/state', qos: 0 },
      { topicFilter: 'lamp/command', qos: 1 },
    ];
    const list = () => aws.send(new ListSubscriptionsCommand({ clientId: 'lamp' }));
    expect((await list()).subscriptions).toEqual(expected);
    await client.endAsync();
    expect((await list()).subscriptions).toEqual(expected);
    await aws.send(new DeleteConnectionCommand({ clientId: 'lamp', cleanSession: true }));
    await expect(list()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test.each([
    { preventWillMessage: false, cleanSession: false },
    { preventWillMessage: true, cleanSession: true },
  ])('is ended with %o', async options => {
    const topic = `a/will/${options.preventWillMessage}`;
    const will = { topic, payload: Buffer.from('gone'), qos: 1, retain: false } as const;
    const client = await connect(lamp, { ...persistent, will });
    await client.subscribeAsync('lamp/command', { qos: 1 });
    const goodbye = nextEvent(client, 'disconnect');
    const closed = nextEvent(client, 'close');
    await aws.send(new DeleteConnectionCommand({ clientId: 'lamp', ...options }));
    expect((await goodbye)[0].reasonCode).toBe(0x98);
    await closed;
    expect(await aws.send(new GetConnectionCommand({ clientId: 'lamp' }))).toMatchObject({
      connected: false,
      disconnectReason: 'API_INITIATED_DISCONNECT',
    });
    await aws.send(new PublishCommand({ topic: 'a/after', qos: 1 }));
    await listener.next('a/after');
    const wills = listener.heard.filter(heard => heard.topic === topic).length;
    expect(wills).toBe(options.preventWillMessage ? 0 : 1);
    const back = await connect(lamp, { ...persistent, clean: false });
    const { subscriptions } = await aws.send(new ListSubscriptionsCommand({ clientId: 'lamp' }));
    expect(subscriptions).toHaveLength(options.cleanSession ? 0 : 1);
    await back.endAsync();
    await aws.send(new DeleteConnectionCommand({ clientId: 'lamp', cleanSession: true }));
  });

  test('that never was is not found', async () => {
    const clientId = 'never';
    const notFound = { name: 'ResourceNotFoundException' };
    await expect(aws.send(new GetConnectionCommand({ clientId }))).rejects.toMatchObject(notFound);
    await expect(aws.send(new DeleteConnectionCommand({ clientId }))).rejects.toMatchObject(notFound);
  });
});

describe('a direct message', () => {
  let valve: Device;

  beforeAll(async () => {
    const document = policyDocument(allow('iot:Connect'), allow('iot:Receive', 'arn:aws:iot:*:*:topic/valve/*'));
    valve = await createDevice(thingd, 'valve', document);
  });

  const send = (input: Partial<ConstructorParameters<typeof SendDirectMessageCommand>[0]>) =>
    aws.send(
      new SendDirectMessageCommand({ clientId: 'valve', topic: 'valve/open', payload: Buffer.from('now'), ...input }),
    );

  test('reaches a client that may receive the topic and has not subscribed to it', async () => {
    const client = await connect(valve);
    for (const confirmation of [false, true]) {
      const message = nextEvent(client, 'message');
      const answer = await send({ confirmation, userProperties: '[{"by":"hand"}]' });
      expect(answer).toMatchObject({ message: 'OK', traceId: expect.any(String) });
      const [topic, payload, packet] = await message;
      expect([topic, payload.toString(), packet.qos]).toEqual(['valve/open', 'now', confirmation ? 1 : 0]);
      expect({ ...packet.properties.userProperties }).toEqual({ by: 'hand' });
    }
    await expect(send({ topic: 'other' })).rejects.toMatchObject({ name: 'ForbiddenException' });
  });

  test('that is not acknowledged in time answers 504', async () => {
    await connect(valve, { customHandleAcks: () => {} });
    await expect(send({ confirmation: true, timeout: 1 })).rejects.toMatchObject({
      name: 'GatewayTimeoutException',
      $metadata: { httpStatusCode: 504 },
    });
  });

  test('that the client refuses answers 400', async () => {
    await connect(valve, { customHandleAcks: (_topic, _message, _packet, done) => done(0x83) });
    await expect(send({ confirmation: true })).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  test('does not wait for who is away', async () => {
    await expect(send({ clientId: 'nobody' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describeWith(['aws'], 'the aws command', () => {
  test('publishes, lists and reads', async () => {
    const cli = new AwsCli(thingd);
    const { stdout } = await run('aws', ['--version']);
    // Version 2 takes a payload as base64 unless told that it is text.
    const raw = stdout.startsWith('aws-cli/1') ? [] : ['--cli-binary-format', 'raw-in-base64-out'];
    const publish = ['iot-data', 'publish', '--topic', 'signed/cli', '--qos', '1', '--payload', 'hello', ...raw];
    expect(await cli.json(...publish, '--retain')).toBeUndefined();
    expect((await listener.next('signed/cli')).payload.toString()).toBe('hello');
    const listed = await cli.json('iot-data', 'list-retained-messages');
    expect(listed.retainedTopics).toContainEqual(expect.objectContaining({ topic: 'signed/cli', payloadSize: 5 }));
    const message = await cli.json('iot-data', 'get-retained-message', '--topic', 'signed/cli');
    expect(Buffer.from(message.payload, 'base64').toString()).toBe('hello');
  });
});
