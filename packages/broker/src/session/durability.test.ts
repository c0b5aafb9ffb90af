import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { QoS } from '../codec/packet.ts';
import { startBroker, staying, type TestBroker, TestClient, testClock, turn } from '../listener/client.testing.ts';
import { SteppedStore } from './stepped-store.testing.ts';

const start = async (): Promise<{ started: TestBroker; store: SteppedStore; restart: () => Promise<TestBroker> }> => {
  const store = new SteppedStore();
  const clock = testClock();
  const started = await startBroker({ store, clock });
  const restart = async (): Promise<TestBroker> => {
    store.crash();
    const again = await startBroker({ store, clock });
    await store.settle();
    return again;
  };
  return { started, store, restart };
};

describe('acknowledged means kept', () => {
  test.each([
    { qos: 1, answer: 'puback' },
    { qos: 2, answer: 'pubrec' },
  ] as const)(
    'a QoS $qos publish for a durable session is acknowledged after it is stored',
    async ({ qos, answer }) => {
      const { started, store, restart } = await start();
      const { client } = TestClient.connect(started, 'a', staying[5]);
      client.subscribe('t');
      client.stream.lose();
      await store.settle();
      const { client: sender } = TestClient.connect(started, 'sender');
      sender.publish('t', 'x', { qos, packetId: 1 });
      await turn();
      expect(sender.take()).toEqual([]);
      await store.settle();
      expect(sender.take()).toMatchObject([{ type: answer, packetId: 1 }]);
      const again = await restart();
      const { client: back } = TestClient.connect(again, 'a', staying[5]);
      await store.settle();
      expect(back.publishes()).toMatchObject([{ topic: 't', qos, dup: false }]);
    },
  );

  test('a publish nobody durable waits for is acknowledged at once, but never before an earlier one [MQTT-4.6.0-2]', async () => {
    const { started, store } = await start();
    TestClient.connect(started, 'a', staying[5]).client.subscribe('durable');
    await store.settle();
    const { client: sender } = TestClient.connect(started, 'sender');
    sender.publish('nobody', 'x', { qos: 1, packetId: 1 });
    expect(sender.take()).toMatchObject([{ packetId: 1 }]);
    sender.publish('durable', 'x', { qos: 1, packetId: 2 }).publish('nobody', 'x', { qos: 1, packetId: 3 });
    await turn();
    expect(sender.take()).toEqual([]);
    await store.settle();
    expect(sender.take()).toMatchObject([{ packetId: 2 }, { packetId: 3 }]);
  });

  test.each([
    { how: 'says goodbye', leave: (client: TestClient) => client.disconnect() },
    { how: 'sends nothing more', leave: (client: TestClient) => client.stream.finish() },
  ])('a client that $how right behind a publish is told all the same that it is kept', async ({ leave }) => {
    const { started, store } = await start();
    TestClient.connect(started, 'a', staying[5]).client.subscribe('t');
    await store.settle();
    const { client: sender } = TestClient.connect(started, 'sender');
    sender.publish('t', 'x', { qos: 1, packetId: 1 }).publish('t', 'x', { qos: 2, packetId: 2 });
    leave(sender);
    expect([sender.ended, sender.take()]).toEqual([false, []]);
    await store.settle();
    expect(sender.ended).toBe(true);
    expect(sender.take()).toMatchObject([
      { type: 'puback', packetId: 1 },
      { type: 'pubrec', packetId: 2 },
    ]);
  });

  test('SUBACK and UNSUBACK of a durable session follow the store', async () => {
    const { started, store, restart } = await start();
    const { client } = TestClient.connect(started, 'a', staying[4]);
    expect(client.subscribe('t')).toEqual([]);
    await store.settle();
    expect(client.take()).toMatchObject([{ type: 'suback' }]);
    const again = await restart();
    expect(again.broker.realm('test').subscriptions('a')).toMatchObject([{ filter: 't', qos: 2 }]);
    expect(again.broker.realm('test').session('a')).toMatchObject({ connected: false, principal: 'principal of a' });
  });

  test('retained messages survive, and their removal does', async () => {
    const { started, store, restart } = await start();
    const { client } = TestClient.connect(started, 'a');
    for (const topic of ['kept', 'gone']) client.publish(topic, 'x', { retain: true, qos: 1, packetId: 1 });
    await store.settle();
    client.publish('gone', '', { retain: true, qos: 1, packetId: 1 });
    await store.settle();
    const again = await restart();
    expect([...again.broker.realm('test').retainedMessages()].map(({ topic }) => topic)).toEqual(['kept']);
    expect(again.broker.metrics.retained).toBe(1);
  });

  test('a retained message that has expired makes room, here and in the store', async () => {
    const { started, store, restart } = await start();
    const { client } = TestClient.connect(started, 'a', { keepAlive: 0 });
    client.publish('t/1', 'x', { retain: true, properties: { messageExpiryInterval: 10 } });
    client.publish('t/2', 'x', { retain: true, properties: { messageExpiryInterval: 100 } });
    // Replaced by one that stays.
    client.publish('t/3', 'x', { retain: true, properties: { messageExpiryInterval: 10 } });
    client.publish('t/3', 'y', { retain: true });
    await store.settle();
    started.pass(61);
    expect(started.broker.metrics.retained).toBe(2);
    await store.settle();
    const topics = (await store.load()).retained.map(({ message }) => message.topic);
    expect(topics.sort()).toEqual(['t/2', 't/3']);
    const again = await restart();
    again.pass(61);
    expect(again.broker.metrics.retained).toBe(1);
  });

  test('what the program publishes resolves when it is stored', async () => {
    const { started, store } = await start();
    TestClient.connect(started, 'a', staying[5]).client.subscribe('t');
    await store.settle();
    let resolved = false;
    const publisher = { clientId: '', principal: 'http' };
    const message = { topic: 't', payload: Buffer.from('x'), qos: 1, retain: false, publisher } as const;
    void started.broker
      .realm('test')
      .publish(message)
      .then(() => {
        resolved = true;
      });
    await turn();
    expect(resolved).toBe(false);
    await store.settle();
    expect(resolved).toBe(true);
  });

  test('a delivery acknowledged while its batch still gathers is never written', async () => {
    const { started, store } = await start();
    const { client } = TestClient.connect(started, 'a', staying[5]);
    client.subscribe('t');
    await store.settle();
    const { client: sender } = TestClient.connect(started, 'sender');
    sender.publish('t', 'first', { qos: 1, packetId: 1 });
    await turn();
    sender.publish('t', 'second', { qos: 1, packetId: 2 });
    store.kinds.length = 0;
    expect(client.receive()).toEqual(['t first', 't second']);
    await store.settle();
    expect(sender.take()).toMatchObject([{ packetId: 1 }, { packetId: 2 }]);
    expect(store.kinds).toEqual(['delivered']);
    expect((await store.load()).sessions[0]!.deliveries).toEqual([]);
  });

  test('a session that is not to outlive its connection writes nothing', async () => {
    const { started, store } = await start();
    const { client } = TestClient.connect(started, 'a');
    client.subscribe('t');
    client.publish('t', 'x', { qos: 1, packetId: 1 }).publish('t', 'x', { qos: 2, packetId: 2 });
    client.receive();
    client.stream.lose();
    await store.settle();
    expect(store.kinds).toEqual([]);
  });

  test('a will still waiting for its delay survives', async () => {
    const { started, store, restart } = await start();
    const properties = { willDelayInterval: 30 };
    const will = { topic: 'gone', payload: Buffer.from('a'), qos: 1, retain: true, properties } as const;
    TestClient.connect(started, 'a', { ...staying[5], will }).client.stream.lose();
    await store.settle();
    const again = await restart();
    again.pass(29);
    expect(again.broker.realm('test').retained('gone')).toBeUndefined();
    again.pass(1);
    expect(again.broker.realm('test').retained('gone')).toBeDefined();
  });

  test('a session expires by the time it was left, restarts included', async () => {
    const { started, store, restart } = await start();
    TestClient.connect(started, 'left', staying[5]).client.stream.lose();
    TestClient.connect(started, 'connected', staying[5]);
    await store.settle();
    started.clock.time += 1800_000;
    const again = await restart();
    again.pass(1801);
    expect(again.broker.realm('test').session('left')).toBeUndefined();
    expect(again.broker.realm('test').session('connected')).toBeDefined();
    again.pass(1800);
    expect(again.broker.metrics.sessions).toBe(0);
    await store.settle();
    expect((await store.load()).sessions).toEqual([]);
  });

  test('publishers are not read from while the store is far behind; who brings it nothing more is', async () => {
    const { started, store } = await start();
    TestClient.connect(started, 'a', staying[5]).client.subscribe('t/#');
    await store.settle();
    const { client: idle } = TestClient.connect(started, 'idle');
    const { client: sender } = TestClient.connect(started, 'sender', { protocolVersion: 4 });
    for (let i = 0; i <= 20_000; i++) sender.publish(`t/${i}`, 'x', { retain: true });
    idle.send({ type: 'pingreq' });
    expect(idle.take()).toEqual([{ type: 'pingresp' }]);
    expect([sender.stream.paused, idle.stream.paused]).toEqual([true, false]);
    await store.settle();
    expect(sender.stream.paused).toBe(false);
    expect((await store.load()).retained.length).toBe(20_001);
  });

  test('nor while there are more to be answered than it should remember', async () => {
    const { started, store } = await start();
    TestClient.connect(started, 'a', staying[5]).client.subscribe('t');
    await turn();
    const { client } = TestClient.connect(started, 'b', { protocolVersion: 4 });
    const filters = ['never subscribed to'];
    for (let i = 0; i <= 20_000; i++) client.send({ type: 'unsubscribe', packetId: 1, filters, properties: undefined });
    expect(client.stream.paused).toBe(true);
    await store.settle();
    expect(client.stream.paused).toBe(false);
    expect(client.take()).toHaveLength(20_001);
  });

  test('nor while few messages that it has yet to write are large', async () => {
    const { started, store } = await start();
    const { client: sender } = TestClient.connect(started, 'sender', { protocolVersion: 4 });
    const payload = Buffer.alloc(15 * 1024 * 1024);
    for (let i = 0; i < 4; i++) sender.publish('t', '', { payload, retain: true });
    expect(sender.stream.paused).toBe(false);
    sender.publish('t', '', { payload, retain: true });
    expect(sender.stream.paused).toBe(true);
    await store.settle();
    expect(sender.stream.paused).toBe(false);
  });

  test('a 3.1.1 publisher with as much unacknowledged as the server takes is read from when some of it is stored', async () => {
    const { started, store } = await start();
    TestClient.connect(started, 'a', staying[5]).client.subscribe('t');
    await store.settle();
    const { client: sender } = TestClient.connect(started, 'sender', { protocolVersion: 4 });
    for (let packetId = 1; packetId <= 1500; packetId++) sender.publish('t', 'x', { qos: 1, packetId });
    expect(sender.stream.paused).toBe(true);
    expect(started.broker.realm('test').session('a')!.inflight).toBe(1000);
    await store.settle();
    expect(sender.take()).toHaveLength(1500);
    expect(sender.stream.paused).toBe(false);
  });

  test('a store that fails is reported, and nothing is acknowledged from then on', async () => {
    const { started, store } = await start();
    const { client } = TestClient.connect(started, 'a', staying[5]);
    client.subscribe('t');
    await store.settle();
    client.take();
    store.fault = new Error('disk full');
    client.publish('t', 'x', { qos: 1, packetId: 1 });
    await turn();
    expect(started.log).toContain('storeFailed: Error: disk full');
    expect(client.take().map(packet => packet.type)).toEqual(['publish', 'disconnect']);
    expect(client.ended).toBe(true);
    await started.broker.close();
  });
});

