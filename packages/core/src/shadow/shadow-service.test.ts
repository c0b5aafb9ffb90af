import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Changes } from '../events/changes.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { migrate } from '../store/migrations.ts';
import type { Store } from '../store/store.ts';
import type { JsonObject } from './json.ts';
import { shadowLimits } from './limits.ts';
import { isRejection } from './request.ts';
import { emptySection, mergeSection } from './section.ts';
import { ShadowHistory } from './shadow-history.ts';
import { Shadows } from './shadow-service.ts';
import { shadowMigration } from './shadow-store.ts';
import { parseShadowTopic, ShadowTopics, shadowTopicPrefix } from './shadow-topics.ts';

const realm = { accountId: '000000000000', region: 'us-east-1' };
const classic = { thingName: 'd1', shadowName: '' };
const start = 1_700_000_000_000;

interface Announcement {
  readonly topic: string;
  readonly payload: Record<string, unknown>;
}

let now = start;
let said: Announcement[] = [];
let store: MemoryStore;
const unlimited = { limits: shadowLimits.open };
const domain = () => ({ store, clock: { now: () => now }, changes: new Changes() });
const announcer = {
  announce: (_realm: unknown, name: { thingName: string; shadowName: string }, suffix: string, payload: string) => {
    said.push({ topic: `${shadowTopicPrefix(name)}/${suffix}`, payload: JSON.parse(payload) });
  },
};

beforeEach(async () => {
  now = start;
  said = [];
  store = new MemoryStore();
  await migrate(store, [shadowMigration], { now: () => now });
});

/** A client's view over MQTT: publishes, and gives what was announced, by the last levels of the topic. */
function mqtt(shadows = new Shadows(domain(), announcer)) {
  const topics = new ShadowTopics(shadows, announcer);
  return {
    shadows,
    topics,
    async send(topic: string, payload: unknown, clientId = 'c'): Promise<Record<string, Record<string, unknown>>> {
      said = [];
      const bytes =
        payload === undefined
          ? Buffer.alloc(0)
          : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
      await topics.handle(realm, { topic: `$aws/things/d1/shadow/${topic}`, payload: bytes, clientId, principal: 'p' });
      return Object.fromEntries(said.map(({ topic: at, payload: what }) => [at.split('/').slice(-2).join('/'), what]));
    },
  };
}

