import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SqlValue, StaleWrite } from '@thingd/core';
import { storeContract } from '@thingd/core/testing';
import { describe, expect, test } from 'vitest';
import { lockDirectory } from './directory-lock.ts';
import { StoreThread } from './store-thread.ts';

const query = (sql: string, ...parameters: SqlValue[]) => ({ sql, parameters });

async function inDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'thingd-store-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe('the store in its thread, in memory', () => {
  storeContract(async () => {
    const store = await StoreThread.open({ path: ':memory:', durability: 'full' });
    return { store, close: () => store.close() };
  });
});

describe('the store in its thread, in a file', () => {
  storeContract(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'thingd-store-'));
    const store = await StoreThread.open({ path: join(directory, 'thingd.db'), durability: 'full' });
    const close = async () => {
      await store.close();
      await rm(directory, { recursive: true });
    };
    return { store, close };
  });
});

test.runIf(process.platform === 'linux')('its thread gives way to the others', async () => {
  const store = await StoreThread.open({ path: ':memory:', durability: 'full' });
  const ids = readdirSync('/proc/self/task').filter(
    id => readFileSync(`/proc/self/task/${id}/comm`, 'utf8') === 'store\n',
  );
  expect(ids.map(id => getPriority(Number(id)))).toEqual([Math.min(getPriority() + 10, 19)]);
  await store.close();
});

test('requests made while a group is written become the next group, one transaction for all', async () => {
  const commits: number[] = [];
  const store = await StoreThread.open({
    path: ':memory:',
    durability: 'full',
    onCommit: ({ writers }) => commits.push(writers),
  });
  await store.commit([query('create table n (n integer primary key)')]);
  await Promise.all(Array.from({ length: 500 }, (_, n) => store.commit([query('insert into n values (?)', n)])));
  expect(commits.reduce((sum, writers) => sum + writers)).toBe(501);
  expect(commits.length).toBeLessThan(20);
  await store.close();
});

test('a read sees the writes asked for before it, answered or not', async () => {
  const store = await StoreThread.open({ path: ':memory:', durability: 'full' });
  store.commit([query('create table n (n integer primary key)')]);
  store.commit([query('insert into n values (1)')]);
  const before = store.all(query('select n from n'));
  store.commit([query('insert into n values (2)')]);
  expect(await before).toEqual([{ n: 1 }]);
  await store.close();
});

test('the failure of one caller in a group undoes its writes alone', async () => {
  const store = await StoreThread.open({ path: ':memory:', durability: 'full' });
  await store.commit([query('create table n (n integer primary key)')]);
  const stale = { ...query('delete from n where n = 99'), expect: 1 };
  const outcomes = await Promise.allSettled([
    store.commit([query('insert into n values (1)')]),
    store.commit([query('insert into n values (2)'), stale]),
    store.commit([query('insert into n values (3)')]),
  ]);
  expect(outcomes.map(outcome => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((outcomes[1] as PromiseRejectedResult).reason).toBeInstanceOf(StaleWrite);
  expect(await store.all(query('select n from n'))).toEqual([{ n: 1 }, { n: 3 }]);
  await store.close();
});

test('what a group with a failure in it reads is what has been written of it', async () => {
  const store = await StoreThread.open({ path: ':memory:', durability: 'full' });
  await store.commit([query('create table n (n integer primary key)')]);
  const commits = [1, 2, 1, 3].map(n => store.commit([query('insert into n values (?)', n)]));
  const read = store.all(query('select n from n'));
  expect((await Promise.allSettled(commits)).map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
  expect(await read).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  await store.close();
});

test('everything asked for before `close` is kept', () =>
  inDirectory(async directory => {
    const path = join(directory, 'thingd.db');
    const first = await StoreThread.open({ path, durability: 'full' });
    first.commit([query('create table n (n integer primary key)')]);
    for (let n = 0; n < 100; n++) first.commit([query('insert into n values (?)', n)]);
    await first.close();
    await expect(first.all(query('select 1'))).rejects.toThrow('closed');
    const second = await StoreThread.open({ path, durability: 'full' });
    expect(await second.all(query('select count(*) as count from n'))).toEqual([{ count: 100 }]);
    await second.close();
  }));

test('the database and its log are the owner’s alone', () =>
  inDirectory(async directory => {
    const store = await StoreThread.open({ path: join(directory, 'thingd.db'), durability: 'full' });
    await store.commit([query('create table n (n integer primary key)')]);
    const modes = readdirSync(directory).map(name => statSync(join(directory, name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600, 0o600]);
    await store.close();
  }));

test('a database that cannot be opened says why', () =>
  inDirectory(async directory => {
    const failures: Error[] = [];
    const open = (path: string) =>
      StoreThread.open({ path, durability: 'full', onFailure: error => failures.push(error) });
    await expect(open(directory)).rejects.toThrow(/EISDIR/);
    const letter = join(directory, 'letter.txt');
    writeFileSync(letter, 'not a database, whatever its name says '.repeat(100));
    await expect(open(letter)).rejects.toThrow(`the database \`${letter}\` failed: file is not a database`);
    expect(failures).toEqual([]);
  }));

test('a full disk ends the store: whoever it happens to is not answered, nor anyone after, and what was answered is kept', () =>
  inDirectory(async directory => {
    const path = join(directory, 'thingd.db');
    const failures: Error[] = [];
    const store = await StoreThread.open({ path, durability: 'full', onFailure: error => failures.push(error) });
    await store.commit([query('create table n (n integer primary key, filler text)')]);
    await store.all(query('pragma max_page_count = 50'));
    const filler = 'x'.repeat(1000);
    const insert = (n: number) => store.commit([query('insert into n values (?, ?)', n, filler)]);
    let answered = 0;
    await expect(
      (async () => {
        for (; answered < 1000; answered++) await insert(answered);
      })(),
    ).rejects.toThrow(`the database \`${path}\` failed: database or disk is full`);
    expect(failures.map(failure => failure.message)).toEqual([expect.stringContaining('disk is full')]);
    await expect(store.all(query('select 1'))).rejects.toThrow('disk is full');
    const again = await StoreThread.open({ path, durability: 'full' });
    expect(await again.all(query('select count(*) as count from n'))).toEqual([{ count: answered }]);
    await again.close();
  }));

test('a journal that does not apply ends the store loudly, and nothing of its group is kept', () =>
  inDirectory(async directory => {
    const path = join(directory, 'thingd.db');
    const failures: Error[] = [];
    const store = await StoreThread.open({ path, durability: 'full', onFailure: error => failures.push(error) });
    await store.commit([query('create table n (n integer primary key)')]);
    const outcomes = await Promise.allSettled([
      store.commit([query('insert into n values (1)')]),
      store.journal(Uint8Array.of(255)),
    ]);
    expect(outcomes.map(outcome => outcome.status)).toEqual(['rejected', 'rejected']);
    expect(failures[0]?.message).toMatch('unknown journal record');
    await expect(store.commit([])).rejects.toThrow('unknown journal record');
    const again = await StoreThread.open({ path, durability: 'full' });
    expect(await again.all(query('select n from n'))).toEqual([]);
    await again.close();
  }));

test('a directory is locked by one holder at a time', () =>
  inDirectory(async directory => {
    const release = lockDirectory(directory);
    expect(release).toBeDefined();
    expect(lockDirectory(directory)).toBeUndefined();
    release?.();
    const again = lockDirectory(directory);
    expect(again).toBeDefined();
    again?.();
  }));
