import { beforeEach, describe, expect, test, vi } from 'vitest';
import { realmKey } from '../realm.ts';
import { Things } from '../registry/thing-service.ts';
import { openDomain, realm, type TestDomain } from '../testing/domain.ts';
import { ManualTimers } from '../testing/timers.ts';
import { ThingConnectivity } from './connectivity.ts';
import type { IndexingLimits } from './limits.ts';
import { readThingDocuments } from './thing-documents.ts';

const key = realmKey(realm);
let domain: TestDomain;
let things: Things;
let connectivity: ThingConnectivity;
let told: string[];

beforeEach(async () => {
  domain = await openDomain();
  things = new Things(domain);
  connectivity = open();
  told = [];
  domain.changes.on(change => {
    if (change.kind === 'connectivity') told.push(change.thingName);
  });
  await things.create(realm, { thingName: 'lamp' });
});

const open = (limits?: Pick<IndexingLimits, 'indexedDisconnectionSeconds'>) =>
  new ThingConnectivity(domain, {
    ...(limits && { limits }),
    failed: error => {
      throw error;
    },
  });

test('a thing is connected under its name, from when, and until when and why not', async () => {
  const since = domain.clock.now();
  connectivity.connected(key, 'lamp', 1, 7);
  expect(await connectivity.describe(realm, 'lamp')).toEqual({ connected: true, timestamp: since, version: 7 });
  domain.clock.advance(5000);
  connectivity.disconnected(key, 'lamp', 1, 'MQTT_KEEP_ALIVE_TIMEOUT');
  expect(await connectivity.describe(realm, 'lamp')).toEqual({
    connected: false,
    timestamp: since + 5000,
    disconnectReason: 'MQTT_KEEP_ALIVE_TIMEOUT',
    version: 7,
  });
  expect(told).toEqual(['lamp', 'lamp']);
});

test('the end of a connection that another has replaced says nothing', async () => {
  connectivity.connected(key, 'lamp', 1, 1);
  connectivity.connected(key, 'lamp', 2, 2);
  connectivity.disconnected(key, 'lamp', 1, 'DUPLICATE_CLIENTID');
  expect(await connectivity.describe(realm, 'lamp')).toMatchObject({ connected: true, version: 2 });
});

test('a thing that has never connected is not connected, and there is no more to say', async () => {
  expect(await connectivity.describe(realm, 'lamp')).toEqual({ connected: false });
});

describe('when and why a thing disconnected', () => {
  const hour = 3_600_000;
  const indexed = async () => (await readThingDocuments(domain.store, key, ['lamp']))[0]?.connectivity;

  /** What the index knows so many milliseconds after the client has gone. */
  const after = async (milliseconds: number) => {
    domain.clock.advance(milliseconds);
    await connectivity.fade();
    return indexed();
  };

  const leave = async (sessionExpiryInterval?: number) => {
    connectivity.connected(key, 'lamp', 1, 7);
    connectivity.disconnected(key, 'lamp', 1, 'CONNECTION_LOST', sessionExpiryInterval);
    await connectivity.flush();
    told = [];
    const timestamp = domain.clock.now();
    return { connected: false, timestamp, disconnectReason: 'CONNECTION_LOST', version: 7 };
  };

  test('is known to the index for an hour, and to whoever asks for the thing itself for good', async () => {
    const known = await leave();
    expect(await after(hour - 1)).toEqual(known);
    expect(told).toEqual([]);
    expect(await after(1)).toEqual({ connected: false, version: 7 });
    expect(told).toEqual(['lamp']);
    expect(await connectivity.describe(realm, 'lamp')).toEqual(known);
    expect(await after(hour)).toEqual({ connected: false, version: 7 });
    expect(told).toEqual(['lamp']);
  });

  test('is known for as long as its persistent session lives', async () => {
    const known = await leave(7200);
    expect(await after(2 * hour - 1)).toEqual(known);
    expect(await after(1)).toEqual({ connected: false, version: 7 });
  });

  test('is known for as long as the limit says', async () => {
    connectivity = open({ indexedDisconnectionSeconds: 60 });
    await leave();
    expect(await after(60_000)).toEqual({ connected: false, version: 7 });
  });

  test('does not fade while it is connected again', async () => {
    await leave();
    connectivity.connected(key, 'lamp', 2, 8);
    await connectivity.flush();
    expect(await after(2 * hour)).toMatchObject({ connected: true, version: 8, timestamp: expect.any(Number) });
  });

  test('fades after a crash as well, and over a restart', async () => {
    connectivity.connected(key, 'lamp', 1, 7);
    await connectivity.flush();
    connectivity = open();
    await connectivity.start();
    expect(await after(hour - 1)).toMatchObject({ disconnectReason: 'SERVER_ERROR' });
    connectivity = open();
    await connectivity.start();
    expect(await after(1)).toEqual({ connected: false, version: 7 });
  });

  test('of a thousand things fades in one go', async () => {
    const names = Array.from({ length: 1100 }, (_, n) => `thing-${n}`);
    for (const [n, thingName] of names.entries()) {
      await things.create(realm, { thingName });
      connectivity.connected(key, thingName, n, 1);
      connectivity.disconnected(key, thingName, n, 'CONNECTION_LOST');
    }
    await connectivity.flush();
    told = [];
    await after(hour);
    expect(told.sort()).toEqual(names.sort());
  });
});

