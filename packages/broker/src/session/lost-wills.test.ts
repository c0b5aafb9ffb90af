import { describe, expect, test } from 'vitest';
import type { Connect, Will } from '../codec/packet.ts';
import { startBroker, staying, type TestBroker, TestClient, testClock, turn } from '../listener/client.testing.ts';
import { MemoryStore } from './memory-store.ts';

const will = (over: Partial<Will> = {}): Will => ({
  topic: 'gone',
  payload: Buffer.from('a'),
  qos: 1,
  retain: false,
  properties: undefined,
  ...over,
});

/** A broker whose restarts are crashes: the old one is never told. */
async function start(): Promise<{ started: TestBroker; store: MemoryStore; restart: () => Promise<TestBroker> }> {
  const store = new MemoryStore();
  const clock = testClock();
  const started = await startBroker({ store, clock, limits: { restartWillDelay: 5 } });
  TestClient.connect(started, 'watcher', staying[4]).client.subscribe('gone');
  const restart = async (): Promise<TestBroker> => startBroker({ store, clock, limits: { restartWillDelay: 5 } });
  return { started, store, restart };
}

/** What a client that was there before the crash finds. */
const seen = (started: TestBroker): string[] => TestClient.connect(started, 'watcher', staying[4]).client.receive();

async function wills(store: MemoryStore): Promise<string[]> {
  await turn();
  return (await store.load()).wills.map(({ clientId }) => clientId);
}

const clients: Record<string, Partial<Connect>> = {
  'a 3.1.1 client with a clean session': { protocolVersion: 4 },
  'a 3.1.1 client with a session that stays': staying[4],
  'an MQTT 5 client': {},
  'an MQTT 5 client with a session that stays': staying[5],
};

describe('the will of a client that was connected when the server died', () => {
  test.each(Object.entries(clients))(
    'is published after the restart, if it is %s and does not come back',
    async (_, of) => {
      const { started, store, restart } = await start();
      TestClient.connect(started, 'a', { ...of, will: will() });
      await turn();
      const again = await restart();
      again.pass(4);
      expect(seen(again)).toEqual([]);
      again.pass(1);
      expect(seen(again)).toEqual(['gone a']);
      again.pass(100);
      expect(seen(again)).toEqual([]);
      expect(await wills(store)).toEqual([]);
    },
  );

  test.each(Object.entries(clients))('is not, if it is %s and comes back in time', async (_, of) => {
    const { started, store, restart } = await start();
    TestClient.connect(started, 'a', { ...of, will: will() });
    await turn();
    const again = await restart();
    again.pass(4);
    const { client } = TestClient.connect(again, 'a', of);
    again.pass(10);
    client.stream.lose();
    again.pass(100);
    expect(seen(again)).toEqual([]);
    expect(await wills(store)).toEqual([]);
  });

  test('waits for the delay it asked for, but not beyond its session', async () => {
    const { started, restart } = await start();
    const delayed = { ...staying[5], will: will({ properties: { willDelayInterval: 60 } }) };
    TestClient.connect(started, 'a', delayed);
    TestClient.connect(started, 'b', { ...delayed, properties: { sessionExpiryInterval: 30 } });
    await turn();
    const again = await restart();
    const published = [29, 1, 29, 1].map(seconds => {
      again.pass(seconds);
      return seen(again).length;
    });
    expect(published).toEqual([0, 1, 0, 1]);
  });

  test('is still known after a second crash', async () => {
    const { started, restart } = await start();
    TestClient.connect(started, 'a', { will: will() });
    await turn();
    (await restart()).pass(4);
    await turn();
    const again = await restart();
    again.pass(5);
    expect(seen(again)).toEqual(['gone a']);
  });

  test('is dropped with the rest of it by whoever deletes the connection without its will', async () => {
    const { started, restart } = await start();
    TestClient.connect(started, 'a', { will: will() });
    await turn();
    const again = await restart();
    again.broker.realm('test').disconnect('a', { dropWill: true });
    again.pass(5);
    expect(seen(again)).toEqual([]);
  });
});

describe('the store', () => {
  test('hears nothing of a client without a will and a session that stays', async () => {
    const { started, store } = await start();
    await turn();
    const before = started.broker.metrics.storeChanges;
    TestClient.connect(started, 'a').client.disconnect();
    await turn();
    expect(started.broker.metrics.storeChanges).toBe(before);
    expect(await wills(store)).toEqual([]);
  });

  test.each<[string, (client: TestClient, started: TestBroker) => unknown]>([
    ['says goodbye', client => client.disconnect()],
    ['is lost', client => client.stream.lose()],
    ['is replaced by one without a will', (_, started) => TestClient.connect(started, 'a')],
    ['is ended by a server that stops in good order', (_, { broker }) => broker.close()],
  ])('keeps no will of a client that %s', async (_, leave) => {
    const { started, store } = await start();
    const { client } = TestClient.connect(started, 'a', { will: will() });
    await turn();
    expect(await wills(store)).toEqual(['a']);
    await leave(client, started);
    await turn();
    expect(await wills(store)).toEqual([]);
  });
});
