import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, schema, systemClock } from '@thingd/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StoreThread } from '../../store/index.ts';
import { request } from './sink.fixtures.ts';
import { Sinks } from './sinks.ts';

const realm = { accountId: '123456789012', region: 'eu-west-1' };
const other = { ...realm, region: 'us-east-1' };
const directory = mkdtempSync(join(tmpdir(), 'thingd-sinks-'));
let store: StoreThread;

beforeAll(async () => {
  store = await StoreThread.open({ path: ':memory:', durability: 'normal' });
  await migrate(store, schema, systemClock);
});
afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

function openSinks(configured: Readonly<Record<string, unknown>> = {}): Promise<Sinks> {
  const domain = { store, clock: systemClock };
  return Sinks.open({ domain, configured, defaultRealm: realm, directory, origin: 'here' });
}

const lines = { kind: 'file', path: 'lines.jsonl' };

test('what the API makes is there after a restart, in its realm alone', async () => {
  const before = await openSinks();
  await before.put(realm, 'lines', lines);
  const after = await openSinks();
  expect(after.list(realm)).toMatchObject([{ sinkName: 'lines', kind: 'file', source: 'api', definition: lines }]);
  expect(after.list(other)).toEqual([]);
  expect(() => after.get(other, 'lines')).toThrow('does not exist');
  await after.delete(realm, 'lines');
  expect((await openSinks()).list(realm)).toEqual([]);
});

test('a sink of the configuration belongs to the default realm, or the one before its name', async () => {
  const webhook = { kind: 'webhook', url: 'https://hooks.example/s3cret' };
  const sinks = await openSinks({ room: webhook, '123456789012/us-east-1/room': { ...webhook, format: 'slack' } });
  const shown = { sinkName: 'room', source: 'configuration', definition: { url: 'https://hooks.example/***' } };
  expect(sinks.list(realm)).toMatchObject([shown]);
  expect(sinks.list(other)).toMatchObject([{ ...shown, definition: { format: 'slack' } }]);
  await expect(sinks.delete(realm, 'room')).rejects.toMatchObject({ name: 'InvalidRequestException' });
  await expect(sinks.put(realm, 'room', lines)).rejects.toThrow('changes there alone');
});

test.each([
  [{ kind: 'kafka' }, '`kind` expects postgresql, sqlite, file, webhook, mqtt'],
  [{ ...lines, pth: 'x' }, 'there is no member `pth`'],
  [{ ...lines, directory: 'x' }, 'one of `path` and `directory`'],
  [{ kind: 'mqtt', url: 'mqtt://user:pw@h', clientId: 'c' }, '`url` expects `mqtts://'],
  [{ kind: 'mqtt', url: 'mqtt://h', clientId: 'c', alpn: 'mqtt' }, 'expect a `url` of mqtts'],
  [{ kind: 'mqtt', url: 'mqtts://h', clientId: 'c', cert: '-----BEGIN CERTIFICATE-----' }, 'expect each other'],
  [{ kind: 'mqtt', url: 'mqtts://h', clientId: 'c', topicPrefix: 'a/#' }, 'no topic'],
  [{ kind: 'webhook', url: 'ftp://h' }, 'a URL of http or https'],
  [{ kind: 'webhook', url: 'https://hooks.example/***' }, 'not the secret'],
  [{ kind: 'sqlite', path: 'x.db', tables: [] }, '`tables` expects'],
  [{ kind: 'sqlite', path: 'x.db', tables: ['t'], createTables: true }, '`columns.payload`'],
  [{ kind: 'sqlite', path: 'x.db', tables: ['t'], columns: { payload: 'a', topic: 'a' } }, 'a column of its own'],
])('the definition %j is refused, and nothing is kept', async (definition, reason) => {
  const sinks = await openSinks();
  await expect(sinks.put(realm, 'x', definition)).rejects.toThrow(reason);
  expect(sinks.list(realm)).toEqual([]);
  await expect(openSinks({ x: definition })).rejects.toThrow(`sink \`x\`: `);
});

test('a replaced sink gets what comes from then on, and a sink that is gone is waited for', async () => {
  const sinks = await openSinks();
  const address = { sinkName: 'lines', rest: undefined, headers: [] };
  await sinks.put(realm, 'lines', lines);
  await sinks.deliver(request({ n: 1 }), address, 'thingd:lines');
  await sinks.put(realm, 'lines', { ...lines, path: 'others.jsonl' });
  const report = await sinks.deliver(request({ n: 2 }), address, 'thingd:lines');
  expect(report).toMatchObject({ request: 'thingd:lines', response: expect.stringContaining('others.jsonl') });
  const written = ['lines', 'others'].map(name =>
    readFileSync(join(directory, realm.accountId, realm.region, 'lines', `${name}.jsonl`), 'utf8'),
  );
  expect(written).toEqual(['{"n":1}\n', '{"n":2}\n']);
  await sinks.delete(realm, 'lines');
  await expect(sinks.deliver(request({ n: 3 }), address, 'thingd:lines')).rejects.toMatchObject({ isTransient: true });
});
