import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, expect, test } from 'vitest';
import { Definition } from '../definition.ts';
import { request } from '../sink.fixtures.ts';
import type { Sink } from '../sink.ts';
import { sqlite } from './sqlite.ts';

const root = mkdtempSync(join(tmpdir(), 'thingd-sqlite-sink-'));
const opened: Sink[] = [];
afterEach(() => Promise.all(opened.splice(0).map(sink => sink.close())));
afterAll(() => rmSync(root, { recursive: true }));

const address = { sinkName: 'plant', rest: undefined, headers: [] };

function openSink(more: object, create = '') {
  const directory = mkdtempSync(join(root, 'sink-'));
  const path = join(directory, 'plant.db');
  const database = (): DatabaseSync => new DatabaseSync(path);
  if (create !== '') database().exec(create);
  const context = { clock: { now: () => 0 }, origin: 'here' };
  const sink = sqlite(new Definition({ path, tables: ['t'], ...more }, undefined), context);
  opened.push(sink);
  const rows = () => {
    const statement = database().prepare('SELECT * FROM t');
    statement.setReadBigInts(true);
    return statement.all();
  };
  return { sink, rows, directory };
}

test('members become columns, and no digit of a whole number is lost', async () => {
  const { sink, rows } = openSink({}, 'CREATE TABLE t (n INTEGER, x REAL, on_ INTEGER, s TEXT, o TEXT, z TEXT)');
  const payload = Buffer.from('{"n":9007199254740993,"x":1.5,"on_":true,"s":"a","o":{"a":[1.0]},"z":null}');
  await sink.deliver(request({}, { payload }), address);
  expect(rows()).toEqual([{ n: 9007199254740993n, x: 1.5, on_: 1n, s: 'a', o: '{"a":[1.0]}', z: null }]);
});

test('an attempt that is repeated inserts nothing more', async () => {
  const { sink, rows } = openSink(
    { columns: { invocationId: 'id' } },
    'CREATE TABLE t (id TEXT PRIMARY KEY, n INTEGER)',
  );
  expect(await sink.deliver(request({ n: 1 }), address)).toBe('inserted into t');
  expect(await sink.deliver(request({ n: 1 }), address)).toContain('earlier attempt');
  expect(rows()).toEqual([{ id: 'here-1-0', n: 1n }]);
});

test('one row at fault does not stop those that come with it', async () => {
  const { sink, rows } = openSink({}, 'CREATE TABLE t (n INTEGER CHECK (n >= 0))');
  const outcomes = await Promise.allSettled([1, -1, 2].map(n => sink.deliver(request({ n }), address)));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(outcomes[1]).toMatchObject({ reason: { isTransient: false, message: expect.stringContaining('CHECK') } });
  expect(rows()).toEqual([{ n: 1n }, { n: 2n }]);
});

test.each([
  [{ 'n") VALUES (1); DROP TABLE t; --': 1 }, false, 'has no column'],
  [{}, false, 'no members'],
  [[1], false, 'no JSON object'],
  ['text', false, 'no JSON object'],
])('%j is no row', async (payload, isTransient, message) => {
  const { sink, rows } = openSink({}, 'CREATE TABLE t (n INTEGER)');
  const failure = { isTransient, message: expect.stringContaining(message) };
  await expect(sink.deliver(request(payload), address)).rejects.toMatchObject(failure);
  expect(rows()).toEqual([]);
});

test('a table that is not there is waited for, or made where the definition says so', async () => {
  const waiting = openSink({});
  const failure = { isTransient: true, message: expect.stringContaining('no such table') };
  await expect(waiting.sink.deliver(request({ n: 1 }), address)).rejects.toMatchObject(failure);
  const making = openSink({ createTables: true, columns: { payload: 'body', topic: 'from' } });
  await making.sink.deliver(request({ n: 1 }), address);
  expect(making.rows()).toMatchObject([
    { body: '{"n":1}', from: 'rooms/attic', inserted_at: expect.stringMatching(/Z$/) },
  ]);
});

test('a file that somebody else holds is waited for, and closed it is whole in one file', async () => {
  const { sink, rows, directory } = openSink({}, 'CREATE TABLE t (n INTEGER)');
  const holder = new DatabaseSync(join(directory, 'plant.db'));
  holder.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE');
  const held = { isTransient: true, message: expect.stringContaining('locked') };
  await expect(sink.deliver(request({ n: 1 }), address)).rejects.toMatchObject(held);
  holder.exec('ROLLBACK');
  holder.close();
  await sink.deliver(request({ n: 2 }), address);
  await sink.close();
  expect(readdirSync(directory)).toEqual(['plant.db']);
  expect(rows()).toEqual([{ n: 2n }]);
});
