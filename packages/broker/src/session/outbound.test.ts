import { describe, expect, test } from 'vitest';
import { startBroker, staying, TestClient, turn } from '../listener/client.testing.ts';
import { neverExpires, profiles } from '../profile.ts';
import { MemoryStore } from './memory-store.ts';
import type { StoreChange } from './store.ts';

describe('QoS 1 and 2 to a client', () => {
  test.each([4, 5] as const)(
    'what is unacknowledged is sent again with DUP under its id, version %i [MQTT-4.4.0-1]',
    async version => {
      const started = await startBroker();
      const { client: sender } = TestClient.connect(started, 'sender');
      const { client: first } = TestClient.connect(started, 'a', staying[version]);
      first.subscribe('#');
      for (const [i, qos] of ([1, 2, 1, 2] as const).entries()) sender.publish(`t${i}`, 'x', { qos, packetId: i + 1 });
      const sent = first.publishes();
      expect(sent.map(({ packetId, dup }) => ({ packetId, dup }))).toEqual(
        [1, 2, 3, 4].map(packetId => ({ packetId, dup: false })),
      );
      first.acknowledge('puback', 1).acknowledge('pubrec', 2);
      expect(first.take()).toMatchObject([{ type: 'pubrel', packetId: 2 }]);
      first.stream.lose();
      sender.publish('t4', 'x', { qos: 1, packetId: 9 });

      const { client: second, connack } = TestClient.connect(started, 'a', staying[version]);
      expect(connack.sessionPresent).toBe(true);
      expect(second.take()).toMatchObject([
        { type: 'pubrel', packetId: 2 },
        { type: 'publish', packetId: 3, dup: true, topic: 't2', qos: 1 },
        { type: 'publish', packetId: 4, dup: true, topic: 't3', qos: 2 },
        { type: 'publish', packetId: 5, dup: false, topic: 't4', qos: 1 },
      ]);
      second.acknowledge('pubcomp', 2).acknowledge('puback', 3).acknowledge('pubrec', 4).acknowledge('pubcomp', 4);
      second.acknowledge('puback', 5);
      second.stream.lose();
      expect(TestClient.connect(started, 'a', staying[version]).client.take()).toEqual([]);
    },
  );

  test('a session that ends with its connection starts anew', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client } = TestClient.connect(started, 'a');
    client.subscribe('#');
    sender.publish('t', 'x', { qos: 1, packetId: 1 });
    client.stream.lose();
    expect(started.broker.metrics).toMatchObject({ sessions: 1, subscriptions: 0 });
    const { client: again, connack } = TestClient.connect(started, 'a', { cleanStart: false });
    expect(connack.sessionPresent).toBe(false);
    expect(again.take()).toEqual([]);
  });

  test('a client that refuses a QoS 2 message with its PUBREC has done with it', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client } = TestClient.connect(started, 'a', staying[5]);
    client.subscribe('#');
    sender.publish('t', 'x', { qos: 2, packetId: 1 });
    const [message] = client.publishes();
    client.acknowledge('pubrec', message!.packetId, 0x97);
    expect(client.take()).toEqual([]);
    expect(started.broker.realm('test').session('a')).toMatchObject({ inflight: 0 });
  });

  test('acknowledgements of unknown ids harm nobody; those of the wrong kind are protocol errors', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client } = TestClient.connect(started, 'a');
    client.subscribe('#');
    client.acknowledge('puback', 77).acknowledge('pubcomp', 77).acknowledge('pubrec', 77);
    expect(client.take()).toMatchObject([{ type: 'pubrel', packetId: 77, reasonCode: 0x92 }]);
    for (const [qos, kind] of [
      [1, 'pubrec'],
      [1, 'pubcomp'],
      [2, 'puback'],
      [2, 'pubcomp'],
    ] as const) {
      const { client: wrong } = TestClient.connect(started, `wrong ${qos} ${kind}`);
      wrong.subscribe('only');
      sender.publish('only', 'x', { qos, packetId: 1 });
      if (qos === 2) sender.acknowledge('pubrel', 1);
      const [message] = wrong.publishes();
      expect(wrong.acknowledge(kind, message!.packetId).take()).toMatchObject([
        { type: 'disconnect', reasonCode: 0x82 },
      ]);
    }
  });
});