describe('the shadow of a fresh thing', () => {
  it('lives the life of the reference: get, update, conflict, clear, delete, and on', async () => {
    const { send } = mqtt();
    expect((await send('get', undefined))['get/rejected']).toMatchObject({
      code: 404,
      message: "No shadow exists with name: 'd1'",
    });

    let heard = await send('update', { state: { desired: { a: 1 } } });
    expect(heard['update/accepted']).toMatchObject({ version: 1 });
    expect(heard['update/documents']).not.toHaveProperty('previous');
    expect(heard['update/delta']).toMatchObject({ version: 1, state: { a: 1 } });

    heard = await send('update', { state: { reported: { a: 1, b: [1, 2] } } });
    expect(heard['update/accepted']).toMatchObject({
      version: 2,
      metadata: { reported: { b: [{ timestamp: start / 1000 }, { timestamp: start / 1000 }] } },
    });
    expect(heard).not.toHaveProperty('update/delta');

    heard = await send('update', { state: { desired: { b: [1, 2, 3] } }, version: 2 });
    expect(heard['update/delta']).toMatchObject({ version: 3, state: { b: [1, 2, 3] } });

    heard = await send('update', { state: { desired: { b: [] } }, version: 2, clientToken: 't' });
    expect(heard).toEqual({
      'update/rejected': { code: 409, message: 'Version conflict', timestamp: start / 1000, clientToken: 't' },
    });

    heard = await send('update', { state: { desired: { a: null, b: null } } });
    expect(heard['update/accepted']).toMatchObject({ version: 4 });
    expect((await send('get', undefined))['get/accepted']).toEqual({
      state: { reported: { a: 1, b: [1, 2] } },
      metadata: {
        reported: { a: { timestamp: start / 1000 }, b: [{ timestamp: start / 1000 }, { timestamp: start / 1000 }] },
      },
      version: 4,
      timestamp: start / 1000,
    });

    expect((await send('update', { state: { other: 1 } }))['update/rejected']).toMatchObject({ code: 400 });
    expect((await send('update', { state: null }))['update/accepted']).toMatchObject({ version: 5, state: null });
    expect((await send('get', undefined))['get/accepted']).toMatchObject({ state: {}, metadata: {}, version: 5 });

    expect((await send('delete', { clientToken: 'x' }))['delete/accepted']).toEqual({
      version: 5,
      timestamp: start / 1000,
      clientToken: 'x',
    });
    expect((await send('get', undefined))['get/rejected']).toMatchObject({ code: 404 });
    expect((await send('delete', undefined))['delete/rejected']).toMatchObject({ code: 404 });
    expect((await send('update', { state: { reported: { z: 1 } } }))['update/accepted']).toMatchObject({ version: 6 });
  });

  it('starts at version 1 again when it was deleted more than 48 hours ago', async () => {
    const { send } = mqtt();
    await send('update', { state: { reported: { a: 1 } } });
    await send('update', { state: { reported: { a: 2 } } });
    await send('delete', undefined);
    now += 48 * 3600_000 + 1;
    expect((await send('update', { state: { reported: { a: 3 } } }))['update/accepted']).toMatchObject({ version: 1 });
  });

  it('tells accepted, documents and delta with the token of the request', async () => {
    const heard = await mqtt().send('update', { state: { desired: { a: 1 } }, clientToken: 'x' });
    expect(Object.values(heard).map(({ clientToken }) => clientToken)).toEqual(['x', 'x', 'x']);
  });

  it('is apart from its named shadows, which alone are listed, page by page', async () => {
    const { send, shadows } = mqtt();
    for (const name of ['n2', 'n1', '$package']) await send(`name/${name}/update`, { state: { desired: { a: 1 } } });
    expect((await send('get', undefined))['get/rejected']).toMatchObject({
      message: "No shadow exists with name: 'd1'",
    });
    expect((await send('name/n3/get', undefined))['get/rejected']).toMatchObject({
      message: "No shadow exists with name: 'n3'",
    });
    const page = await shadows.list(realm, 'd1', { maxResults: 2 });
    expect(page.items).toEqual(['$package', 'n1']);
    expect(await shadows.list(realm, 'd1', { nextToken: page.nextToken, maxResults: 2 })).toEqual({ items: ['n2'] });
    await send('name/n1/delete', undefined);
    expect((await shadows.list(realm, 'd1', {})).items).toEqual(['$package', 'n2']);
  });
});

it('survives in the store: another service on it reads what the first one wrote', async () => {
  await mqtt().send('update', { state: { desired: { a: 1, big: 1 }, reported: { a: 0 } } });
  const heard = await mqtt().send('get', undefined);
  expect(heard['get/accepted']).toMatchObject({
    version: 1,
    state: { desired: { a: 1 }, reported: { a: 0 }, delta: { a: 1 } },
  });
});

it('two processes on one store, racing with `version`, win each version exactly once', async () => {
  const options = { ...unlimited, cacheBytes: 0 };
  const [one, two] = [new Shadows(domain(), announcer, options), new Shadows(domain(), announcer, options)];
  for (let version = 0; version < 50; version++) {
    const request = Buffer.from(JSON.stringify({ state: { reported: { version } }, version }));
    const results = await Promise.all([
      one.update(realm, classic, request, 'p'),
      two.update(realm, classic, request, 'p'),
    ]);
    expect(results.filter(result => !isRejection(result))).toHaveLength(1);
  }
});

