import type { Message, StoreChange, StoredDelivery } from '@thingd/broker';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SqliteBrokerStore } from './broker-store.ts';
import { ByteWriter, readMessage, writeMessage } from './message-body.ts';
import { StoreThread } from './store-thread.ts';

const key = { realm: '000000000000/us-east-1', clientId: 'lamp-1' };
const other = { realm: '000000000000/us-east-1', clientId: 'lamp-2' };

const message = (topic: string, payload = 'on', more: Partial<Message> = {}): Message => ({
  topic,
  payload: Buffer.from(payload),
  qos: 1,
  retain: false,
  properties: undefined,
  publishedAt: 1_790_000_000_000,
  publisher: { clientId: 'phone', principal: 'cert' },
  ...more,
});

const delivery = (sequence: number, of: Message): StoredDelivery => ({
  sequence,
  message: of,
  qos: 1,
  retain: false,
  subscriptionIdentifiers: [],
  packetId: 0,
  released: false,
});

const session = (of: typeof key): StoreChange => ({
  kind: 'session',
  key: of,
  principal: 'cert',
  sessionExpiryInterval: 3600,
  disconnectedAt: undefined,
  pendingWill: undefined,
});

/** Writes the batches to one store and answers what a second store on the same database loads. */
async function afterRestart(...batches: StoreChange[][]) {
  const thread = await StoreThread.open({ path: ':memory:', durability: 'full' });
  const first = new SqliteBrokerStore(thread);
  await first.load();
  for (const batch of batches) await first.write(batch);
  const loaded = await new SqliteBrokerStore(thread).load();
  const [{ count } = { count: -1 }] = await thread.all<{ count: number }>({
    sql: 'SELECT count(*) AS count FROM mqtt_message',
    parameters: [],
  });
  await thread.close();
  return { ...loaded, storedMessages: count };
}

describe('the broker’s store', () => {
  test('keeps a session with its subscriptions, received packet ids and pending will', async () => {
    const will = { topic: 'gone', payload: Buffer.from('bye'), qos: 1, retain: true, properties: undefined } as const;
    const subscription = {
      filter: 'a/+',
      qos: 2,
      noLocal: true,
      retainAsPublished: true,
      retainHandling: 2,
      subscriptionIdentifier: 7,
    } as const;
    const { sessions } = await afterRestart([
      { ...session(key), disconnectedAt: 5, pendingWill: { will, dueAt: 9 } } as StoreChange,
      { kind: 'subscribed', key, subscription },
      { kind: 'subscribed', key, subscription: { ...subscription, filter: 'gone' } },
      { kind: 'unsubscribed', key, filter: 'gone' },
      { kind: 'received', key, packetId: 1 },
      { kind: 'received', key, packetId: 2 },
      { kind: 'completed', key, packetId: 1 },
    ]);
    expect(sessions).toEqual([
      {
        ...key,
        principal: 'cert',
        sessionExpiryInterval: 3600,
        disconnectedAt: 5,
        subscriptions: [subscription],
        deliveries: [],
        received: [2],
        pendingWill: { will, dueAt: 9 },
      },
    ]);
  });

  test('keeps a queue in order, with what was sent and released', async () => {
    const { sessions } = await afterRestart(
      [
        session(key),
        { kind: 'queued', key, delivery: delivery(2, message('b')) },
        { kind: 'queued', key, delivery: { ...delivery(1, message('a')), qos: 2, subscriptionIdentifiers: [3, 4] } },
        { kind: 'queued', key, delivery: delivery(3, message('c')) },
      ],
      [
        { kind: 'sent', key, sequence: 1, packetId: 65_535 },
        { kind: 'released', key, sequence: 1 },
        { kind: 'delivered', key, sequence: 2 },
      ],
    );
    expect(sessions[0]?.deliveries).toEqual([
      {
        ...delivery(1, message('a')),
        qos: 2,
        subscriptionIdentifiers: [3, 4],
        packetId: 65_535,
        released: true,
      },
      delivery(3, message('c')),
    ]);
  });

  test('stores a message once for all queues of a batch, and drops it with the last of them', async () => {
    const shared = message('a');
    const batch: StoreChange[] = [
      session(key),
      session(other),
      { kind: 'queued', key, delivery: delivery(1, shared) },
      { kind: 'queued', key: other, delivery: delivery(1, shared) },
    ];
    expect((await afterRestart(batch)).storedMessages).toBe(1);
    const one = await afterRestart(batch, [{ kind: 'delivered', key, sequence: 1 }]);
    expect(one.storedMessages).toBe(1);
    expect(one.sessions.map(({ deliveries }) => deliveries.length)).toEqual([0, 1]);
    const none = await afterRestart(
      batch,
      [{ kind: 'delivered', key, sequence: 1 }],
      [{ kind: 'sessionEnded', key: other }],
    );
    expect(none.storedMessages).toBe(0);
  });

  test('a message that one queue lets go while another of the same batch takes it stays', async () => {
    const shared = message('a');
    const { sessions } = await afterRestart([
      session(key),
      session(other),
      { kind: 'queued', key, delivery: delivery(1, shared) },
      { kind: 'delivered', key, sequence: 1 },
      { kind: 'queued', key: other, delivery: delivery(1, shared) },
    ]);
    expect(sessions[1]?.deliveries).toEqual([delivery(1, shared)]);
  });

  test('an ended session leaves nothing, and may begin again', async () => {
    const { sessions, storedMessages } = await afterRestart(
      [
        session(key),
        { kind: 'queued', key, delivery: delivery(1, message('a')) },
        { kind: 'received', key, packetId: 1 },
      ],
      [{ kind: 'sessionEnded', key }, session(key)],
    );
    expect(storedMessages).toBe(0);
    expect(sessions).toHaveLength(1);
    expect(sessions[0]).toMatchObject({ deliveries: [], received: [], subscriptions: [] });
  });

  test('keeps the last retained message of a topic until an empty one deletes it', async () => {
    const realm = key.realm;
    const { retained } = await afterRestart([
      { kind: 'retained', realm, message: message('a', '1', { retain: true }) },
      { kind: 'retained', realm, message: message('a', '2', { retain: true }) },
      { kind: 'retained', realm, message: message('b', '1') },
      { kind: 'retained', realm, message: message('b', '') },
    ]);
    expect(retained).toEqual([{ realm, message: message('a', '2', { retain: true }) }]);
  });

  test('sessions of the same client id in two realms are two', async () => {
    const elsewhere = { ...key, realm: '000000000000/eu-west-1' };
    const { sessions } = await afterRestart([session(key), session(elsewhere)], [{ kind: 'sessionEnded', key }]);
    expect(sessions.map(({ realm }) => realm)).toEqual([elsewhere.realm]);
  });
});

test('a message is read back as it was written, whatever stands in it', () => {
  const text = fc.string({ unit: 'binary', maxLength: 50 });
  const messages = fc.record({
    topic: text,
    payload: fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
    qos: fc.constantFrom(0, 1, 2) as fc.Arbitrary<Message['qos']>,
    retain: fc.boolean(),
    properties: fc.option(
      fc.record({
        contentType: text,
        correlationData: fc.uint8Array().map(bytes => Buffer.from(bytes)),
        userProperties: fc.array(fc.tuple(text, text)),
      }),
      { nil: undefined },
    ),
    publishedAt: fc.nat(),
    publisher: fc.record({ clientId: text, principal: text }),
  });
  const writer = new ByteWriter(16);
  fc.assert(
    fc.property(messages, original => {
      writeMessage(writer, original);
      expect(readMessage(writer.finish())).toEqual(original);
    }),
  );
});
