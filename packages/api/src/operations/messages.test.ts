import {
  GetRetainedMessageCommand,
  IoTDataPlaneClient,
  ListRetainedMessagesCommand,
  PublishCommand,
} from '@aws-sdk/client-iot-data-plane';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer, testAccessKeys, testKey } from '../fixtures/server.ts';
import {
  firstByTopic,
  type Messages,
  messageOperations,
  type OutgoingMessage,
  type RetainedMessage,
} from './messages.ts';

const limits = { maxPayloadBytes: 100, maxTopicBytes: 20, maxTopicSlashes: 2, maxUserPropertyBytes: 50 };

let published: OutgoingMessage[];
let retained: RetainedMessage[];
let server: TestServer;
let client: IoTDataPlaneClient;

const messages: Messages = {
  limits,
  publish: async (_realm, message) => void published.push(message),
  retained: (_realm, topic) => retained.find(message => message.topic === topic),
  retainedMessages: () => retained,
};

beforeEach(async () => {
  published = [];
  retained = [];
  server = await startTestServer({ iotdata: messageOperations({ messages }) }, { accessKeys: testAccessKeys() });
  client = new IoTDataPlaneClient({ endpoint: server.url, region: 'us-east-1', credentials: testKey, maxAttempts: 1 });
});

afterEach(() => server.close());

describe('a message published over HTTPS', () => {
  test('is handed to the broker with its publisher', async () => {
    await client.send(new PublishCommand({ topic: 'a/b', qos: 1, retain: true, payload: Buffer.from([0, 255]) }));
    expect(published).toEqual([
      {
        topic: 'a/b',
        payload: Buffer.from([0, 255]),
        qos: 1,
        retain: true,
        properties: undefined,
        publisher: { clientId: '', principal: `arn:aws:iam::123456789012:user/${testKey.accessKeyId}` },
      },
    ]);
  });

  test('has QoS 0 and no payload unless it says otherwise', async () => {
    await client.send(new PublishCommand({ topic: 'a' }));
    expect(published[0]).toMatchObject({ qos: 0, retain: false, payload: Buffer.alloc(0) });
  });

  test('carries its MQTT 5 properties', async () => {
    await client.send(
      new PublishCommand({
        topic: 'a',
        userProperties: '[{"deviceName":"alpha"},{"deviceCnt":"45"}]',
        payloadFormatIndicator: 'UTF8_DATA',
        contentType: 'application/json',
        responseTopic: 'a/reply',
        correlationData: Buffer.from('abc').toString('base64'),
        messageExpiry: 60,
      }),
    );
    expect(published[0]!.properties).toEqual({
      userProperties: [
        ['deviceName', 'alpha'],
        ['deviceCnt', '45'],
      ],
      payloadFormatIndicator: 1,
      contentType: 'application/json',
      responseTopic: 'a/reply',
      correlationData: Buffer.from('abc'),
      messageExpiryInterval: 60,
    });
  });

  test.each([
    ['a wildcard', { topic: 'a/+' }],
    ['a reserved topic', { topic: '$aws/events/x' }],
    ['a topic that is too long', { topic: 'a'.repeat(21) }],
    ['a topic that is too deep', { topic: 'a/b/c/d' }],
    ['QoS 2', { topic: 'a', qos: 2 }],
    ['user properties that are no array', { topic: 'a', userProperties: '{"a":"b"}' }],
    ['a user property that is no text', { topic: 'a', userProperties: '[{"a":1}]' }],
    ['a response topic with a wildcard', { topic: 'a', responseTopic: '#' }],
    ['an expiry of nothing', { topic: 'a', messageExpiry: 0 }],
    ['user properties that are too large', { topic: 'a', userProperties: `[{"a":"${'b'.repeat(50)}"}]` }],
    ['a user property with NUL', { topic: 'a', userProperties: '[{"a":"\\u0000"}]' }],
    ['a content type with NUL', { topic: 'a', contentType: 'a\0b' }],
    ['correlation data that is no base64', { topic: 'a', correlationData: 'a b' }],
  ])('is refused with %s', async (_name, input) => {
    await expect(client.send(new PublishCommand(input))).rejects.toMatchObject({
      name: 'InvalidRequestException',
      $metadata: { httpStatusCode: 400 },
    });
    expect(published).toEqual([]);
  });

  test('is refused when it is too large, at the very byte', async () => {
    await client.send(new PublishCommand({ topic: 'a', payload: Buffer.alloc(100) }));
    await expect(client.send(new PublishCommand({ topic: 'a', payload: Buffer.alloc(101) }))).rejects.toMatchObject({
      name: 'RequestEntityTooLargeException',
    });
  });

  test('may go to a rule, whose prefix does not count', async () => {
    const topic = `$aws/rules/a_rule_with_a_long_name/a/b/c`;
    await client.send(new PublishCommand({ topic }));
    expect(published[0]!.topic).toBe(topic);
  });
});

describe('retained messages', () => {
  beforeEach(() => {
    retained = ['c', 'a', 'b'].map(topic => ({
      topic,
      payload: Buffer.from(topic),
      qos: 1,
      publishedAt: 1_700_000_000_123,
      properties: topic === 'a' ? { userProperties: [['unit', '°C']] } : undefined,
    }));
  });

  test('one is read with its user properties', async () => {
    const message = await client.send(new GetRetainedMessageCommand({ topic: 'a' }));
    expect(message).toMatchObject({ topic: 'a', qos: 1, lastModifiedTime: 1_700_000_000_123 });
    expect(Buffer.from(message.payload!).toString()).toBe('a');
    expect(JSON.parse(Buffer.from(message.userProperties!).toString())).toEqual([{ unit: '°C' }]);
  });

  test('a topic without one is not found', async () => {
    await expect(client.send(new GetRetainedMessageCommand({ topic: 'x' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('a listing goes on where it ended, whatever came or went', async () => {
    const first = await client.send(new ListRetainedMessagesCommand({ maxResults: 2 }));
    expect(first.retainedTopics).toEqual(
      ['a', 'b'].map(topic => ({ topic, payloadSize: 1, qos: 1, lastModifiedTime: 1_700_000_000_123 })),
    );
    retained = retained.filter(({ topic }) => topic !== 'b');
    const second = await client.send(new ListRetainedMessagesCommand({ maxResults: 2, nextToken: first.nextToken }));
    expect(second.retainedTopics!.map(({ topic }) => topic)).toEqual(['c']);
    expect(second.nextToken).toBeUndefined();
  });

  test('a page has the first topics behind the last page, in whatever order the broker keeps them', () => {
    const messageOf = (topic: string) => ({ topic, payload: Buffer.alloc(0), qos: 0, publishedAt: 0 });
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), fc.string(), fc.integer({ min: 1, max: 5 }), (topics, after, count) => {
        const behind = topics.filter(topic => topic > after).sort((a, b) => (a < b ? -1 : 1));
        const found = firstByTopic(topics.map(messageOf), after, count);
        expect(found.map(({ topic }) => topic)).toEqual(behind.slice(0, count));
      }),
    );
  });

  test('a token of nobody is refused', async () => {
    await expect(client.send(new ListRetainedMessagesCommand({ nextToken: 'x' }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });
});
