import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Changes, migrate, ShadowHistory, Shadows, schema, shadowLimits, systemClock } from '@thingd/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StoreThread } from '../store/index.ts';

const realm = { accountId: '000000000000', region: 'us-east-1' };
const versions = 10_000;

let directory: string;
let store: StoreThread;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'thingd-race-'));
  store = await StoreThread.open({ path: join(directory, 'thingd.db'), durability: 'normal' });
  await migrate(store, schema);
});

afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const service = (cacheBytes?: number): Shadows =>
  new Shadows(
    { store, clock: systemClock, changes: new Changes() },
    { announce: () => {} },
    { limits: shadowLimits.open, historyVersions: versions, ...(cacheBytes !== undefined && { cacheBytes }) },
  );

/** Every writer tries every version as soon as the one before it is decided. */
async function race(thingName: string, writers: readonly Shadows[]): Promise<number[]> {
  const name = { thingName, shadowName: '' };
  const wins: number[] = [];
  for (let version = 0; version < versions; version++) {
    const results = await Promise.all(
      writers.map((shadows, writer) => {
        const update = { state: { reported: { writer } }, version };
        return shadows.update(realm, name, Buffer.from(JSON.stringify(update)), `writer ${writer}`);
      }),
    );
    wins.push(results.filter(result => typeof result === 'string').length);
    for (const result of results) if (typeof result !== 'string') expect(result.code).toBe(409);
  }
  return wins;
}

test.each([
  ['through one service', () => [service()].flatMap(one => [one, one])],
  ['of two processes on one database', () => [service(0), service(0)]],
])(
  'two writers %s race for 10,000 versions, and each version has one winner',
  { timeout: 120_000 },
  async (title, writers) => {
    const thingName = title.replaceAll(/[ ,]/g, '-');
    const wins = await race(thingName, writers());
    expect(wins.filter(count => count !== 1)).toEqual([]);
    const shadows = service(0);
    const name = { thingName, shadowName: '' };
    const current = JSON.parse((await shadows.get(realm, name, Buffer.alloc(0))) as string);
    expect(current.version).toBe(versions);
    const { items } = await new ShadowHistory({ store, clock: systemClock, changes: new Changes() }, shadows).list(
      realm,
      name,
      { maxResults: versions },
    );
    expect(items.map(({ version }) => version)).toEqual(
      Array.from({ length: versions }, (_, index) => versions - index),
    );
  },
);
