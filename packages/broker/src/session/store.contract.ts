/** What every `BrokerStore` must do, as tests its implementations run. */
import { describe, expect, test } from 'vitest';
import type { Message } from '../router/message.ts';
import type { BrokerStore, StoreChange, StoredDelivery, StoredSession, StoredSubscription } from './store.ts';

export interface StoreUnderTest {
  readonly store: BrokerStore;
  /** Ends this store as a crash would and opens what it kept. */
  reopen(): Promise<BrokerStore>;
  dispose(): Promise<void>;
}

const key = { realm: '000000000000/us-east-1', clientId: 'lamp' };

const message = (over: Partial<Message> = {}): Message => ({
  topic: 'home/lamp',
  payload: Buffer.from('on'),
  qos: 1,
  retain: false,
  properties: undefined,
  publishedAt: 1_700_000_000_000,
  publisher: { clientId: 'switch', principal: 'certificate-1' },
  ...over,
});

const session = (over: Partial<Extract<StoreChange, { kind: 'session' }>> = {}): StoreChange => ({
  kind: 'session',
  key,
  principal: 'certificate-2',
  sessionExpiryInterval: 3600,
  disconnectedAt: undefined,
  pendingWill: undefined,
  ...over,
});

const delivery = (sequence: number, over: Partial<StoredDelivery> = {}): StoredDelivery => ({
  sequence,
  message: message({ payload: Buffer.from(`message ${sequence}`) }),
  qos: 1,
  retain: false,
  subscriptionIdentifiers: [],
  sharedFilter: undefined,
  packetId: 0,
  released: false,
  ...over,
});

const queued = (sequence: number, over: Partial<StoredDelivery> = {}): StoreChange => ({
  kind: 'queued',
  key,
  delivery: delivery(sequence, over),
});

const subscription = (filter: string, over: Partial<StoredSubscription> = {}): StoredSubscription => ({
  filter,
  qos: 1,
  noLocal: false,
  retainAsPublished: false,
  retainHandling: 0,
  subscriptionIdentifier: undefined,
  ...over,
});

const will = {
  topic: 'home/lamp/state',
  payload: Buffer.from('gone'),
  qos: 1,
  retain: true,
  properties: { willDelayInterval: 30, userProperties: [['a', 'b']] },
} as const;