describe('flow control', () => {
  test('no more is sent than the receive maximum allows; acknowledgements let the rest follow [MQTT-3.3.4-9]', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client } = TestClient.connect(started, 'a', { properties: { receiveMaximum: 2 } });
    client.subscribe('#');
    for (let i = 1; i <= 5; i++) sender.publish(`t${i}`, 'x', { qos: i % 2 === 0 ? 2 : 1, packetId: i });
    sender.publish('zero', 'x');
    expect(client.publishes().map(({ topic }) => topic)).toEqual(['t1', 't2', 'zero']);
    client.acknowledge('pubrec', 2);
    expect(client.take()).toMatchObject([{ type: 'pubrel' }]);
    client.acknowledge('puback', 1);
    expect(client.publishes().map(({ topic }) => topic)).toEqual(['t3']);
    client.acknowledge('pubcomp', 2).acknowledge('puback', 3);
    expect(client.publishes().map(({ topic }) => topic)).toEqual(['t4', 't5']);
  });

  test('a client back with a smaller receive maximum gets its repetitions in portions', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client } = TestClient.connect(started, 'a', staying[5]);
    client.subscribe('#');
    for (let i = 1; i <= 3; i++) sender.publish(`t${i}`, 'x', { qos: 1, packetId: i });
    client.take();
    client.stream.lose();
    const options = { cleanStart: false, properties: { sessionExpiryInterval: 60, receiveMaximum: 1 } };
    const { client: again } = TestClient.connect(started, 'a', options);
    expect(again.receive()).toEqual(['t1 x', 't2 x', 't3 x']);
    expect(again.receive()).toEqual([]);
  });

  test('a client with more unacknowledged publishes than the server takes is cut off with 0x93 [MQTT-3.3.4-7]', async () => {
    const started = await startBroker({ limits: { receiveMaximum: 2 } });
    const { client } = TestClient.connect(started, 'a');
    for (let packetId = 1; packetId <= 2; packetId++) client.publish('t', 'x', { qos: 2, packetId });
    client.publish('t', 'x', { qos: 2, packetId: 2, dup: true });
    expect(client.take().map(packet => packet.type)).toEqual(['pubrec', 'pubrec', 'pubrec']);
    client.publish('t', 'x', { qos: 2, packetId: 3 });
    expect(client.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x93 }]);
  });

  test('packet ids that a client published with on an earlier connection, and never released, take nothing from it on this one [MQTT5 4.9]', async () => {
    const started = await startBroker({ limits: { receiveMaximum: 2 } });
    const { client: first } = TestClient.connect(started, 'a', staying[5]);
    for (let packetId = 1; packetId <= 2; packetId++) first.publish('t', 'x', { qos: 2, packetId });
    first.stream.lose();
    const { client } = TestClient.connect(started, 'a', staying[5]);
    for (let packetId = 3; packetId <= 4; packetId++) client.publish('t', 'x', { qos: 2, packetId });
    expect(client.take().map(packet => packet.type)).toEqual(['pubrec', 'pubrec']);
    client.publish('t', 'x', { qos: 2, packetId: 5 });
    expect(client.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x93 }]);
  });

  test('a client that leaves every packet id unreleased is sent nothing more until it releases one', {
    timeout: 30_000,
  }, async () => {
    const store = new MemoryStore();
    const key = { realm: 'test', clientId: 'a' };
    const publisher = { clientId: '', principal: '' };
    const rest = { retain: false, subscriptionIdentifiers: [], sharedFilter: undefined, released: true } as const;
    const message = { topic: 't', payload: Buffer.from('x'), qos: 2, retain: false, properties: undefined } as const;
    const session = { principal: '', sessionExpiryInterval: neverExpires, disconnectedAt: 0, pendingWill: undefined };
    await store.write([
      { kind: 'session', key, ...session },
      ...Array.from({ length: 65_535 }, (_, i): StoreChange => {
        const delivery = {
          message: { ...message, publishedAt: 0, publisher },
          qos: 2,
          packetId: i + 1,
          ...rest,
        } as const;
        return { kind: 'queued', key, delivery: { ...delivery, sequence: i + 1 } };
      }),
    ]);
    const started = await startBroker({ store });
    const { client } = TestClient.connect(started, 'a', staying[5]);
    client.subscribe('t');
    await turn();
    expect(client.take().filter(({ type }) => type === 'pubrel')).toHaveLength(65_535);
    await started.broker.realm('test').publish({ ...message, publisher });
    await turn();
    expect(client.publishes()).toEqual([]);
    client.acknowledge('pubcomp', 1000);
    await turn();
    expect(client.publishes()).toMatchObject([{ packetId: 1000 }]);
  });

  test('a packet larger than the client takes counts as delivered [MQTT-3.1.2-25]', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    for (const expiry of [0, 60]) {
      const properties = { maximumPacketSize: 50, sessionExpiryInterval: expiry };
      const { client } = TestClient.connect(started, 'a', { properties });
      client.subscribe('#');
      for (const qos of [0, 1, 2] as const)
        sender.publish('t', 'x'.repeat(100), { qos, packetId: qos === 0 ? 0 : qos + 10 });
      sender.acknowledge('pubrel', 12);
      sender.publish('t', 'short', { qos: 1, packetId: 20 });
      expect(client.receive()).toEqual(['t short']);
      expect(started.broker.realm('test').session('a')).toMatchObject({ inflight: 0, queuedMessages: 0 });
      client.disconnect();
    }
    expect(started.log.filter(line => line.endsWith('packetTooLarge'))).toHaveLength(6);
  });

  test('a client that stops reading loses QoS 0 and keeps QoS 1, within bounds, and catches up', async () => {
    const started = await startBroker({ limits: { maxOutputBytes: 1000, maxQueuedMessages: 20 } });
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client: slow } = TestClient.connect(started, 'slow');
    const { client: good } = TestClient.connect(started, 'good');
    for (const client of [slow, good]) client.subscribe('#', { qos: 1 });
    slow.stream.reading = false;
    const received: string[] = [];
    for (let i = 0; i < 50; i++) {
      sender.publish('q0', `${i}`.padEnd(100)).publish('q1', `${i}`.padEnd(100), { qos: 1, packetId: i + 1 });
      received.push(...good.receive());
    }
    expect(received).toHaveLength(100);
    expect(slow.stream.writableLength).toBeLessThan(1500);
    expect(started.broker.realm('test').session('slow')!.queuedMessages).toBe(20);
    const q1 = slow.receive().filter(message => message.startsWith('q1'));
    expect(q1.map(message => Number.parseInt(message.slice(3), 10))).toEqual(q1.map((_, i) => i));
    expect(q1.length).toBeGreaterThanOrEqual(20);
    expect(started.log.some(line => line === 'dropped slow q0 slowConsumer')).toBe(true);
    expect(started.log.some(line => line === 'dropped slow q1 queueFull')).toBe(true);
  });

  test('a client that asks and never reads the answers is not read from', async () => {
    const started = await startBroker({ limits: { maxOutputBytes: 100 } });
    const { client } = TestClient.connect(started, 'a');
    client.stream.reading = false;
    for (let i = 0; i < 500; i++) client.send({ type: 'pingreq' });
    started.broker.flusher.flush();
    expect(client.stream.paused).toBe(true);
    expect(client.stream.writableLength).toBeLessThan(200);
    let pongs = 0;
    for (let packets = client.take(); packets.length > 0; packets = client.take()) pongs += packets.length;
    expect(pongs).toBe(500);
  });
});