test('a QoS 2 publish whose handler was at work in a crash is handled when its client repeats it', async () => {
  const { started, store, restart } = await start();
  started.broker.realm('test').handle('t', () => new Promise(() => {}));
  TestClient.connect(started, 'a', staying[5]).client.publish('t', 'x', { qos: 2, packetId: 1 });
  await store.settle();
  const again = await restart();
  const seen: string[] = [];
  again.broker.realm('test').handle('t', async ({ payload }) => void seen.push(payload.toString()));
  const { client } = TestClient.connect(again, 'a', staying[5]);
  client.publish('t', 'x', { qos: 2, packetId: 1, dup: true });
  await store.settle();
  expect(client.take()).toMatchObject([{ type: 'pubrec', packetId: 1, reasonCode: 0 }]);
  client.publish('t', 'x', { qos: 2, packetId: 1, dup: true });
  await store.settle();
  expect(client.take()).toMatchObject([{ type: 'pubrec', packetId: 1, reasonCode: 0 }]);
  expect(seen).toEqual(['x']);
  const once = await restart();
  once.broker.realm('test').handle('t', async () => void seen.push('again'));
  TestClient.connect(once, 'a', staying[5]).client.publish('t', 'x', { qos: 2, packetId: 1, dup: true });
  await store.settle();
  expect(seen).toEqual(['x']);
});

