import { describe, expect, test } from 'vitest';
import type { SubscribeRequest } from '../codec/packet.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import { startBroker, staying, subscription, TestClient } from '../listener/client.testing.ts';
import { profiles } from '../profile.ts';

describe('SUBSCRIBE', () => {
  test('grants what is asked, down to the maximum QoS', async () => {
    for (const [profile, codes] of [
      ['open', [0, 1, 2]],
      ['aws', [0, 1, 1]],
    ] as const) {
      const { client } = TestClient.connect(await startBroker({ profile: profiles[profile] }), 'a');
      const requests = ([0, 1, 2] as const).map(qos => subscription(`t${qos}`, { qos }));
      client.send({ type: 'subscribe', packetId: 3, requests, properties: undefined });
      expect(client.take()).toMatchObject([{ type: 'suback', packetId: 3, reasonCodes: codes }]);
    }
  });

  test.each([
    { filter: 'a/#/b', version: 5, codes: [0x8f] },
    { filter: 'a+/b', version: 5, codes: [0x8f] },
    { filter: '$share//a', version: 5, codes: [0x8f] },
    { filter: '$share/g', version: 5, codes: [0x8f] },
    { filter: '0/1/2/3/4/5/6/7/8', version: 5, codes: [0x8f] },
    { filter: '$share/g/0/1/2/3/4/5/6/7', version: 5, codes: [2] },
    { filter: 'a/#/b', version: 4, codes: undefined },
  ] as const)('$filter in version $version: $codes', async ({ filter, version, codes }) => {
    const started = await startBroker({ limits: { maxTopicSlashes: 7 } });
    const { client } = TestClient.connect(started, 'a', { protocolVersion: version });
    const found = client.subscribe(filter);
    expect(found).toEqual(codes ?? []);
    expect(client.ended).toBe(codes === undefined);
  });

  test.each([
    { limits: { sharedSubscriptionAvailable: false }, filter: '$share/g/a', code: 0x9e },
    { limits: { wildcardSubscriptionAvailable: false }, filter: 'a/+', code: 0xa2 },
  ])('what is not available is refused: $filter', async ({ limits, filter, code }) => {
    const { client } = TestClient.connect(await startBroker({ limits }), 'a');
    expect(client.subscribe(filter)).toEqual([code]);
  });

  test('a subscription identifier where there are none ends the connection with 0xa1', async () => {
    const { client } = TestClient.connect(await startBroker({ profile: profiles.aws }), 'a');
    const properties = { subscriptionIdentifiers: [1] };
    client.send({ type: 'subscribe', packetId: 1, requests: [subscription('a')], properties });
    expect(client.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0xa1 }]);
  });

  test('no-local on a shared subscription is a protocol error [MQTT-3.8.3-4]', async () => {
    const { client } = TestClient.connect(await startBroker(), 'a');
    client.send({
      type: 'subscribe',
      packetId: 1,
      requests: [subscription('$share/g/a', { noLocal: true })],
      properties: undefined,
    });
    expect(client.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x82 }]);
  });

  test.each([4, 5] as const)(
    'the aws profile takes 8 filters a packet and 50 a connection, version %i',
    async version => {
      const { client } = TestClient.connect(await startBroker({ profile: profiles.aws }), 'a', {
        protocolVersion: version,
      });
      const full = version === 5 ? 0x97 : 0x80;
      const ask = (from: number, count: number): readonly number[] => {
        const requests = Array.from({ length: count }, (_, i) => subscription(`t${from + i}`, { qos: 0 }));
        client.send({ type: 'subscribe', packetId: 1, requests, properties: undefined });
        return client.take().flatMap(packet => (packet.type === 'suback' ? packet.reasonCodes : []));
      };
      expect(ask(0, 9)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, full]);
      for (let from = 8; from < 48; from += 8) ask(from, 8);
      expect(ask(48, 3)).toEqual([0, 0, full]);
      expect(ask(0, 1)).toEqual([0]);
    },
  );

  test.each([
    { profile: 'aws', version: 4, codes: undefined },
    { profile: 'aws', version: 5, codes: [2, 0x87, 2] },
    { profile: 'open', version: 4, codes: [2, 0x80, 2] },
    { profile: 'open', version: 5, codes: [2, 0x87, 2] },
  ] as const)('a denied filter: profile $profile, version $version', async ({ profile, version, codes }) => {
    const started = await startBroker({ profile: profiles[profile], limits: { maximumQoS: 2 } });
    started.authorizer('a').denied.add('subscribe secret');
    const { client } = TestClient.connect(started, 'a', { protocolVersion: version });
    const requests = ['a', 'secret', 'b'].map(filter => subscription(filter));
    client.send({ type: 'subscribe', packetId: 3, requests, properties: undefined });
    expect(client.take()).toMatchObject(codes === undefined ? [] : [{ type: 'suback', reasonCodes: codes }]);
    expect(client.ended).toBe(codes === undefined);
    expect(started.log).toContain('denied a subscribe secret');
    if (codes === undefined) expect(started.disconnections).toMatchObject([{ disconnectReason: 'AUTH_ERROR' }]);
    else expect(started.log).toContain('subscribed a a,b');
  });

  test('a denied filter is 0x80 to MQTT 5 as well where the profile does not tell why', async () => {
    const started = await startBroker({ limits: { subscribeRefusal: 'unspecified' } });
    started.authorizer('a').denied.add('subscribe secret');
    const { client } = TestClient.connect(started, 'a', { protocolVersion: 5 });
    client.send({ type: 'subscribe', packetId: 3, requests: [subscription('secret')], properties: undefined });
    expect(client.take()).toMatchObject([{ type: 'suback', reasonCodes: [0x80] }]);
  });

  test('the authorizer sees the literal filter of a shared subscription, and its name on each delivery', async () => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a');
    client.subscribe('$share/g/t/+');
    client.publish('t/1', 'x');
    expect(started.authorizer('a').asked).toEqual(['subscribe $share/g/t/+', 'publish t/1', 'receive g:t/1']);
  });

  test('a session matched by several filters gets a message once, at the best QoS, with every identifier', async () => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a');
    client.subscribe('#', { qos: 0, identifier: 1 });
    client.subscribe('t/+', { qos: 2, identifier: 268_435_455 });
    client.subscribe('t/x', { qos: 1 });
    client.take();
    client.publish('t/x', '1', { qos: 2, packetId: 1 });
    const [message, ...rest] = client.publishes();
    expect(rest).toEqual([]);
    expect(message!.qos).toBe(2);
    expect([...message!.properties!.subscriptionIdentifiers!].sort()).toEqual([1, 268_435_455]);
  });

  test('subscribing again replaces: QoS, options and identifier [MQTT-3.8.4-3]', async () => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a');
    client.subscribe('t', { qos: 2, identifier: 1 });
    client.subscribe('t', { qos: 0, identifier: 2 });
    client.publish('t', '1', { qos: 1, packetId: 1 });
    expect(client.publishes()).toMatchObject([{ qos: 0, properties: { subscriptionIdentifiers: [2] } }]);
    expect(started.broker.metrics.subscriptions).toBe(1);
  });

  test('no-local keeps a client from its own messages, not from those of others', async () => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a');
    const { client: other } = TestClient.connect(started, 'b');
    client.subscribe('t', { noLocal: true });
    client.publish('t', 'own');
    other.publish('t', 'others');
    expect(client.messages()).toEqual(['t others']);
  });

  test('topics beginning with `$` are not for leading wildcards [MQTT-4.7.2-1]', async () => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a');
    for (const filter of ['#', '+/x']) client.subscribe(filter);
    client.publish('$aws/x', '1');
    expect(client.messages()).toEqual([]);
    client.subscribe('$aws/#');
    client.publish('$aws/x', '2');
    expect(client.messages()).toEqual(['$aws/x 2']);
  });

  test('whether `a/#` matches `a` is for the profile to say', async () => {
    for (const [profile, expected] of [
      ['open', ['a 1', 'a/b 2']],
      ['aws', ['a/b 2']],
    ] as const) {
      const { client } = TestClient.connect(await startBroker({ profile: profiles[profile] }), 'c');
      client.subscribe('a/#', { qos: 0 });
      client.publish('a', '1').publish('a/b', '2');
      expect(client.messages()).toEqual(expected);
    }
  });
});

