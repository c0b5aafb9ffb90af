import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StoreThread } from '../store/index.ts';
import { DatabaseReader } from './database-reader.ts';

let directory: string;
let store: StoreThread;
let reader: DatabaseReader;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'thingd-reader-'));
  const path = join(directory, 'thingd.db');
  store = await StoreThread.open({ path, durability: 'full' });
  reader = new DatabaseReader(path);
  await store.commit([{ sql: 'create table lamp (name text not null primary key, watts bigint)', parameters: [] }]);
});

afterEach(async () => {
  await reader.close();
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const lamps = { sql: 'select name from lamp order by name', parameters: [] };
const insert = (name: string) => store.commit([{ sql: 'insert into lamp values (?, 9)', parameters: [name] }]);

test('what has been committed is read, each time', async () => {
  const seen: number[] = [];
  for (let count = 0; count < 20; count++) {
    await insert(`lamp-${count}`);
    seen.push((await reader.all(lamps)).length);
  }
  expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
});

test('a long search keeps no commit waiting', async () => {
  const endless =
    'with recursive n (i) as (select 1 union all select i + 1 from n where i < 6000000) select max(i) as i from n';
  let isDone = false;
  const search = reader.all({ sql: endless, parameters: [] }).then(rows => {
    isDone = true;
    return rows;
  });
  for (let count = 0; count < 5; count++) await insert(`lamp-${count}`);
  expect(isDone).toBe(false);
  expect(await search).toEqual([{ i: 6_000_000 }]);
}, 60_000);

test('nothing is written through it, and a query that fails fails alone', async () => {
  await expect(reader.all({ sql: "insert into lamp values ('x', 1)", parameters: [] })).rejects.toThrow('readonly');
  await expect(reader.all({ sql: 'select missing', parameters: [] })).rejects.toThrow('no such column');
  expect(await reader.all(lamps)).toEqual([]);
});

test('who waits when it is closed is told', async () => {
  const waiting = expect(reader.all(lamps)).rejects.toThrow('closed');
  await reader.close();
  await waiting;
});