test('a store that fails while a handler still works is no unhandled rejection', async () => {
  const { started, store } = await start();
  const realm = started.broker.realm('test');
  const { promise, resolve } = Promise.withResolvers<void>();
  realm.handle('t', () => promise);
  store.fault = new Error('disk full');
  const publisher = { clientId: '', principal: 'http' };
  const published = realm.publish({ topic: 't', payload: Buffer.from('x'), qos: 1, retain: true, publisher });
  await expect(published).rejects.toThrow('disk full');
  resolve();
  await started.broker.close();
});

/** What may happen, in any order. */
type Step =
  | { readonly kind: 'publish'; readonly qos: 1 | 2 }
  | { readonly kind: 'settle' | 'receive' | 'takeOne' | 'lose' | 'resume' | 'crash' | 'resumeSender' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('publish' as const), qos: fc.constantFrom(1 as const, 2 as const) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('settle', 'receive', 'takeOne', 'lose', 'resume', 'crash', 'resumeSender' as const),
    }),
  },
) as fc.Arbitrary<Step>;

/**
 * A publisher and a subscriber that follow the specification to the letter across lost connections and crashes of the
 * broker, each keeping what a client must keep.
 */
class Exchange {
  started: TestBroker;
  readonly #store: SteppedStore;
  readonly #restart: () => Promise<TestBroker>;
  #sender: TestClient | undefined;
  #receiver: TestClient | undefined;
  #next = 1;
  /** Publishes without their final acknowledgement; `released` once PUBREC came. */
  readonly #outgoing = new Map<number, { payload: string; qos: QoS; released: boolean }>();
  readonly acknowledged = new Set<string>();
  /** QoS 2 ids the subscriber has taken and not released. */
  readonly #incoming = new Set<number>();
  readonly received = new Map<string, number>();
  readonly qosOf = new Map<string, QoS>();