describe('UNSUBSCRIBE', () => {
  test.each([4, 5] as const)('takes filters away one by one, version %i', async version => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a', { protocolVersion: version });
    for (const filter of ['t', '$share/g/s']) client.subscribe(filter);
    client.send({ type: 'unsubscribe', packetId: 4, filters: ['t', 'never', '$share/g/s'], properties: undefined });
    const reasonCodes = version === 5 ? [0, 0x11, 0] : [];
    expect(client.take()).toMatchObject([{ type: 'unsuback', packetId: 4, reasonCodes }]);
    client.publish('t', 'x').publish('s', 'x');
    expect(client.messages()).toEqual([]);
    expect(started.log.at(-1)).toBe('unsubscribed a t,$share/g/s');
  });
});

describe('retained messages', () => {
  const retained = (topic: string, payload: string): Parameters<TestClient['publish']> => [
    topic,
    payload,
    { retain: true },
  ];

  test('the last of each topic comes with a new subscription, marked; an empty payload removes it', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    sender.publish(...retained('t/1', 'old')).publish(...retained('t/1', 'new'));
    sender.publish(...retained('t/2', 'x')).publish(...retained('t/2', ''));
    sender.publish(...retained('t/3', 'y')).publish('t/3', 'passing');
    const { client } = TestClient.connect(started, 'a');
    client.subscribe('t/+');
    expect(
      client
        .publishes()
        .map(({ topic, payload, retain }) => `${topic} ${payload} ${retain}`)
        .sort(),
    ).toEqual(['t/1 new true', 't/3 y true']);
    expect(started.broker.metrics.retained).toBe(2);
  });

  test('a live message is not marked as retained, except to who asked for it as published', async () => {
    const started = await startBroker();
    const { client: plain } = TestClient.connect(started, 'plain');
    const { client: asPublished } = TestClient.connect(started, 'asPublished');
    plain.subscribe('t');
    asPublished.subscribe('t', { retainAsPublished: true });
    plain.publish(...retained('t', 'x')).publish('t', 'y');
    expect(plain.publishes().map(({ retain }) => retain)).toEqual([false, false]);
    expect(asPublished.publishes().map(({ retain }) => retain)).toEqual([true, false]);
  });

  test.each([
    { retainHandling: 0, first: 1, again: 1 },
    { retainHandling: 1, first: 1, again: 0 },
    { retainHandling: 2, first: 0, again: 0 },
  ] as const)('retain handling $retainHandling', async ({ retainHandling, first, again }) => {
    const { client } = TestClient.connect(await startBroker(), 'a');
    client.publish(...retained('t', 'x'));
    client.subscribe('t', { retainHandling });
    expect(client.publishes()).toHaveLength(first);
    client.subscribe('t', { retainHandling });
    expect(client.publishes()).toHaveLength(again);
  });

  test('come at the lower QoS, with the subscription identifier, and only what may be received', async () => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a');
    client.publish('t/1', 'x', { retain: true, qos: 2, packetId: 1 }).publish(...retained('t/2', 'y'));
    client.publish(...retained('t/secret', 'z'));
    started.authorizer('a').change(denied => denied.add('receive t/secret'));
    client.subscribe('t/#', { qos: 1, identifier: 9 });
    const publishes = client.publishes().sort((a, b) => a.topic.localeCompare(b.topic));
    expect(publishes).toMatchObject([
      { topic: 't/1', qos: 1, properties: { subscriptionIdentifiers: [9] } },
      { topic: 't/2', qos: 0, properties: { subscriptionIdentifiers: [9] } },
    ]);
  });

  test('are owed once for a filter, however often a client that does not read subscribes to it', async () => {
    const { client } = TestClient.connect(await startBroker(), 'a', { properties: { receiveMaximum: 1 } });
    for (const [index, topic] of ['t/1', 't/2', 't/3'].entries()) {
      client.publish(topic, 'x', { retain: true, qos: 1, packetId: index + 1 });
    }
    client.take();
    for (let i = 0; i < 100; i++) client.subscribe('t/#', { qos: 1 });
    // Those of the first SUBSCRIBE are on their way; the others ask for the same.
    const received = client.receive();
    expect(received).toHaveLength(6);
    expect(new Set(received)).toEqual(new Set(['t/1 x', 't/2 x', 't/3 x']));
  });

  test('are owed no more to who unsubscribes [MQTT-3.10.4-2]', async () => {
    const { client } = TestClient.connect(await startBroker(), 'a', { properties: { receiveMaximum: 1 } });
    for (const [index, topic] of ['t/1', 't/2', 'u/1'].entries()) {
      client.publish(topic, 'x', { retain: true, qos: 1, packetId: index + 1 });
    }
    client.take();
    client.subscribe('t/#', { qos: 1 });
    client.subscribe('u/#', { qos: 1 });
    client.send({ type: 'unsubscribe', packetId: 9, filters: ['t/#'], properties: undefined });
    const received = client.receive();
    expect(received).toHaveLength(2);
    expect(received).toContain('u/1 x');
  });

  test('are not for shared subscriptions [MQTT5 4.8.2]', async () => {
    const { client } = TestClient.connect(await startBroker(), 'a');
    client.publish(...retained('t', 'x'));
    client.subscribe('$share/g/t');
    expect(client.messages()).toEqual([]);
  });

  test('expire', async () => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a', { keepAlive: 0 });
    client.publish('t', 'x', { retain: true, properties: { messageExpiryInterval: 10 } });
    started.pass(4);
    client.subscribe('t');
    expect(client.publishes()).toMatchObject([{ properties: { messageExpiryInterval: 6 } }]);
    started.pass(6);
    client.subscribe('t');
    expect(client.publishes()).toEqual([]);
    expect(started.broker.realm('test').retained('t')).toBeUndefined();
  });

  test('the aws profile sends them for exact filters only and keeps none on `$` topics', async () => {
    const started = await startBroker({ profile: profiles.aws });
    const { client } = TestClient.connect(started, 'a');
    client.publish(...retained('t', 'x')).publish(...retained('$aws/t', 'y'));
    client.subscribe('+', { qos: 1 });
    client.subscribe('$aws/t', { qos: 1 });
    expect(client.messages()).toEqual([]);
    client.subscribe('t', { qos: 1 });
    expect(client.messages()).toEqual(['t x']);
  });

  test('beyond the bound a new topic is refused, a known one replaced', async () => {
    const started = await startBroker({ limits: { maxRetainedMessages: 1 } });
    const { client } = TestClient.connect(started, 'a');
    for (const [packetId, topic] of ['t', 'u', 't'].entries()) {
      client.publish(topic, `${packetId}`, { retain: true, qos: 1, packetId: packetId + 1 });
    }
    expect(client.take()).toMatchObject([{ reasonCode: 0 }, { packetId: 2, reasonCode: 0x97 }, { reasonCode: 0 }]);
    expect(started.broker.realm('test').retained('t')!.payload.toString()).toBe('2');
  });

  test('thousands of them reach a client with a small window and a small buffer, each once', async () => {
    const started = await startBroker({ limits: { maxOutputBytes: 2000 } });
    const realm = started.broker.realm('test');
    const publisher = { clientId: '', principal: 'program' };
    for (let i = 0; i < 3000; i++) {
      realm.publish({ topic: `t/${i}`, payload: Buffer.alloc(20), retain: true, qos: i % 2 === 0 ? 0 : 1, publisher });
    }
    const { client } = TestClient.connect(started, 'a', { properties: { receiveMaximum: 10 } });
    client.stream.reading = false;
    client.subscribe('t/#');
    expect(client.stream.writableLength).toBeLessThan(4000);
    const received = client.receive();
    expect(new Set(received).size).toBe(3000);
    expect(received).toHaveLength(3000);
  });

  test('those still owed when a session is left are there when it is resumed', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    for (let i = 0; i < 10; i++) sender.publish(`t/${i}`, 'x', { retain: true, qos: 1, packetId: 1 });
    const options = { ...staying[5], properties: { sessionExpiryInterval: 60, receiveMaximum: 2 } };
    const { client } = TestClient.connect(started, 'a', options);
    client.subscribe('t/#');
    client.stream.lose();
    expect(new Set(TestClient.connect(started, 'a', options).client.receive()).size).toBe(10);
  });
});

