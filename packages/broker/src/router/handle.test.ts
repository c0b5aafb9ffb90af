import { expect, test } from 'vitest';
import { startBroker, staying, TestClient, turn } from '../listener/client.testing.ts';
import { profiles } from '../profile.ts';

const publisher = { clientId: '', principal: 'http' };
const direct = (qos: 0 | 1, payload = 'x') =>
  ({ topic: 'not/subscribed', payload: Buffer.from(payload), qos, retain: false, publisher }) as const;
const will = { topic: 'will', payload: Buffer.from('gone'), qos: 0, retain: false, properties: undefined } as const;

test('a direct message reaches a client that has not subscribed, and no other', async () => {
  const started = await startBroker();
  const { client } = TestClient.connect(started, 'a');
  const { client: other } = TestClient.connect(started, 'b');
  other.subscribe('#');
  expect(await started.broker.realm('test').sendDirect('a', direct(0))).toBe('delivered');
  expect(client.publishes()).toMatchObject([{ topic: 'not/subscribed', qos: 0 }]);
  expect(other.publishes()).toEqual([]);
});

test.each([4, 5] as const)(
  'a confirmed direct message is delivered when the PUBACK comes, in version %i',
  async version => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a', staying[version]);
    let outcome: string | undefined;
    const sent = started.broker.realm('test').sendDirect('a', direct(1));
    sent.then(delivery => {
      outcome = delivery;
    });
    await turn();
    expect(outcome).toBeUndefined();
    const [publish] = client.publishes();
    expect(publish).toMatchObject({ qos: 1, retain: false, dup: false });
    client.acknowledge('puback', publish!.packetId);
    expect(await sent).toBe('delivered');
    expect(started.broker.realm('test').session('a')).toMatchObject({ inflight: 0, queuedMessages: 0 });
  },
);

test('a client may refuse a direct message with its PUBACK', async () => {
  const started = await startBroker();
  const { client } = TestClient.connect(started, 'a');
  const sent = started.broker.realm('test').sendDirect('a', direct(1));
  client.acknowledge('puback', client.publishes()[0]!.packetId, 0x83);
  expect(await sent).toBe('refused');
});

test('a direct message is kept for nobody: not for who is away, not for who leaves without acknowledging', async () => {
  const started = await startBroker();
  const realm = started.broker.realm('test');
  const { client } = TestClient.connect(started, 'a', staying[5]);
  const sent = realm.sendDirect('a', direct(1));
  expect(client.publishes()).toHaveLength(1);
  client.stream.lose();
  expect(await sent).toBe('notConnected');
  expect(await realm.sendDirect('a', direct(1))).toBe('notConnected');
  expect(await realm.sendDirect('nobody', direct(0))).toBe('notConnected');
  const { client: back, connack } = TestClient.connect(started, 'a', staying[5]);
  expect(connack.sessionPresent).toBe(true);
  expect(back.publishes()).toEqual([]);
  expect(realm.session('a')).toMatchObject({ inflight: 0 });
});

test('a direct message needs the right to receive, room in the window and a client that takes packets so large', async () => {
  const started = await startBroker({ profile: profiles.aws, limits: { maxInflight: 1 } });
  const realm = started.broker.realm('test');
  const { client } = TestClient.connect(started, 'a', { properties: { maximumPacketSize: 100 } });
  expect(await realm.sendDirect('a', direct(0, 'x'.repeat(100)))).toBe('tooLarge');
  expect(await realm.sendDirect('a', direct(1, 'x'.repeat(100)))).toBe('tooLarge');
  const first = realm.sendDirect('a', direct(1));
  expect(await realm.sendDirect('a', direct(1))).toBe('busy');
  client.receive();
  expect(await first).toBe('delivered');
  started.authorizer('a').change(denied => denied.add('receive not/subscribed'));
  expect(await realm.sendDirect('a', direct(0))).toBe('notAuthorized');
  expect(started.log).toContain('denied a receive not/subscribed');
  await expect(realm.sendDirect('a', { ...direct(0), topic: 'a/#' })).rejects.toThrow(/wildcard/);
});

test.each([
  { dropWill: false, heard: ['will gone'] },
  { dropWill: true, heard: [] },
])('disconnecting a client publishes its will unless told not to: $dropWill', async ({ dropWill, heard }) => {
  const started = await startBroker();
  const { client: witness } = TestClient.connect(started, 'witness');
  witness.subscribe('will');
  const { client } = TestClient.connect(started, 'a', { will });
  expect(started.broker.realm('test').disconnect('a', { dropWill })).toBe(true);
  expect(client.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x98 }]);
  expect(client.ended).toBe(true);
  expect(witness.messages()).toEqual(heard);
  expect(started.log.at(-1)).toBe('disconnected a API_INITIATED_DISCONNECT');
});

test('a session outlives its disconnected connection unless it is to end too', async () => {
  const started = await startBroker();
  const realm = started.broker.realm('test');
  TestClient.connect(started, 'a', staying[5]).client.subscribe('t');
  expect(realm.disconnect('a')).toBe(true);
  expect(realm.subscriptions('a')).toMatchObject([{ filter: 't' }]);
  expect(realm.disconnect('a')).toBe(false);
  expect(realm.disconnect('a', { endSession: true })).toBe(true);
  expect(realm.session('a')).toBeUndefined();
  expect(realm.disconnect('a', { endSession: true })).toBe(false);
});

test('a will that waits for its delay is dropped on request, or published when its session is ended', async () => {
  const started = await startBroker();
  const realm = started.broker.realm('test');
  const { client: witness } = TestClient.connect(started, 'witness');
  witness.subscribe('will');
  const delayed = { ...staying[5], will: { ...will, properties: { willDelayInterval: 60 } } };
  for (const [dropWill, heard] of [
    [true, []],
    [false, ['will gone']],
  ] as const) {
    TestClient.connect(started, 'a', delayed).client.stream.lose();
    expect(realm.disconnect('a', { endSession: true, dropWill })).toBe(true);
    expect(witness.messages()).toEqual(heard);
  }
});

test('what was in flight is sent again before an observer learns of the connection, and what it publishes then comes once', async () => {
  let greet = false;
  const started = await startBroker({
    observer: {
      connected({ clientId }) {
        if (!greet) return;
        const message = { topic: 'hello', payload: Buffer.from(clientId), qos: 1, retain: false, publisher } as const;
        void started.broker.realm('test').publish(message);
      },
    },
  });
  const { client } = TestClient.connect(started, 'a', staying[5]);
  client.subscribe('hello', { qos: 1 });
  client.stream.lose();
  greet = true;
  const { client: back } = TestClient.connect(started, 'a', staying[5]);
  expect(back.publishes()).toMatchObject([{ topic: 'hello', dup: false }]);
});
