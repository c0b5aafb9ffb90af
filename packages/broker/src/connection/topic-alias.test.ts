import { describe, expect, test } from 'vitest';
import { publish, startBroker, TestClient } from '../listener/client.testing.ts';
import { profiles } from '../profile.ts';

describe('topic aliases from the client', () => {
  test('an alias stands for the topic it was sent with, until it is set anew [MQTT-3.3.2-12]', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client: receiver } = TestClient.connect(started, 'receiver');
    receiver.subscribe('#');
    sender.publish('long/topic', '1', { properties: { topicAlias: 1 } });
    sender.publish('', '2', { properties: { topicAlias: 1 } });
    sender.publish('other', '3', { properties: { topicAlias: 1, contentType: 'x' } });
    sender.publish('', '4', { properties: { topicAlias: 1 } });
    const publishes = receiver.publishes();
    expect(publishes.map(({ topic, payload }) => `${topic} ${payload}`)).toEqual([
      'long/topic 1',
      'long/topic 2',
      'other 3',
      'other 4',
    ]);
    expect(publishes.map(({ properties }) => properties)).toEqual([
      undefined,
      undefined,
      { contentType: 'x' },
      undefined,
    ]);
  });

  test.each([
    { name: 'never set', properties: { topicAlias: 3 }, topic: '', reasonCode: 0x82 },
    { name: 'above the maximum', properties: { topicAlias: 9 }, topic: 'a', reasonCode: 0x94 },
  ])('an alias $name ends the connection with $reasonCode', async ({ properties, topic, reasonCode }) => {
    const { client } = TestClient.connect(await startBroker({ profile: profiles.aws }), 'a');
    const packet = publish(topic, 'x', { properties });
    expect(client.send(packet).take()).toMatchObject([{ type: 'disconnect', reasonCode }]);
  });

  test('an alias does not outlive its connection [MQTT-3.3.2-7]', async () => {
    const started = await startBroker();
    const { client: first } = TestClient.connect(started, 'a');
    first.publish('topic', '1', { properties: { topicAlias: 1 } }).disconnect();
    const { client: second } = TestClient.connect(started, 'a');
    expect(second.publish('', '2', { properties: { topicAlias: 1 } }).take()).toMatchObject([{ reasonCode: 0x82 }]);
  });
});

describe('topic aliases to the client', () => {
  test('repeated topics are shortened, up to the number the client allows', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client: receiver } = TestClient.connect(started, 'receiver', { properties: { topicAliasMaximum: 1 } });
    receiver.subscribe('#');
    for (const topic of ['a', 'b', 'a', 'b']) sender.publish(topic, 'x');
    expect(receiver.publishes().map(({ topic, properties }) => [topic, properties?.topicAlias])).toEqual([
      ['a', 1],
      ['b', undefined],
      ['', 1],
      ['b', undefined],
    ]);
  });
});