test('a SUBACK larger than the client takes is not sent: the connection ends [MQTT-3.1.2-24]', async () => {
  const started = await startBroker();
  const { client } = TestClient.connect(started, 'a', { properties: { maximumPacketSize: 40 } });
  const requests = (count: number): SubscribeRequest[] => Array.from({ length: count }, (_, i) => subscription(`${i}`));
  client.send({ type: 'subscribe', packetId: 1, requests: requests(35), properties: undefined });
  expect(client.take()).toMatchObject([{ type: 'suback', packetId: 1 }]);
  client.send({ type: 'subscribe', packetId: 2, requests: requests(36), properties: undefined });
  const [disconnect, ...rest] = client.take();
  expect(disconnect).toMatchObject({ type: 'disconnect', reasonCode: ReasonCode.packetTooLarge });
  expect(rest).toEqual([]);
  expect(started.log).toContain('disconnected a CLIENT_ERROR');
});

describe('shared subscriptions', () => {
  test.each([4, 5] as const)('share the messages out in turn, version %i', async version => {
    const started = await startBroker();
    const members = ['a', 'b', 'c'].map(id => TestClient.connect(started, id, { protocolVersion: version }).client);
    const { client: alone } = TestClient.connect(started, 'alone');
    for (const member of members) member.subscribe('$share/g/t/#', { qos: 1 });
    alone.subscribe('t/#', { qos: 1 });
    for (let i = 0; i < 9; i++) members[0]!.publish('t/x', `${i}`, { qos: 1, packetId: i + 1 });
    expect(alone.receive()).toHaveLength(9);
    const shares = members.map(member => member.receive());
    expect(shares.map(share => share.length)).toEqual([3, 3, 3]);
    expect(new Set(shares.flat()).size).toBe(9);
  });

  test('groups of different names each get every message; a member may subscribe alone as well', async () => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a');
    for (const filter of ['$share/g/t', '$share/h/t', 't']) client.subscribe(filter);
    client.publish('t', 'x');
    expect(client.messages()).toEqual(['t x', 't x', 't x']);
  });

  test('a member that is away or full is passed over while another is there', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client: away } = TestClient.connect(started, 'away', staying[5]);
    const { client: full } = TestClient.connect(started, 'full', { properties: { receiveMaximum: 1 } });
    const { client: free } = TestClient.connect(started, 'free');
    for (const client of [away, full, free]) client.subscribe('$share/g/t', { qos: 1 });
    away.stream.lose();
    for (let i = 1; i <= 6; i++) sender.publish('t', `${i}`, { qos: 1, packetId: i });
    expect(full.publishes()).toHaveLength(1);
    expect(free.publishes()).toHaveLength(5);
  });

  test('of members that are all full the one with the shorter queue takes the message, so that none is lost', async () => {
    const started = await startBroker({ limits: { maxQueuedMessages: 3 } });
    const { client: sender } = TestClient.connect(started, 'sender');
    const narrow = { properties: { receiveMaximum: 1 } };
    const { client: stuck } = TestClient.connect(started, 'stuck', narrow);
    const { client: slow } = TestClient.connect(started, 'slow', narrow);
    for (const client of [stuck, slow]) client.subscribe('$share/g/t', { qos: 1 });
    const received: string[] = [];
    for (let i = 1; i <= 20; i++) {
      sender.publish('t', `${i}`, { qos: 1, packetId: i });
      if (i % 2 === 0) received.push(...slow.receive());
    }
    expect(started.broker.metrics.messagesDropped).toBe(0);
    expect(received.length + stuck.receive().length).toBe(20);
  });

  test('with nobody there, messages wait for one that will be back', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client } = TestClient.connect(started, 'a', staying[5]);
    client.subscribe('$share/g/t', { qos: 1 });
    client.stream.lose();
    sender.publish('t', '0').publish('t', '1', { qos: 1, packetId: 1 });
    expect(TestClient.connect(started, 'a', staying[5]).client.receive()).toEqual(['t 1']);
  });

  test('a member that may not receive is passed over', async () => {
    const started = await startBroker();
    const members = ['a', 'b'].map(id => TestClient.connect(started, id).client);
    for (const member of members) member.subscribe('$share/g/t', { qos: 0 });
    started.authorizer('a').change(denied => denied.add('receive g:t'));
    for (let i = 0; i < 4; i++) members[0]!.publish('t', `${i}`);
    expect(members.map(member => member.messages().length)).toEqual([0, 4]);
  });

  test('what a member leaves unacknowledged at QoS 1 goes to another; QoS 2 once begun does not [MQTT-4.8.2-5]', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client: leaver } = TestClient.connect(started, 'leaver', { properties: { receiveMaximum: 2 } });
    leaver.subscribe('$share/g/t');
    for (const [packetId, qos] of ([2, 1, 1, 2] as const).entries()) {
      sender.publish('t', `${packetId}`, { qos, packetId: packetId + 1 });
    }
    expect(leaver.publishes()).toHaveLength(2);
    const { client: heir } = TestClient.connect(started, 'heir');
    heir.subscribe('$share/g/t');
    leaver.stream.lose();
    expect(heir.receive()).toEqual(['t 1', 't 2', 't 3']);
  });
});