  constructor({ started, store, restart }: Awaited<ReturnType<typeof start>>) {
    this.started = started;
    this.#store = store;
    this.#restart = restart;
  }

  async run(action: Step): Promise<unknown> {
    switch (action.kind) {
      case 'publish':
        return this.#publish(action.qos);
      case 'settle':
        await this.#store.settle();
        return this.#listen();
      case 'receive':
        return this.#receive(Number.POSITIVE_INFINITY);
      case 'takeOne':
        return this.#receive(1);
      case 'lose':
        this.#receiver?.stream.lose();
        this.#receiver = undefined;
        return;
      case 'resume':
        return this.#resumeReceiver();
      case 'resumeSender':
        this.#sender?.stream.lose();
        return this.#resumeSender();
      case 'crash':
        this.#sender = undefined;
        this.#receiver = undefined;
        this.started = await this.#restart();
        return;
      default:
        action satisfies never;
    }
  }

  async begin(): Promise<void> {
    this.#resumeReceiver();
    this.#receiver!.subscribe('t');
    this.#resumeSender();
    await this.#store.settle();
    this.#receiver!.take();
  }

  /** Everybody comes back and all is exchanged to the end. */
  async finish(): Promise<void> {
    this.#sender?.stream.lose();
    this.#receiver?.stream.lose();
    this.#resumeSender();
    this.#resumeReceiver();
    for (let quiet = 0; quiet < 3; quiet++) {
      await this.#store.settle();
      if (this.#listen() + this.#receive(Number.POSITIVE_INFINITY) > 0) quiet = -1;
    }
  }

  #publish(qos: 1 | 2): void {
    const packetId = this.#next++;
    const payload = `m${packetId}`;
    this.qosOf.set(payload, qos);
    this.#outgoing.set(packetId, { payload, qos, released: false });
    this.#sender?.publish('t', payload, { qos, packetId });
  }