describe('requests to one shadow', () => {
  /** Commits wait until they are let go. */
  function slowStore() {
    const commits: (() => void)[] = [];
    const slow: Store = {
      dialect: 'sqlite',
      all: query => store.all(query),
      async commit(writes) {
        await new Promise<void>(resolve => commits.push(resolve));
        await store.commit(writes);
      },
    };
    return { slow, commits };
  }
  const report = (value: number) => Buffer.from(JSON.stringify({ state: { reported: { value } } }));
  const turn = () => new Promise(resolve => setImmediate(resolve));

  it('that arrive during a commit are committed together, each upon the one before', async () => {
    const { slow, commits } = slowStore();
    const shadows = new Shadows({ ...domain(), store: slow }, announcer);
    const updates = [1, 2, 3, 4].map(value => shadows.update(realm, classic, report(value), 'p'));
    await turn();
    expect(commits).toHaveLength(1);
    expect(said).toEqual([]);
    commits.shift()!();
    await turn();
    expect(commits).toHaveLength(1);
    commits.shift()!();
    const versions = (await Promise.all(updates)).map(accepted => JSON.parse(accepted as string).version);
    expect(versions).toEqual([1, 2, 3, 4]);
    expect(said.filter(({ topic }) => topic.endsWith('/accepted')).map(({ payload }) => payload.version)).toEqual(
      versions,
    );
    const { items } = await new ShadowHistory(domain(), shadows).list(realm, classic, {});
    expect(items.map(({ version }) => version)).toEqual([4, 3, 2, 1]);
  });

  it('see each other in order: a get after an update waits for it, a delete between two updates counts', async () => {
    const { slow, commits } = slowStore();
    const shadows = new Shadows({ ...domain(), store: slow }, announcer);
    const first = shadows.update(realm, classic, report(1), 'p');
    const answers = Promise.all([
      shadows.get(realm, classic, Buffer.alloc(0)),
      shadows.delete(realm, classic, Buffer.alloc(0)),
      shadows.get(realm, classic, Buffer.alloc(0)),
      shadows.update(realm, classic, report(2), 'p'),
    ]);
    await turn();
    commits.shift()!();
    await first;
    await turn();
    commits.shift()!();
    const [before, deleted, gone, after] = await answers;
    expect(JSON.parse(before as string)).toMatchObject({ version: 1, state: { reported: { value: 1 } } });
    expect(JSON.parse(deleted as string)).toMatchObject({ version: 1 });
    expect(gone).toMatchObject({ code: 404 });
    expect(JSON.parse(after as string)).toMatchObject({ version: 2 });
    expect(await new ShadowHistory(domain(), shadows).at(realm, classic, { version: 1 })).toMatchObject({
      deletedAt: start,
    });
  });

  it('are answered with 500 over MQTT when the store fails', async () => {
    const broken: Store = {
      dialect: 'sqlite',
      all: query => store.all(query),
      commit: () => Promise.reject(new Error('disk full')),
    };
    const { send } = mqtt(new Shadows({ ...domain(), store: broken }, announcer));
    await expect(send('update', { state: {} })).rejects.toThrow('disk full');
    expect(said).toMatchObject([
      { topic: '$aws/things/d1/shadow/update/rejected', payload: { code: 500, message: 'Internal service failure' } },
    ]);
  });

  it('fail together when the store fails, and the next one finds what is stored', async () => {
    let failing = false;
    const breaking: Store = {
      dialect: 'sqlite',
      all: query => store.all(query),
      commit: writes => (failing ? Promise.reject(new Error('disk full')) : store.commit(writes)),
    };
    const shadows = new Shadows({ ...domain(), store: breaking }, announcer);
    await shadows.update(realm, classic, report(1), 'p');
    failing = true;
    said = [];
    await expect(shadows.update(realm, classic, report(2), 'p')).rejects.toThrow('disk full');
    expect(said).toEqual([]);
    failing = false;
    const answer = await shadows.get(realm, classic, Buffer.alloc(0));
    expect(JSON.parse(answer as string)).toMatchObject({ version: 1, state: { reported: { value: 1 } } });
  });

  it('are twenty a second at most, over both faces together, and refused with 429 beyond', async () => {
    const { send, shadows } = mqtt();
    for (let i = 0; i < 19; i++) await send('update', { state: { reported: { i } } });
    expect(isRejection(await shadows.get(realm, classic, Buffer.alloc(0)))).toBe(false);
    expect(await send('update', { state: {}, clientToken: 't' })).toEqual({
      'update/rejected': { code: 429, message: 'Too many requests', timestamp: start / 1000, clientToken: 't' },
    });
    expect(await shadows.delete(realm, classic, Buffer.alloc(0))).toMatchObject({ code: 429 });
    expect(await send('name/other/get', undefined)).toMatchObject({ 'get/rejected': { code: 404 } });
    now += 1000;
    expect(await send('get', undefined)).toMatchObject({ 'get/accepted': { version: 19 } });
  });
});

it('a client with ten requests about a thing unanswered has the next refused with 429', async () => {
  const { topics } = mqtt();
  const topic = '$aws/things/d1/shadow/get';
  const requests = Array.from({ length: 11 }, () =>
    topics.handle(realm, { topic, payload: Buffer.alloc(0), clientId: 'c', principal: 'p' }),
  );
  await topics.handle(realm, { topic, payload: Buffer.alloc(0), clientId: 'other', principal: 'p' });
  const another = '$aws/things/d2/shadow/get';
  await topics.handle(realm, { topic: another, payload: Buffer.alloc(0), clientId: 'c', principal: 'p' });
  await Promise.all(requests);
  expect(said.filter(({ payload }) => payload.code === 429)).toHaveLength(1);
});