test('the last state counts, however many there were in between', async () => {
  for (let connection = 1; connection <= 50; connection++) {
    connectivity.connected(key, 'lamp', connection, connection);
    connectivity.disconnected(key, 'lamp', connection, 'CONNECTION_LOST');
  }
  await connectivity.flush();
  expect(told).toEqual(['lamp']);
  expect(await connectivity.describe(realm, 'lamp')).toMatchObject({ connected: false, version: 50 });
});

test('clients that are no things leave no trace, unless they are registered while they are connected', async () => {
  connectivity.connected(key, 'plug', 1, 1);
  await connectivity.flush();
  expect(await domain.store.all({ sql: 'select * from thing_connectivity', parameters: [] })).toEqual([]);
  await expect(connectivity.describe(realm, 'plug')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await things.create(realm, { thingName: 'plug' });
  expect(await connectivity.describe(realm, 'plug')).toMatchObject({ connected: true });
});

test('a thing that is deleted takes its connectivity with it', async () => {
  connectivity.connected(key, 'lamp', 1, 1);
  await connectivity.flush();
  await things.delete(realm, 'lamp');
  await things.create(realm, { thingName: 'lamp' });
  expect(await connectivity.describe(realm, 'lamp')).toMatchObject({ connected: true });
  connectivity.disconnected(key, 'lamp', 1, 'CONNECTION_LOST');
  await things.delete(realm, 'lamp');
  await connectivity.flush();
  await things.create(realm, { thingName: 'lamp' });
  expect(await connectivity.describe(realm, 'lamp')).toEqual({ connected: false });
});

test('whom a crash left connected is not connected when the program is back', async () => {
  await things.create(realm, { thingName: 'plug' });
  connectivity.connected(key, 'lamp', 1, 4);
  connectivity.connected(key, 'plug', 2, 1);
  connectivity.disconnected(key, 'plug', 2, 'CLIENT_INITIATED_DISCONNECT');
  await connectivity.flush();
  told = [];
  const next = open();
  await next.start();
  expect(told).toEqual(['lamp']);
  expect(await next.describe(realm, 'lamp')).toMatchObject({
    connected: false,
    disconnectReason: 'SERVER_ERROR',
    version: 4,
  });
  expect(await next.describe(realm, 'plug')).toMatchObject({ disconnectReason: 'CLIENT_INITIATED_DISCONNECT' });
});

test('what the store could not take is written when it can, and is then no older than what came meanwhile', async () => {
  await things.create(realm, { thingName: 'plug' });
  const failures: unknown[] = [];
  let isFull = true;
  const { store } = domain;
  const failing: TestDomain['store'] = Object.assign(Object.create(store), {
    all: store.all.bind(store),
    commit: (writes: Parameters<typeof store.commit>[0]) =>
      isFull ? Promise.reject(new Error('the disk is full')) : store.commit(writes),
  });
  const timers = new ManualTimers();
  const onPending = vi.fn();
  const kept = new ThingConnectivity(
    { ...domain, store: failing },
    { onPending, timers, failed: error => failures.push(error) },
  );
  kept.connected(key, 'lamp', 1, 1);
  kept.connected(key, 'plug', 2, 1);
  await kept.flush();
  expect(failures).toHaveLength(1);
  expect(told).toEqual([]);
  onPending.mockClear();
  timers.advance(1_000);
  expect(onPending).toHaveBeenCalledOnce();
  isFull = false;
  kept.disconnected(key, 'plug', 2, 'CONNECTION_LOST');
  expect(await kept.describe(realm, 'lamp')).toMatchObject({ connected: true });
  expect(await kept.describe(realm, 'plug')).toMatchObject({ connected: false });
  expect(told).toEqual(['lamp', 'plug']);
});
