import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Message, StoreChange, StoredDelivery } from '@thingd/broker';
import { brokerStoreContract, type StoreUnderTest } from '@thingd/broker/testing';
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
  sharedFilter: undefined,
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

/** A file, so that what a crash leaves can be opened: the thread that wrote it is left behind as it is. */
async function openForContract(): Promise<StoreUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'thingd-broker-store-'));
  const threads: StoreThread[] = [];
  const open = async () => {
    const thread = await StoreThread.open({ path: join(directory, 'thingd.db'), durability: 'full' });
    threads.push(thread);
    return new SqliteBrokerStore(thread);
  };
  const dispose = async () => {
    for (const thread of threads) await thread.close();
    await rm(directory, { recursive: true });
  };
  return { store: await open(), reopen: open, dispose };
}

brokerStoreContract('the broker’s store in SQLite', openForContract);

describe('the broker’s store in SQLite', () => {
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