describe('offline sessions', () => {
  test.each([4, 5] as const)('keep QoS 1 and 2 in order, not QoS 0, version %i', async version => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    TestClient.connect(started, 'a', staying[version]).client.subscribe('#');
    started.broker.disconnect(({ clientId }) => clientId === 'a', {
      reasonCode: 0x98,
      disconnectReason: 'API_INITIATED_DISCONNECT',
    });
    for (let i = 0; i < 6; i++) sender.publish('t', `${i}`, { qos: (i % 3) as 0 | 1 | 2, packetId: i + 1 });
    expect(TestClient.connect(started, 'a', staying[version]).client.receive()).toEqual(['t 1', 't 2', 't 4', 't 5']);
  });

  test('hold at most so many messages and bytes; the newest are refused', async () => {
    for (const limits of [{ maxQueuedMessages: 3 }, { maxQueuedBytes: 350 }]) {
      const started = await startBroker({ limits });
      const { client: sender } = TestClient.connect(started, 'sender');
      const { client } = TestClient.connect(started, 'a', staying[5]);
      client.subscribe('#');
      client.stream.lose();
      for (let i = 1; i <= 5; i++) sender.publish('t', `${i}`, { qos: 1, packetId: i });
      expect(started.log.filter(line => line === 'dropped a t queueFull')).toHaveLength(2);
      expect(TestClient.connect(started, 'a', staying[5]).client.receive()).toEqual(['t 1', 't 2', 't 3']);
    }
  });

  test('count their properties among their bytes', async () => {
    const started = await startBroker({ limits: { maxQueuedBytes: 10_000 } });
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client } = TestClient.connect(started, 'a', staying[5]);
    client.subscribe('#');
    client.stream.lose();
    const properties = { userProperties: [['k', 'v'.repeat(20_000)]] as const };
    sender.publish('t', '1', { qos: 1, packetId: 1, properties });
    expect(started.log.at(-1)).toBe('dropped a t queueFull');
  });

  test('messages expire while they wait, and carry what is left of their time [MQTT-3.3.2-5, MQTT-3.3.2-6]', async () => {
    const started = await startBroker({ limits: { maxQueuedMessages: 3 } });
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client } = TestClient.connect(started, 'a', staying[5]);
    client.subscribe('#');
    client.stream.lose();
    for (const [packetId, messageExpiryInterval] of [10, 30, 20].entries()) {
      sender.publish('t', `${messageExpiryInterval}`, {
        qos: 1,
        packetId: packetId + 1,
        properties: { messageExpiryInterval },
      });
    }
    started.pass(12);
    sender.publish('t', 'room again', { qos: 1, packetId: 4 });
    started.pass(9);
    const { client: again } = TestClient.connect(started, 'a', staying[5]);
    expect(
      again.publishes().map(({ payload, properties }) => [payload.toString(), properties?.messageExpiryInterval]),
    ).toEqual([
      ['30', 9],
      ['room again', undefined],
    ]);
    expect(started.broker.metrics.messagesExpired).toBe(2);
  });

  test.each([0, 60])('a message that may not wait is delivered to who is there, session expiry %i', async expiry => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client } = TestClient.connect(started, 'a', { properties: { sessionExpiryInterval: expiry } });
    client.subscribe('#');
    for (const qos of [0, 1, 2] as const)
      sender.publish('t', `${qos}`, { qos, packetId: qos, properties: { messageExpiryInterval: 0 } });
    expect(client.receive()).toEqual(['t 0', 't 1', 't 2']);
    client.stream.lose();
    sender.publish('t', '3', { qos: 1, packetId: 3, properties: { messageExpiryInterval: 0 } });
    const { client: again } = TestClient.connect(started, 'a', staying[5]);
    expect(again.receive()).toEqual([]);
  });

  test('what the client may no longer receive is left out when it is sent, not when it was queued', async () => {
    const started = await startBroker();
    const { client: sender } = TestClient.connect(started, 'sender');
    const { client } = TestClient.connect(started, 'a', staying[5]);
    client.subscribe('#');
    client.stream.lose();
    for (const topic of ['secret', 'open']) sender.publish(topic, 'x', { qos: 1, packetId: 1 });
    started.authorizer('a').change(denied => denied.add('receive secret'));
    expect(TestClient.connect(started, 'a', staying[5]).client.receive()).toEqual(['open x']);
    expect(started.log).toContain('denied a receive secret');
  });

  test('3.1.1 sessions live as long as the profile says, MQTT 5 sessions as the client says up to the cap', async () => {
    const limits = { persistentSessionExpiry: 100, maxSessionExpiry: 200 };
    for (const [options, lifetime] of [
      [{ protocolVersion: 4, cleanStart: false }, 100],
      [{ properties: { sessionExpiryInterval: 50 } }, 50],
      [{ properties: { sessionExpiryInterval: 5000 } }, 200],
    ] as const) {
      const started = await startBroker({ limits });
      const { client } = TestClient.connect(started, 'a', options);
      client.subscribe('#');
      started.pass(1000);
      const again = TestClient.connect(started, 'a', { ...options, cleanStart: false });
      expect(again.connack.sessionPresent).toBe(true);
      again.client.stream.lose();
      started.pass(lifetime - 1);
      expect(started.broker.metrics.sessions).toBe(1);
      started.pass(1);
      expect(started.broker.metrics).toMatchObject({ sessions: 0, subscriptions: 0 });
    }
  });

  test('a DISCONNECT may change the expiry, but not keep a session that was to end [MQTT-3.14.2-2]', async () => {
    const started = await startBroker();
    TestClient.connect(started, 'a', staying[5]).client.disconnect(0, 0);
    expect(started.broker.metrics.sessions).toBe(0);
    TestClient.connect(started, 'b', staying[5]).client.disconnect(0, 10);
    started.pass(9);
    expect(started.broker.metrics.sessions).toBe(1);
    started.pass(1);
    expect(started.broker.metrics.sessions).toBe(0);
    const { client } = TestClient.connect(started, 'c');
    expect(client.disconnect(0, 10).take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x82 }]);
    expect(started.broker.metrics.sessions).toBe(0);
  });

  test('a clean start throws the old session away', async () => {
    const started = await startBroker({ profile: profiles.aws });
    const { client } = TestClient.connect(started, 'a', staying[4]);
    client.subscribe('t');
    client.stream.lose();
    const { connack } = TestClient.connect(started, 'a', { protocolVersion: 4, cleanStart: true });
    expect(connack.sessionPresent).toBe(false);
    expect(started.broker.realm('test').subscriptions('a')).toEqual([]);
  });
});