  #resumeSender(): void {
    const { client, connack } = TestClient.connect(this.started, 'sender', staying[5]);
    this.#sender = client;
    for (const [packetId, { payload, qos, released }] of this.#outgoing) {
      // Without a session at the server an exchange that was released is over for good. [MQTT-4.1.0-1]
      if (released && !connack.sessionPresent) this.#outgoing.delete(packetId);
      else if (released) client.acknowledge('pubrel', packetId);
      else client.publish('t', payload, { qos, packetId, dup: true });
    }
    this.#listen();
  }

  #resumeReceiver(): void {
    this.#receiver?.stream.lose();
    this.#receiver = TestClient.connect(this.started, 'receiver', {
      ...staying[5],
      properties: { sessionExpiryInterval: 3600, receiveMaximum: 3 },
    }).client;
  }

  #listen(): number {
    const packets = this.#sender?.take() ?? [];
    for (const packet of packets) {
      if (packet.type !== 'puback' && packet.type !== 'pubrec' && packet.type !== 'pubcomp') continue;
      const entry = this.#outgoing.get(packet.packetId);
      if (entry === undefined) continue;
      this.acknowledged.add(entry.payload);
      if (packet.type === 'pubrec') {
        entry.released = true;
        this.#sender!.acknowledge('pubrel', packet.packetId);
      } else {
        this.#outgoing.delete(packet.packetId);
      }
    }
    return packets.length;
  }

  #receive(count: number): number {
    let taken = 0;
    for (let packets = this.#receiver?.take() ?? []; packets.length > 0; packets = this.#receiver!.take()) {
      for (const packet of packets) {
        if (packet.type === 'pubrel') {
          this.#incoming.delete(packet.packetId);
          this.#receiver!.acknowledge('pubcomp', packet.packetId);
        } else if (packet.type === 'publish' && taken < count) {
          taken += 1;
          const isNew = packet.qos === 1 || !this.#incoming.has(packet.packetId);
          const payload = packet.payload.toString();
          if (isNew) this.received.set(payload, (this.received.get(payload) ?? 0) + 1);
          if (packet.qos === 2) this.#incoming.add(packet.packetId);
          this.#receiver!.acknowledge(packet.qos === 1 ? 'puback' : 'pubrec', packet.packetId);
        }
      }
    }
    return taken;
  }
}

test('whatever is lost or crashes, QoS 1 arrives at least once and QoS 2 exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
      const exchange = new Exchange(await start());
      await exchange.begin();
      for (const action of steps) await exchange.run(action);
      await exchange.finish();
      for (const [payload, qos] of exchange.qosOf) {
        expect(exchange.acknowledged, `${payload} is acknowledged in the end`).toContain(payload);
        const times = exchange.received.get(payload) ?? 0;
        if (qos === 2) expect(times, `${payload} at QoS 2`).toBe(1);
        else expect(times, `${payload} at QoS 1`).toBeGreaterThanOrEqual(1);
      }
    }),
    { numRuns: 150 },
  );
}, 60_000);
