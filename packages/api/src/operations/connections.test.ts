import {
  DeleteConnectionCommand,
  GetConnectionCommand,
  IoTDataPlaneClient,
  ListSubscriptionsCommand,
  SendDirectMessageCommand,
} from '@aws-sdk/client-iot-data-plane';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer, testAccessKeys, testKey } from '../fixtures/server.ts';
import { type ConnectionState, type Connections, connectionOperations, type DirectDelivery } from './connections.ts';
import type { Messages, OutgoingMessage } from './messages.ts';

const socket = { sourceIp: '192.0.2.1', sourcePort: 5000, targetIp: '192.0.2.2', targetPort: 8883 };
const here: ConnectionState = {
  thingName: 'lamp',
  cleanSession: false,
  keepAlive: 60,
  sessionExpiryInterval: 3600,
  connectedAt: 1_700_000_000_123,
  disconnectedAt: undefined,
  disconnectReason: undefined,
  socket,
};
const gone: ConnectionState = {
  ...here,
  thingName: undefined,
  connectedAt: undefined,
  disconnectedAt: 1_700_000_000_456,
  disconnectReason: 'CONNECTION_LOST',
  socket: undefined,
};

const disconnected: unknown[] = [];
const sent: { clientId: string; message: OutgoingMessage; timeout: number }[] = [];
let delivery: DirectDelivery;
let filters: string[];
let server: TestServer;
let client: IoTDataPlaneClient;

const connections: Connections = {
  find: (_realm, clientId) =>
    new Map([
      ['here', here],
      ['gone', gone],
    ]).get(clientId),
  disconnect: (_realm, clientId, options) => {
    disconnected.push([clientId, options]);
    return clientId === 'here/and there';
  },
  subscriptions: (_realm, clientId) =>
    clientId === 'here' ? filters.map((filter, index) => ({ filter, qos: index % 2 })) : undefined,
  send: async (_realm, clientId, message, timeout) => {
    sent.push({ clientId, message, timeout });
    return delivery;
  },
};

const limits = { maxPayloadBytes: 100, maxTopicBytes: 20, maxTopicSlashes: 2, maxUserPropertyBytes: 50 };
const messages = { limits } as Messages;

async function start(statements?: readonly object[]): Promise<void> {
  const iotdata = connectionOperations({ connections, messages });
  server = await startTestServer({ iotdata }, { accessKeys: testAccessKeys(statements) });
  client = new IoTDataPlaneClient({ endpoint: server.url, region: 'us-east-1', credentials: testKey, maxAttempts: 1 });
}

beforeEach(async () => {
  disconnected.length = 0;
  sent.length = 0;
  delivery = 'delivered';
  filters = [];
  await start();
});

afterEach(() => server.close());

