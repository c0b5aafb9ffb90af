import { describe, expect, test } from 'vitest';
import type { Will } from '../codec/packet.ts';
import { startBroker, staying, type TestBroker, TestClient } from '../listener/client.testing.ts';

const will = (over: Partial<Will> = {}): Will => ({
  topic: 'gone',
  payload: Buffer.from('a'),
  qos: 1,
  retain: false,
  properties: undefined,
  ...over,
});

const watcher = (started: TestBroker): TestClient => {
  const { client } = TestClient.connect(started, 'watcher', { keepAlive: 0 });
  client.subscribe('#', { qos: 1, retainAsPublished: true });
  return client;
};

describe('the will', () => {
  test.each([
    { how: 'the connection is lost', end: (client: TestClient) => client.stream.lose(), published: true },
    { how: 'the keep-alive passes', end: (_: TestClient, { pass }: TestBroker) => pass(91), published: true },
    { how: 'the client breaks the protocol', end: (client: TestClient) => client.sendHex('0000'), published: true },
    { how: 'the client asks for it', end: (client: TestClient) => client.disconnect(0x04), published: true },
    {
      how: 'another takes the client id',
      end: (_: TestClient, started: TestBroker) => TestClient.connect(started, 'a'),
      published: true,
    },
    {
      how: 'the program disconnects it',
      end: (_: TestClient, { broker }: TestBroker) =>
        broker.disconnect(({ clientId }) => clientId === 'a', {
          reasonCode: 0x98,
          disconnectReason: 'API_INITIATED_DISCONNECT',
        }),
      published: true,
    },
    {
      how: 'the client says goodbye [MQTT-3.14.4-3]',
      end: (client: TestClient) => client.disconnect(),
      published: false,
    },
  ])('when $how: published $published', async ({ end, published }) => {
    const started = await startBroker();
    const observer = watcher(started);
    const { client } = TestClient.connect(started, 'a', { will: will() });
    end(client, started);
    expect(observer.receive()).toEqual(published ? ['gone a'] : []);
  });

  test('keeps its properties, QoS and retain flag', async () => {
    const started = await startBroker();
    const observer = watcher(started);
    const properties = { contentType: 'text/plain', willDelayInterval: 0, userProperties: [['k', 'v']] as const };
    TestClient.connect(started, 'a', { will: will({ retain: true, properties }) }).client.stream.lose();
    const { willDelayInterval: _, ...travelling } = properties;
    expect(observer.publishes()).toMatchObject([{ qos: 1, retain: true, properties: travelling }]);
    expect(started.broker.realm('test').retained('gone')).toMatchObject({ publisher: { clientId: 'a' } });
  });

  test('waits for its delay, and is dropped if the client comes back in time [MQTT-3.1.3-9]', async () => {
    const started = await startBroker();
    const observer = watcher(started);
    const options = { ...staying[5], will: will({ properties: { willDelayInterval: 10 } }) };
    TestClient.connect(started, 'a', options).client.stream.lose();
    started.pass(9);
    const back = TestClient.connect(started, 'a', options);
    started.pass(20);
    expect(observer.receive()).toEqual([]);
    back.client.stream.lose();
    started.pass(10);
    expect(observer.receive()).toEqual(['gone a']);
    started.pass(10);
    expect(observer.receive()).toEqual([]);
  });

  test('does not wait beyond the end of its session, however that ends', async () => {
    const started = await startBroker();
    const observer = watcher(started);
    const delayed = will({ properties: { willDelayInterval: 1000 } });
    TestClient.connect(started, 'a', { will: delayed }).client.stream.lose();
    expect(observer.receive()).toEqual(['gone a']);
    TestClient.connect(started, 'a', {
      ...staying[5],
      properties: { sessionExpiryInterval: 5 },
      will: delayed,
    }).client.stream.lose();
    started.pass(5);
    expect(observer.receive()).toEqual(['gone a']);
    TestClient.connect(started, 'a', { ...staying[5], will: delayed }).client.stream.lose();
    TestClient.connect(started, 'a');
    expect(observer.receive()).toEqual(['gone a']);
    TestClient.connect(started, 'b', { ...staying[5], will: delayed }).client.stream.lose();
    expect(started.broker.realm('test').disconnect('b', { endSession: true })).toBe(true);
    expect(observer.receive()).toEqual(['gone a']);
  });
});

describe('takeover', () => {
  test('the newcomer wins, the old connection is told, and the session goes on [MQTT-3.1.4-3]', async () => {
    const started = await startBroker();
    const { client: old } = TestClient.connect(started, 'a', staying[5]);
    old.subscribe('t');
    const { client: young, connack } = TestClient.connect(started, 'a', staying[5]);
    expect(old.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x8e }]);
    expect(old.ended).toBe(true);
    expect(connack.sessionPresent).toBe(true);
    young.publish('t', 'x');
    expect(young.messages()).toEqual(['t x']);
    expect(started.log).toEqual(['connected a', 'subscribed a t', 'disconnected a DUPLICATE_CLIENTID', 'connected a']);
    expect(started.broker.metrics).toMatchObject({ connections: 1, sessions: 1 });
  });

  test('with a will delay and the session resumed, no will is published; without, it is', async () => {
    for (const [willDelayInterval, expected] of [
      [10, []],
      [0, ['gone a']],
    ] as const) {
      const started = await startBroker();
      const observer = watcher(started);
      TestClient.connect(started, 'a', { ...staying[5], will: will({ properties: { willDelayInterval } }) });
      TestClient.connect(started, 'a', staying[5]);
      started.pass(20);
      expect(observer.receive()).toEqual(expected);
    }
  });

  test('clients of different realms may share a client id', async () => {
    let realm = 0;
    const started = await startBroker({
      authenticate: ({ clientId }) => ({
        admitted: true,
        realm: String(realm++),
        principal: 'p',
        authorizer: started.authorizer(clientId),
      }),
    });
    const { client: one } = TestClient.connect(started, 'a');
    const { client: two } = TestClient.connect(started, 'a');
    for (const client of [one, two]) client.subscribe('#');
    one.publish('t', 'one');
    expect(one.messages()).toEqual(['t one']);
    expect(two.messages()).toEqual([]);
  });
});

test('a closing broker tells its MQTT 5 clients, publishes wills and takes no new connections', async () => {
  const started = await startBroker();
  const { client } = TestClient.connect(started, 'a', { will: will({ retain: true }) });
  const { client: old } = TestClient.connect(started, 'b', { protocolVersion: 4 });
  const pending = new TestClient(started.broker);
  await started.broker.close();
  expect(client.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x8b }]);
  expect(old.take()).toEqual([]);
  expect([client.ended, old.ended, pending.ended, new TestClient(started.broker).ended]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(started.broker.realm('test').retained('gone')).toBeDefined();
});
