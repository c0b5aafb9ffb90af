/** Events on `$aws/events/…`: clients that come and go and why, what they subscribe to, and what happens in the registry. */
import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  CreateThingTypeCommand,
  DeleteThingCommand,
  DescribeEventConfigurationsCommand,
  DetachPolicyCommand,
  type IoTClient,
  UpdateCertificateCommand,
  UpdateEventConfigurationsCommand,
  UpdateThingCommand,
} from '@aws-sdk/client-iot';
import { DeleteConnectionCommand, IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { connectAsync, connect as createClient, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
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
import { nextEvent } from './harness/event.ts';
import { type Listener, listen } from './harness/listener.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);

let thingd: Thingd;
let iot: IoTClient;
let observer: Device;
let listener: Listener;
let device: Device;

const open: MqttClient[] = [];

beforeAll(async () => {
  // A keep-alive of one second is one second.
  thingd = await startThingd({ args: ['--limit', 'minKeepAlive=0'] });
  iot = iotClient(thingd);
  observer = await createDevice(thingd, 'observer', anything);
  device = await createDevice(
    thingd,
    'meter',
    policyDocument(
      allow('iot:Connect'),
      allow(['iot:Publish', 'iot:Receive'], 'arn:aws:iot:*:*:topic/meter/*'),
      allow('iot:Subscribe', 'arn:aws:iot:*:*:topicfilter/meter/*'),
    ),
  );
  listener = await listen(thingd, observer, [
    '$aws/events/presence/+/+',
    '$aws/events/subscriptions/+/+',
    '$aws/events/+/+/+',
    '$aws/events/thingGroupMembership/#',
    '$aws/events/thingTypeAssociation/#',
    'meter/#',
  ]);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map(client => client.endAsync(true)));
});

async function connect(options: IClientOptions = {}, identity: Identity = device): Promise<MqttClient> {
  const url = `mqtts://localhost:${thingd.endpoints.mqtts.port}`;
  const named = { ...tlsFiles(identity), clientId: 'meter', reconnectPeriod: 0 } as const;
  const client = await connectAsync(url, { ...named, ...options }, false);
  client.on('error', () => {});
  open.push(client);
  return client;
}

const connected = (clientId = 'meter') => listener.nextJson(`$aws/events/presence/connected/${clientId}`);
const disconnected = (clientId = 'meter') => listener.nextJson(`$aws/events/presence/disconnected/${clientId}`);

describe('presence', () => {
  test('tells of a connection and its end, with one session and one version, and a higher one for the next', async () => {
    const before = Date.now();
    const client = await connect();
    const first = await connected();
    expect(first).toEqual({
      clientId: 'meter',
      timestamp: expect.any(Number),
      eventType: 'connected',
      sessionIdentifier: uuid,
      principalIdentifier: device.certificateId,
      ipAddress: '127.0.0.1',
      versionNumber: 0,
    });
    expect(first.timestamp).toBeGreaterThanOrEqual(before);
    await client.endAsync();
    expect(await disconnected()).toEqual({
      clientId: 'meter',
      timestamp: expect.any(Number),
      eventType: 'disconnected',
      sessionIdentifier: first.sessionIdentifier,
      principalIdentifier: device.certificateId,
      clientInitiatedDisconnect: true,
      disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
      versionNumber: 0,
    });
    await connect();
    const second = await connected();
    expect(second.versionNumber).toBe(1);
    expect(second.sessionIdentifier).not.toBe(first.sessionIdentifier);
  });

  interface End {
    readonly disconnectReason: string;
    readonly options?: IClientOptions;
    readonly identity?: () => Promise<Device>;
    readonly end: (client: MqttClient, clientId: string, identity: Device) => unknown;
    /** Whether the will is published. */
    readonly will: boolean;
  }

  const ends: readonly End[] = [
    { disconnectReason: 'CLIENT_INITIATED_DISCONNECT', end: client => client.endAsync(), will: false },
    { disconnectReason: 'CONNECTION_LOST', end: client => client.stream.destroy(), will: true },
    { disconnectReason: 'DUPLICATE_CLIENTID', end: (_, clientId) => connect({ clientId }), will: true },
    {
      disconnectReason: 'CLIENT_ERROR',
      // A second CONNECT. [MQTT-3.1.0-2]
      end: client => client.stream.write(Buffer.from('100d00044d5154540402003c000174', 'hex')),
      will: true,
    },
    { disconnectReason: 'AUTH_ERROR', end: client => client.publish('forbidden', 'x', { qos: 1 }), will: true },
    {
      disconnectReason: 'MQTT_KEEP_ALIVE_TIMEOUT',
      // A client that never pings.
      options: { keepalive: 1, timerVariant: { set: () => 1, clear: () => {} } },
      end: () => {},
      will: true,
    },
    {
      disconnectReason: 'API_INITIATED_DISCONNECT',
      end: (_, clientId) => {
        const { accessKeyId, secretAccessKey, region } = thingd.credentials;
        const credentials = { accessKeyId, secretAccessKey };
        const data = new IoTDataPlaneClient({ endpoint: thingd.endpoints.http.url, region, credentials });
        return data.send(new DeleteConnectionCommand({ clientId }));
      },
      will: true,
    },
    {
      disconnectReason: 'FORBIDDEN_ACCESS',
      identity: () => createDevice(thingd, 'revoked', anything),
      end: (_client, _clientId, { certificateId }) =>
        iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' })),
      will: true,
    },
  ];

  test.each(ends)('a connection ends with $disconnectReason, and a will: $will', async item => {
    const { disconnectReason } = item;
    const clientId = `ends-with-${disconnectReason}`;
    const identity = (await item.identity?.()) ?? device;
    const will = { topic: `meter/${clientId}`, payload: Buffer.from('gone'), qos: 1, retain: false } as const;
    const client = await connect({ clientId, will, ...item.options }, identity);
    const { sessionIdentifier, versionNumber } = await connected(clientId);
    await item.end(client, clientId, identity);
    expect(await disconnected(clientId)).toMatchObject({
      disconnectReason,
      clientInitiatedDisconnect: disconnectReason === 'CLIENT_INITIATED_DISCONNECT',
      sessionIdentifier,
      versionNumber,
      principalIdentifier: identity.certificateId,
    });
    if (disconnectReason === 'DUPLICATE_CLIENTID') {
      expect((await connected(clientId)).versionNumber).toBe(versionNumber + 1);
    }
    // The will came before the event, or not at all.
    expect(listener.heard.some(({ topic }) => topic === will.topic)).toBe(item.will);
  });

  test('tells of a client whose policy does not let it connect, or leave its will', async () => {
    const stranger = await createDevice(thingd, 'stranger', policyDocument(allow('iot:Connect', '*:client/stranger')));
    await expect(connect({ clientId: 'other' }, stranger)).rejects.toThrow();
    expect(await listener.nextJson('$aws/events/presence/connect_failed/other')).toEqual({
      clientId: 'other',
      timestamp: expect.any(Number),
      eventType: 'connect_failed',
      sessionIdentifier: uuid,
      principalIdentifier: stranger.certificateId,
      connectFailureReason: 'AUTHORIZATION_FAILED',
      ipAddress: '127.0.0.1',
    });
    const will = { topic: 'not/mine', payload: Buffer.from('x'), qos: 0, retain: false } as const;
    await expect(connect({ clientId: 'stranger', will }, stranger)).rejects.toThrow();
    await listener.nextJson('$aws/events/presence/connect_failed/stranger');
  });

  test('does not tell of clients whose ids no topic can have', async () => {
    const wide = await listen(thingd, observer, ['$aws/events/presence/#'], 'wide');
    for (const clientId of ['c+d', 'c#', 'c/d']) await (await connect({ clientId })).endAsync();
    await wide.next('$aws/events/presence/disconnected/c/d');
    expect(wide.heard.map(({ topic }) => topic).filter(topic => /[+#]/.test(topic))).toEqual([]);
  });

  test('names the thing where the certificate is its alone', async () => {
    const identity = await createCertificate(thingd, iot);
    const attach = { policyName: observer.policyName, target: identity.certificateArn };
    await iot.send(new AttachPolicyCommand(attach));
    await iot.send(new CreateThingCommand({ thingName: 'only' }));
    const { certificateArn: principal } = identity;
    const exclusive = { thingName: 'only', principal, thingPrincipalType: 'EXCLUSIVE_THING' } as const;
    await iot.send(new AttachThingPrincipalCommand(exclusive));
    const client = await connect({ clientId: 'any-name' }, identity);
    expect(await connected('any-name')).toMatchObject({ thingName: 'only' });
    await client.subscribeAsync('t');
    expect(await listener.nextJson('$aws/events/subscriptions/subscribed/any-name')).toMatchObject({
      thingName: 'only',
    });
    await client.endAsync();
    expect(await disconnected('any-name')).toMatchObject({ thingName: 'only' });
    await iot.send(new DetachPolicyCommand(attach));
    await expect(connect({ clientId: 'any-name' }, identity)).rejects.toThrow();
    expect(await listener.nextJson('$aws/events/presence/connect_failed/any-name')).toMatchObject({
      thingName: 'only',
    });
  });
});

describe('subscriptions', () => {
  test('are told of as granted and given up', async () => {
    const clientId = 'subscriber';
    const client = await connect({ clientId, protocolVersion: 5 });
    const { sessionIdentifier } = await connected(clientId);
    const granted = client.subscribeAsync({
      'meter/a': { qos: 1 },
      'forbidden/#': { qos: 0 },
      'meter/+/b': { qos: 0 },
    });
    await granted.catch(() => {}); // one of them is refused
    const common = {
      clientId,
      timestamp: expect.any(Number),
      sessionIdentifier,
      principalIdentifier: device.certificateId,
    };
    expect(await listener.nextJson('$aws/events/subscriptions/subscribed/subscriber')).toEqual({
      ...common,
      eventType: 'subscribed',
      topics: ['meter/a', 'meter/+/b'],
    });
    await client.unsubscribeAsync(['meter/a', 'meter/never']).catch(() => {});
    expect(await listener.nextJson('$aws/events/subscriptions/unsubscribed/subscriber')).toEqual({
      ...common,
      eventType: 'unsubscribed',
      topics: ['meter/a'],
    });
  });
});

describe('registry events', () => {
  test('are off until they are switched on, kind by kind', async () => {
    await iot.send(new CreateThingCommand({ thingName: 'silent' }));
    const eventConfigurations = {
      THING: { Enabled: true },
      THING_GROUP_MEMBERSHIP: { Enabled: true },
      THING_TYPE_ASSOCIATION: { Enabled: true },
    };
    await iot.send(new UpdateEventConfigurationsCommand({ eventConfigurations }));
    expect((await iot.send(new DescribeEventConfigurationsCommand({}))).eventConfigurations).toMatchObject({
      ...eventConfigurations,
      THING_GROUP: { Enabled: false },
    });

    await iot.send(new CreateThingTypeCommand({ thingTypeName: 'bulb' }));
    const { thingId } = await iot.send(new CreateThingCommand({ thingName: 'loud', thingTypeName: 'bulb' }));
    const attributePayload = { attributes: { room: 'kitchen' } };
    await iot.send(new UpdateThingCommand({ thingName: 'loud', attributePayload }));
    await iot.send(new CreateThingGroupCommand({ thingGroupName: 'house' }));
    await iot.send(new AddThingToThingGroupCommand({ thingName: 'loud', thingGroupName: 'house' }));
    await iot.send(new DeleteThingCommand({ thingName: 'loud' }));

    const thing = {
      eventType: 'THING_EVENT',
      eventId: uuid,
      timestamp: expect.any(Number),
      accountId: thingd.credentials.accountId,
      thingId,
      thingName: 'loud',
      thingTypeName: 'bulb',
    };
    expect(await listener.nextJson('$aws/events/thing/loud/created')).toEqual({
      ...thing,
      operation: 'CREATED',
      versionNumber: 1,
      attributes: {},
    });
    expect(await listener.nextJson('$aws/events/thing/loud/updated')).toEqual({
      ...thing,
      operation: 'UPDATED',
      versionNumber: 2,
      attributes: { room: 'kitchen' },
    });
    expect(await listener.nextJson('$aws/events/thing/loud/deleted')).toMatchObject({ operation: 'DELETED' });
    const association = '$aws/events/thingTypeAssociation/thing/loud/thingType/bulb/added';
    expect(await listener.nextJson(association)).toMatchObject({ eventType: 'THING_TYPE_ASSOCIATION_EVENT', thingId });
    const membership = '$aws/events/thingGroupMembership/thingGroup/house/thing/loud/added';
    expect(await listener.nextJson(membership)).toMatchObject({ operation: 'ADDED', thingId });
    const heard = listener.heard.map(({ topic }) => topic);
    expect(heard.filter(topic => /silent|thingGroup\/house\/created|thingType\/bulb\/created/.test(topic))).toEqual([]);
  });

  test('reach a persistent session in the order in which things happened', async () => {
    const options = { clean: false, protocolVersion: 5, properties: { sessionExpiryInterval: 600 } } as const;
    const client = await connect({ ...options, clientId: 'late' }, observer);
    await client.subscribeAsync('$aws/events/thing/#', { qos: 1 });
    await client.endAsync();
    const names = Array.from({ length: 20 }, (_, index) => `in-order-${index}`);
    for (const thingName of names) await iot.send(new CreateThingCommand({ thingName }));
    const url = `mqtts://localhost:${thingd.endpoints.mqtts.port}`;
    const back = createClient(url, { ...tlsFiles(observer), ...options, clientId: 'late', manualConnect: true });
    open.push(back);
    const seen: string[] = [];
    back.on('message', topic => seen.push(topic));
    back.connect();
    await nextEvent(back, 'connect');
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual(names.map(name => `$aws/events/thing/${name}/created`));
  });
});

test('version numbers do not fall back when the server is started again, and its stop is told of', async () => {
  const first = await startThingd();
  const watcher = await createDevice(first, 'watcher', anything);
  const persistent = { clean: false, protocolVersion: 5, properties: { sessionExpiryInterval: 600 } } as const;
  const watch = async (server: Thingd, clientId: string): Promise<MqttClient> => {
    const url = `mqtts://localhost:${server.endpoints.mqtts.port}`;
    const options = { ...tlsFiles(watcher), ...persistent, clientId, reconnectPeriod: 0 };
    const client = await connectAsync(url, options, false);
    client.on('error', () => {});
    open.push(client);
    return client;
  };
  const keeper = await watch(first, 'keeper');
  await keeper.subscribeAsync('$aws/events/presence/+/counted', { qos: 1 });
  await keeper.endAsync();
  for (let count = 0; count < 3; count++) await (await watch(first, 'counted')).endAsync();
  await watch(first, 'counted');
  await first.stop();

  const second = await startThingd({ dataDir: first.dataDir });
  await watch(second, 'counted');
  const url = `mqtts://localhost:${second.endpoints.mqtts.port}`;
  const back = createClient(url, { ...tlsFiles(watcher), ...persistent, clientId: 'keeper', manualConnect: true });
  open.push(back);
  const events: { eventType: string; versionNumber: number; disconnectReason?: string }[] = [];
  back.on('message', (_topic, payload) => events.push(JSON.parse(payload.toString())));
  back.connect();
  await expect.poll(() => events.length, { timeout: 5_000 }).toBe(9);
  const versions = events.map(({ versionNumber }) => versionNumber);
  expect(versions.slice(0, 8)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  expect(versions[8]).toBeGreaterThan(3);
  expect(events[7]).toMatchObject({ eventType: 'disconnected', disconnectReason: 'SERVER_INITIATED_DISCONNECT' });
});