describe('a connection', () => {
  test('that is there is told without its socket', async () => {
    const { $metadata: _, ...answer } = await client.send(new GetConnectionCommand({ clientId: 'here' }));
    expect(answer).toEqual({
      clientId: 'here',
      connected: true,
      thingName: 'lamp',
      cleanSession: false,
      keepAliveDuration: 60,
      sessionExpiry: 3600,
      connectedSince: 1_700_000_000_123,
    });
  });

  test('is told with its socket when asked for', async () => {
    const input = { clientId: 'here', includeSocketInformation: true };
    expect(await client.send(new GetConnectionCommand(input))).toMatchObject(socket);
  });

  test('that has ended is told with when and why', async () => {
    const { $metadata: _, ...answer } = await client.send(
      new GetConnectionCommand({ clientId: 'gone', includeSocketInformation: true }),
    );
    expect(answer).toEqual({
      clientId: 'gone',
      connected: false,
      cleanSession: false,
      keepAliveDuration: 60,
      sessionExpiry: 3600,
      disconnectedSince: 1_700_000_000_456,
      disconnectReason: 'CONNECTION_LOST',
    });
  });

  test('is ended, with its session and without its will if that is asked for', async () => {
    await client.send(new DeleteConnectionCommand({ clientId: 'here/and there' }));
    const thorough = { cleanSession: true, preventWillMessage: true };
    await client.send(new DeleteConnectionCommand({ clientId: 'here/and there', ...thorough }));
    expect(disconnected).toEqual([
      ['here/and there', { cleanSession: false, preventWillMessage: false }],
      ['here/and there', thorough],
    ]);
  });

  test.each([
    ['looked at', new GetConnectionCommand({ clientId: 'nobody' })],
    ['ended', new DeleteConnectionCommand({ clientId: 'nobody' })],
    ['asked for its subscriptions', new ListSubscriptionsCommand({ clientId: 'nobody' })],
  ] as const)('that is not there cannot be %s', async (_, command) => {
    await expect(client.send(command as GetConnectionCommand)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
  });

  test('is nobody’s business without permission on that client', async () => {
    await server.close();
    const actions = ['iot:GetConnection', 'iot:DeleteConnection', 'iot:ListSubscriptions', 'iot:SendDirectMessage'];
    await start([{ Effect: 'Allow', Action: actions, Resource: 'arn:aws:iot:us-east-1:123456789012:client/here*' }]);
    const commands = (clientId: string) => [
      new GetConnectionCommand({ clientId }),
      new DeleteConnectionCommand({ clientId: clientId === 'here' ? 'here/and there' : clientId }),
      new ListSubscriptionsCommand({ clientId }),
      new SendDirectMessageCommand({ clientId, topic: 't' }),
    ];
    for (const command of commands('here')) await client.send(command as GetConnectionCommand);
    for (const command of commands('gone')) {
      await expect(client.send(command as GetConnectionCommand)).rejects.toMatchObject({ name: 'ForbiddenException' });
    }
  });
});

describe('subscriptions', () => {
  test('are listed by filter, twenty at a time, going on where a page ended', async () => {
    filters = Array.from({ length: 45 }, (_, index) => `f/${String(index).padStart(2, '0')}`).reverse();
    const seen: string[] = [];
    let nextToken: string | undefined;
    const sizes: number[] = [];
    do {
      const page = await client.send(new ListSubscriptionsCommand({ clientId: 'here', nextToken }));
      seen.push(...page.subscriptions!.map(({ topicFilter }) => topicFilter!));
      sizes.push(page.subscriptions!.length);
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    expect(sizes).toEqual([20, 20, 5]);
    expect(seen).toEqual([...filters].sort());
  });

  test('have the QoS they were granted', async () => {
    filters = ['a', 'b/#'];
    const { subscriptions } = await client.send(new ListSubscriptionsCommand({ clientId: 'here', maxResults: 2 }));
    expect(subscriptions).toEqual([
      { topicFilter: 'a', qos: 0 },
      { topicFilter: 'b/#', qos: 1 },
    ]);
  });
});

describe('a direct message', () => {
  test('is sent at QoS 0, or at QoS 1 to be confirmed within five seconds unless told otherwise', async () => {
    const message = { clientId: 'here', topic: 'a/b', payload: Buffer.from('on') };
    const answer = await client.send(new SendDirectMessageCommand(message));
    expect(answer).toMatchObject({ message: 'OK', traceId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    await client.send(new SendDirectMessageCommand({ ...message, confirmation: true }));
    await client.send(new SendDirectMessageCommand({ ...message, confirmation: true, timeout: 15 }));
    expect(sent.map(({ message: { qos, retain }, timeout }) => ({ qos, retain, timeout }))).toEqual([
      { qos: 0, retain: false, timeout: 5000 },
      { qos: 1, retain: false, timeout: 5000 },
      { qos: 1, retain: false, timeout: 15_000 },
    ]);
    expect(sent[0]).toMatchObject({ clientId: 'here', message: { topic: 'a/b', payload: Buffer.from('on') } });
  });

  test('carries its MQTT 5 properties', async () => {
    await client.send(
      new SendDirectMessageCommand({
        clientId: 'here',
        topic: 'a',
        userProperties: '[{"unit":"W"}]',
        payloadFormatIndicator: 'UTF8_DATA',
        contentType: 'text/plain',
        responseTopic: 'reply',
        correlationData: Buffer.from('7').toString('base64'),
      }),
    );
    expect(sent[0]!.message.properties).toEqual({
      userProperties: [['unit', 'W']],
      payloadFormatIndicator: 1,
      contentType: 'text/plain',
      responseTopic: 'reply',
      correlationData: Buffer.from('7'),
    });
  });

  test.each<[DirectDelivery, string, number]>([
    ['notConnected', 'ResourceNotFoundException', 404],
    ['notAuthorized', 'ForbiddenException', 403],
    ['busy', 'ThrottlingException', 429],
    ['tooLarge', 'RequestEntityTooLargeException', 413],
    ['refused', 'InvalidRequestException', 400],
    ['unconfirmed', 'GatewayTimeoutException', 504],
  ])('that is %s fails with %s', async (outcome, name, httpStatusCode) => {
    delivery = outcome;
    const command = new SendDirectMessageCommand({ clientId: 'here', topic: 'a', confirmation: true });
    await expect(client.send(command)).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
  });

  test.each([
    ['a wildcard', { topic: 'a/+' }],
    ['a reserved topic', { topic: '$aws/things/lamp/shadow/update/delta' }],
    ['Basic Ingest, which only rules hear', { topic: '$aws/rules/r/t' }],
    ['a topic that is too long', { topic: 'a'.repeat(21) }],
    ['no time to confirm', { topic: 'a', confirmation: true, timeout: 0 }],
    ['too much time to confirm', { topic: 'a', confirmation: true, timeout: 16 }],
    ['user properties that are no array', { topic: 'a', userProperties: '{}' }],
  ])('is refused with %s', async (_name, input) => {
    await expect(client.send(new SendDirectMessageCommand({ clientId: 'here', ...input }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
    expect(sent).toEqual([]);
  });
});