/** Buffers by their bytes and absent properties as absent, so that any faithful store compares equal. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, inner) => (inner instanceof Uint8Array ? Buffer.from(inner) : inner)));

/** Runs the contract against stores that `open` makes, each empty and its own. */
export function brokerStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  /** Writes each group of changes in turn, then reads what a restart finds. */
  const afterRestart = async (...groups: StoreChange[][]): ReturnType<BrokerStore['load']> => {
    const { store, reopen, dispose } = await open();
    try {
      await store.load();
      for (const group of groups) await store.write(group);
      return await (await reopen()).load();
    } finally {
      await dispose();
    }
  };
  const theSession = async (...groups: StoreChange[][]): Promise<StoredSession> => {
    const { sessions } = await afterRestart(...groups);
    expect(sessions).toHaveLength(1);
    return sessions[0]!;
  };

  describe(`${name} keeps what a broker store must`, () => {
    test('an empty store loads as nothing', async () => {
      expect(await afterRestart()).toEqual({ sessions: [], retained: [], wills: [] });
    });

    test('a session comes back with every field', async () => {
      const pendingWill = { will, dueAt: 1_700_000_030_000 };
      const found = await theSession([session({ disconnectedAt: 1_700_000_000_000, pendingWill })]);
      expect(plain(found)).toEqual(
        plain({
          ...key,
          principal: 'certificate-2',
          sessionExpiryInterval: 3600,
          disconnectedAt: 1_700_000_000_000,
          pendingWill,
          subscriptions: [],
          deliveries: [],
          received: [],
        }),
      );
    });

    test('a session that never expires keeps its four-byte interval', async () => {
      expect((await theSession([session({ sessionExpiryInterval: 0xffff_ffff })])).sessionExpiryInterval).toBe(
        0xffff_ffff,
      );
    });

    test('a second `session` change updates the row and leaves the rest', async () => {
      const subscribed: StoreChange = { kind: 'subscribed', key, subscription: subscription('home/#') };
      const later = session({ principal: 'certificate-3', sessionExpiryInterval: 60, disconnectedAt: 5 });
      const found = await theSession([session(), subscribed, queued(1)], [later]);
      expect(found).toMatchObject({ principal: 'certificate-3', sessionExpiryInterval: 60, disconnectedAt: 5 });
      expect(found.subscriptions).toHaveLength(1);
      expect(found.deliveries).toHaveLength(1);
    });

    test('the same client id in two realms is two sessions', async () => {
      const elsewhere = { ...key, realm: '000000000000/eu-west-1' };
      const subscribed: StoreChange = { kind: 'subscribed', key: elsewhere, subscription: subscription('a') };
      const { sessions } = await afterRestart([session(), session({ key: elsewhere }), subscribed, queued(1)]);
      const found = new Map(sessions.map(one => [one.realm, one]));
      expect(found.get(key.realm)).toMatchObject({ subscriptions: [], deliveries: [{ sequence: 1 }] });
      expect(found.get(elsewhere.realm)).toMatchObject({ subscriptions: [{ filter: 'a' }], deliveries: [] });
    });

    test('an ended session takes everything of its own along, and a new one of its name begins empty', async () => {
      const all: StoreChange[] = [
        session(),
        { kind: 'subscribed', key, subscription: subscription('home/#') },
        queued(1),
        { kind: 'received', key, packetId: 7 },
      ];
      const ended: StoreChange = { kind: 'sessionEnded', key };
      expect((await afterRestart(all, [ended])).sessions).toEqual([]);
      const found = await theSession(all, [ended, session()]);
      expect(found).toMatchObject({ subscriptions: [], deliveries: [], received: [] });
    });

    test('subscriptions keep every option; the same filter replaces; unsubscribed removes', async () => {
      const full = subscription('$share/g/home/+', {
        qos: 2,
        noLocal: true,
        retainAsPublished: true,
        retainHandling: 2,
        subscriptionIdentifier: 268_435_455,
      });
      const found = await theSession([
        session(),
        { kind: 'subscribed', key, subscription: subscription('a') },
        { kind: 'subscribed', key, subscription: subscription('b') },
        { kind: 'subscribed', key, subscription: subscription('b', { qos: 0 }) },
        { kind: 'subscribed', key, subscription: full },
        { kind: 'unsubscribed', key, filter: 'a' },
      ]);
      const byFilter = [...found.subscriptions].sort((x, y) => x.filter.localeCompare(y.filter));
      expect(plain(byFilter)).toEqual(plain([full, subscription('b', { qos: 0 })]));
    });

    test('deliveries come back whole and in the order of their sequence', async () => {
      const properties = {
        payloadFormatIndicator: 1,
        messageExpiryInterval: 60,
        contentType: 'text/plain',
        responseTopic: 'answers',
        correlationData: Buffer.from([0, 1, 255]),
        userProperties: [
          ['k', '1'],
          ['k', '2'],
        ] as const,
      };
      const rich = delivery(3, {
        message: message({ topic: 'tülle/ø', payload: Buffer.from([0, 255, 0]), qos: 2, retain: true, properties }),
        qos: 2,
        retain: true,
        subscriptionIdentifiers: [1, 268_435_455],
        sharedFilter: '$share/g/home/+',
      });
      const found = await theSession([session(), queued(2), { kind: 'queued', key, delivery: rich }], [queued(1)]);
      expect(found.deliveries.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
      expect(plain(found.deliveries[2])).toEqual(plain(rich));
      expect(plain(found.deliveries[0])).toEqual(plain(delivery(1)));
      expect(Buffer.isBuffer(found.deliveries[2]!.message.payload)).toBe(true);
    });

    test('a delivery keeps as many subscription identifiers as filters can match', async () => {
      const subscriptionIdentifiers = Array.from({ length: 10_000 }, (_, index) => 268_435_455 - index);
      const found = await theSession([session(), queued(1, { subscriptionIdentifiers })]);
      expect(found.deliveries[0]!.subscriptionIdentifiers).toEqual(subscriptionIdentifiers);
    });

    test('an empty payload is kept as an empty payload', async () => {
      const found = await theSession([session(), queued(1, { message: message({ payload: Buffer.alloc(0) }) })]);
      expect(found.deliveries[0]!.message.payload).toHaveLength(0);
    });

    test('sent, released and delivered move one delivery on', async () => {
      const found = await theSession(
        [session(), queued(1), queued(2, { qos: 2 }), queued(3)],
        [
          { kind: 'sent', key, sequence: 1, packetId: 65_535 },
          { kind: 'sent', key, sequence: 2, packetId: 9 },
        ],
        [
          { kind: 'released', key, sequence: 2 },
          { kind: 'delivered', key, sequence: 3 },
        ],
      );
      expect(found.deliveries.map(({ sequence, packetId, released }) => ({ sequence, packetId, released }))).toEqual([
        { sequence: 1, packetId: 65_535, released: false },
        { sequence: 2, packetId: 9, released: true },
      ]);
    });

    test('one message waiting for two sessions is delivered to one and stays for the other', async () => {
      const other = { ...key, clientId: 'other lamp' };
      const shared = message();
      const { sessions } = await afterRestart(
        [
          session(),
          session({ key: other }),
          { kind: 'queued', key, delivery: delivery(1, { message: shared }) },
          { kind: 'queued', key: other, delivery: delivery(1, { message: shared }) },
        ],
        [{ kind: 'delivered', key, sequence: 1 }],
      );
      const found = new Map(sessions.map(one => [one.clientId, one.deliveries]));
      expect(found.get('lamp')).toEqual([]);
      expect(plain(found.get('other lamp')![0]!.message)).toEqual(plain(shared));
    });

    test('received packet ids are a set that completed takes from', async () => {
      const received = (packetId: number): StoreChange => ({ kind: 'received', key, packetId });
      const found = await theSession(
        [session(), received(1), received(2), received(2), received(65_535)],
        [{ kind: 'completed', key, packetId: 1 }],
      );
      expect([...found.received].sort((a, b) => a - b)).toEqual([2, 65_535]);
    });

    test('changes to what is not there any more are ignored', async () => {
      const { sessions } = await afterRestart([
        { kind: 'delivered', key, sequence: 1 },
        { kind: 'sent', key, sequence: 1, packetId: 1 },
        { kind: 'released', key, sequence: 1 },
        { kind: 'completed', key, packetId: 1 },
        { kind: 'unsubscribed', key, filter: 'a' },
        { kind: 'sessionEnded', key },
      ]);
      expect(sessions).toEqual([]);
    });

    test('the will of a connected client is kept, with a session or without, until it is over', async () => {
      const other = { ...key, clientId: 'switch' };
      const kept: StoreChange = { kind: 'will', key, principal: 'certificate-2', will };
      const earlier: StoreChange = { ...kept, will: { ...will, payload: Buffer.from('earlier') } };
      const found = await afterRestart(
        [{ ...kept, key: other }, session(), earlier, kept],
        [
          { kind: 'willOver', key: other },
          { kind: 'sessionEnded', key },
        ],
      );
      expect(plain(found)).toEqual(
        plain({ sessions: [], retained: [], wills: [{ ...key, principal: 'certificate-2', will }] }),
      );
    });

    test('a retained message replaces the last of its topic and realm; an empty payload removes it', async () => {
      const retained = (realm: string, over: Partial<Message>): StoreChange => ({
        kind: 'retained',
        realm,
        message: message({ retain: true, ...over }),
      });
      const { retained: found } = await afterRestart(
        [
          retained('r1', { topic: 'a', payload: Buffer.from('1') }),
          retained('r1', { topic: 'b', payload: Buffer.from('1') }),
          retained('r2', { topic: 'a', payload: Buffer.from('1') }),
        ],
        [
          retained('r1', { topic: 'a', payload: Buffer.from('2'), properties: { contentType: 'x' } }),
          retained('r1', { topic: 'b', payload: Buffer.alloc(0) }),
          retained('r1', { topic: 'never', payload: Buffer.alloc(0) }),
        ],
      );
      const order = (one: { realm: string }, two: { realm: string }): number => one.realm.localeCompare(two.realm);
      expect(plain([...found].sort(order))).toEqual(
        plain([
          {
            realm: 'r1',
            message: message({ retain: true, topic: 'a', payload: Buffer.from('2'), properties: { contentType: 'x' } }),
          },
          { realm: 'r2', message: message({ retain: true, topic: 'a', payload: Buffer.from('1') }) },
        ]),
      );
    });

    test('changes are read before `write` returns its promise', async () => {
      const { store, reopen, dispose } = await open();
      try {
        await store.load();
        const live = { ...delivery(1) } as { -readonly [Field in keyof StoredDelivery]: StoredDelivery[Field] };
        const written = store.write([session(), { kind: 'queued', key, delivery: live }]);
        live.packetId = 12;
        live.released = true;
        await written;
        const { sessions } = await (await reopen()).load();
        expect(sessions[0]!.deliveries[0]).toMatchObject({ packetId: 0, released: false });
      } finally {
        await dispose();
      }
    });

    test('a thousand changes of one write are all there', async () => {
      const changes = Array.from({ length: 1000 }, (_, index) => queued(index + 1));
      expect((await theSession([session(), ...changes])).deliveries).toHaveLength(1000);
    });
  });
}
