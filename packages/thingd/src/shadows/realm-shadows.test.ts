import { Broker, type Message } from '@thingd/broker';
import { Changes, migrate, schema, shadowLimits } from '@thingd/core';
import { MemoryStore } from '@thingd/core/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RealmShadows } from './realm-shadows.ts';

const realm = { accountId: '000000000000', region: 'us-east-1' };
const lamp = { thingName: 'lamp', shadowName: '' };
const hour = 3600_000;

let now: number;
let store: MemoryStore;
let shadows: RealmShadows;
let said: string[];
let failures: unknown[];

beforeEach(async () => {
  now = 1_700_000_000_000;
  said = [];
  failures = [];
  store = new MemoryStore();
  await migrate(store, schema);
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  shadows = new RealmShadows({
    domain: { store, clock: { now: () => now }, changes: new Changes() },
    limits: shadowLimits.open,
    historyVersions: 100,
    historyAge: 24 * hour,
    publish: (_realm, topic) => said.push(topic),
    failed: error => failures.push(error),
  });
});

afterEach(async () => {
  await shadows.close();
  vi.useRealTimers();
});

const update = (name = lamp) =>
  shadows.service.update(realm, name, Buffer.from('{"state":{"reported":{"on":true}}}'), 'p');
const count = async (table: string): Promise<unknown> =>
  (await store.all({ sql: `select count(*) as count from ${table}`, parameters: [] }))[0]?.count;

test('what is too old is forgotten now and then, by itself', async () => {
  await update();
  await update();
  await update({ thingName: 'gone', shadowName: '' });
  await shadows.service.delete(realm, { thingName: 'gone', shadowName: '' }, Buffer.alloc(0));
  now += 49 * hour;
  await vi.advanceTimersByTimeAsync(11 * 60_000);
  await shadows.close();
  expect(await count('shadow')).toBe(1);
  expect((await shadows.history.list(realm, lamp, {})).items.map(({ version }) => version)).toEqual([2]);
  expect(await count('shadow_version')).toBe(1);
  expect(failures).toEqual([]);
});

test('a store that fails is told of, and the request acknowledged, for it has been answered', async () => {
  const broker = await Broker.start({
    authenticator: { authenticate: () => Promise.reject(new Error('nobody connects')) },
  });
  const handle = broker.realm('realm');
  shadows.answerIn(realm, handle);
  store.close();
  const topic = '$aws/things/lamp/shadow/update';
  const publisher = { clientId: 'c', principal: 'p' };
  const message = { topic, payload: Buffer.from('{"state":{}}'), qos: 1, retain: false, publisher } as const;
  await handle.publish(message satisfies Omit<Message, 'publishedAt' | 'properties'>);
  expect(said).toEqual(['$aws/things/lamp/shadow/update/rejected']);
  expect(failures).toHaveLength(1);
  await broker.close();
});