it.each([
  ['$aws/things/d1/shadow/update', { thingName: 'd1', shadowName: '', operation: 'update' }],
  ['$aws/things/d1/shadow/name/n1/get', { thingName: 'd1', shadowName: 'n1', operation: 'get' }],
  ['$aws/things/d 1/shadow/update', undefined],
  [`$aws/things/d1/shadow/name/${'n'.repeat(65)}/get`, undefined],
])('%s is %o', (topic, request) => expect(parseShadowTopic(topic)).toEqual(request));

describe('the history of a shadow', () => {
  const history = (shadows: Shadows) => new ShadowHistory(domain(), shadows);

  it('tells who changed what and when, and what it was then', async () => {
    const { send, shadows } = mqtt();
    for (const led of ['on', 'off', 'on']) {
      await send('update', { state: { desired: { led } } });
      now += 1000;
    }
    const past = history(shadows);
    const { items } = await past.list(realm, classic, {});
    expect(
      items.map(({ version, principal, updatedAt, change }) => ({ version, principal, updatedAt, change })),
    ).toEqual([
      { version: 3, principal: 'p', updatedAt: start + 2000, change: { desired: { led: 'on' } } },
      { version: 2, principal: 'p', updatedAt: start + 1000, change: { desired: { led: 'off' } } },
      { version: 1, principal: 'p', updatedAt: start, change: { desired: { led: 'on' } } },
    ]);
    expect(await past.at(realm, classic, { time: start + 1500 })).toMatchObject({
      version: 2,
      desired: { led: 'off' },
    });
    expect(await past.diff(realm, classic, { version: 1 }, { version: 2 })).toMatchObject({
      from: { version: 1 },
      to: { version: 2 },
      differences: [{ path: ['desired', 'led'], from: 'on', to: 'off' }],
    });
    expect(await past.diff(realm, classic, { version: 1 }, 'now')).toMatchObject({
      to: { version: 3 },
      differences: [],
    });
    await expect(past.at(realm, classic, { time: start - 1 })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(past.at(realm, classic, { version: 9 })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('knows when there was no shadow', async () => {
    const { send, shadows } = mqtt();
    await send('update', { state: { desired: { a: 1 } } });
    now += 1000;
    await send('delete', undefined);
    now += 1000;
    await expect(history(shadows).at(realm, classic, { time: now })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(history(shadows).at(realm, classic, 'now')).rejects.toThrow('there is no shadow in the history now');
    expect(await history(shadows).at(realm, classic, { time: start + 500 })).toMatchObject({ version: 1 });
  });

  it('can be gone back to, as a new version that devices get the delta of', async () => {
    const { send, shadows } = mqtt();
    await send('update', { state: { desired: { led: 'on', mode: { night: true } }, reported: { led: 'on' } } });
    await send('update', { state: { desired: { led: 'off', mode: null, extra: 1 } } });
    said = [];
    await history(shadows).restore(realm, classic, { version: 1 }, 'operator');
    expect(said.find(({ topic }) => topic.endsWith('update/accepted'))?.payload).toMatchObject({ version: 3 });
    const heard = await send('get', undefined);
    expect(heard['get/accepted']).toMatchObject({ state: { desired: { led: 'on', mode: { night: true } } } });
    expect(heard['get/accepted']).not.toHaveProperty('state.desired.extra');
  });

  it('is bounded by count and by age, and never forgets the current version', async () => {
    const { send, shadows } = mqtt(new Shadows(domain(), announcer, { ...unlimited, historyVersions: 10 }));
    for (let i = 0; i < 64; i++) await send('update', { state: { reported: { i } } });
    const past = history(shadows);
    expect((await past.list(realm, classic, { maxResults: 100 })).items).toHaveLength(10);
    now += 1000;
    await past.forgetOlderThan(500);
    expect((await past.list(realm, classic, {})).items.map(({ version }) => version)).toEqual([64]);
  });

  it('keeps its order, and every version, when the clock is set back', async () => {
    const { send, shadows } = mqtt();
    await send('update', { state: { desired: { a: 1 } } });
    now -= 5000;
    await send('update', { state: { desired: { a: 2 } } });
    const { items } = await history(shadows).list(realm, classic, {});
    expect(items.map(({ version, updatedAt }) => [version, updatedAt])).toEqual([
      [2, start],
      [1, start],
    ]);
    expect(await history(shadows).at(realm, classic, { time: start })).toMatchObject({ version: 2 });
  });

  it('is listed page by page, also across a count that started over', async () => {
    const { send, shadows } = mqtt();
    for (let i = 0; i < 3; i++) await send('update', { state: { desired: { i } } });
    await send('delete', undefined);
    now += 49 * 3600_000;
    await shadows.forgetDeleted();
    for (let i = 0; i < 2; i++) await send('update', { state: { desired: { i } } });
    const past = history(shadows);
    const seen: number[] = [];
    let nextToken: string | undefined;
    do {
      const page = await past.list(realm, classic, { maxResults: 2, nextToken });
      seen.push(...page.items.map(({ version }) => version));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    expect(seen).toEqual([2, 1, 3, 2, 1]);
  });

  it('tells a deletion of the version it befell alone, also across a count that started over', async () => {
    const { send, shadows } = mqtt();
    for (let i = 0; i < 3; i++) await send('update', { state: { desired: { i } } });
    await send('delete', undefined);
    now += 49 * 3600_000;
    await shadows.forgetDeleted();
    for (let i = 0; i < 2; i++) await send('update', { state: { desired: { i } } });
    await send('delete', undefined);
    const { items } = await history(shadows).list(realm, classic, {});
    expect(items.map(({ version, deletedAt }) => [version, deletedAt])).toEqual([
      [2, now],
      [1, undefined],
      [3, start],
      [2, undefined],
      [1, undefined],
    ]);
  });

  it('forgets by age a thousand rows at a time, and none that is current', async () => {
    const { shadows } = mqtt(new Shadows(domain(), announcer, unlimited));
    const past = history(shadows);
    const many = Array.from({ length: 900 }, (_, i) => ({ thingName: `t${i}`, shadowName: '' }));
    for (const round of [1, 2, 3]) {
      for (const name of many)
        await shadows.update(realm, name, Buffer.from(`{"state":{"reported":{"round":${round}}}}`), 'p');
      now += 1000;
    }
    await past.forgetOlderThan(0);
    for (const name of [many[0]!, many[899]!])
      expect((await past.list(realm, name, {})).items.map(({ version }) => version)).toEqual([3]);
    const [{ count } = { count: -1 }] = await store.all<{ count: number }>({
      sql: 'select count(*) as count from shadow_version',
      parameters: [],
    });
    expect(count).toBe(900);
  });

  it('may be switched off', async () => {
    const { send, shadows } = mqtt(new Shadows(domain(), announcer, { historyVersions: 0 }));
    await send('update', { state: { reported: { a: 1 } } });
    expect((await history(shadows).list(realm, classic, {})).items).toEqual([]);
  });

  it('has in every version what replaying the changes up to it gives', async () => {
    const leaf = fc.oneof(
      fc.integer({ min: 0, max: 3 }),
      fc.constant(null),
      fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
    );
    const patch = fc.dictionary(
      fc.constantFrom('a', 'b'),
      fc.oneof(leaf, fc.dictionary(fc.constantFrom('x', 'y'), leaf)),
    );
    const state = fc.oneof(
      fc.constant(null),
      fc.record(
        { desired: fc.option(patch, { nil: null }), reported: fc.option(patch, { nil: null }) },
        { requiredKeys: [] },
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(state, { minLength: 1, maxLength: 15 }), async states => {
        store = new MemoryStore();
        await migrate(store, [shadowMigration]);
        const { send, shadows } = mqtt(new Shadows(domain(), announcer, unlimited));
        for (const each of states) await send('update', { state: each });
        const past = history(shadows);
        const { items } = await past.list(realm, classic, { maxResults: 100 });
        let replayed: { desired: JsonObject; reported: JsonObject } = { desired: {}, reported: {} };
        for (const { version, change } of items.toReversed()) {
          replayed = {
            desired: replay(replayed.desired, change, 'desired'),
            reported: replay(replayed.reported, change, 'reported'),
          };
          expect(await past.at(realm, classic, { version })).toMatchObject(replayed);
        }
        expect(items).toHaveLength(states.length);
      }),
      { numRuns: 40 },
    );
  });
});

function replay(state: JsonObject, change: JsonObject | null, section: 'desired' | 'reported'): JsonObject {
  if (change === null || change[section] === null) return {};
  const patch = change[section] as JsonObject | undefined;
  return patch === undefined ? state : mergeSection({ state, metadata: emptySection.metadata }, patch, 0).state;
}
