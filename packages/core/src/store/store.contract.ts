/** What every `Store` must do, as tests: run `storeContract` with a factory of empty stores. */
import { expect, test } from 'vitest';
import { DuplicateKey, type SqlValue, StaleWrite, type Store } from './store.ts';

export interface OpenStore {
  readonly store: Store;
  close(): void | Promise<void>;
}

/** Placeholders are `?` on SQLite and `$1`… on PostgreSQL. */
function query(store: Store, sql: string, ...parameters: SqlValue[]) {
  let index = 0;
  return { sql: store.dialect === 'postgres' ? sql.replaceAll('?', () => `$${++index}`) : sql, parameters };
}

const tables = [
  'create table lamp (name text not null primary key, watts bigint not null)',
  'create table switch (name text not null primary key, lamp text not null references lamp (name))',
];

export function storeContract(open: () => OpenStore | Promise<OpenStore>): void {
  async function withStore(use: (store: Store) => Promise<void>): Promise<void> {
    const { store, close } = await open();
    try {
      await store.commit(tables.map(sql => query(store, sql)));
      await use(store);
    } finally {
      await close();
    }
  }

  const insertLamp = (store: Store, name: string, watts: number) =>
    query(store, 'insert into lamp values (?, ?)', name, watts);
  const insertSwitch = (store: Store, name: string, lamp: string) =>
    query(store, 'insert into switch values (?, ?)', name, lamp);
  const lamps = async (store: Store) =>
    (await store.all(query(store, 'select name, watts from lamp order by name'))).map(({ name, watts }) => [
      name,
      watts,
    ]);

  test('a committed row is read back, integers as numbers', () =>
    withStore(async store => {
      await store.commit([insertLamp(store, 'hall', 1_790_000_000_000)]);
      expect(await lamps(store)).toEqual([['hall', 1_790_000_000_000]]);
    }));

  test('text, null and numbers come back as they were given', () =>
    withStore(async store => {
      await store.commit([query(store, 'create table v (t text, n bigint)')]);
      await store.commit([query(store, 'insert into v values (?, ?)', 'ä\u{1f4a1}"\'', null)]);
      const [row] = await store.all(query(store, 'select t, n from v'));
      expect({ ...row }).toEqual({ t: 'ä\u{1f4a1}"\'', n: null });
    }));

  test('several writes are one commit', () =>
    withStore(async store => {
      await store.commit([insertLamp(store, 'a', 1), insertLamp(store, 'b', 2)]);
      expect(await lamps(store)).toEqual([
        ['a', 1],
        ['b', 2],
      ]);
    }));

  test('a write that changes another number of rows than expected undoes the whole commit', () =>
    withStore(async store => {
      const update = { ...query(store, 'update lamp set watts = 5 where name = ?', 'none'), expect: 1 };
      await expect(store.commit([insertLamp(store, 'a', 1), update])).rejects.toBeInstanceOf(StaleWrite);
      expect(await lamps(store)).toEqual([]);
    }));

  test('a write without expectation may change any number of rows', () =>
    withStore(async store => {
      await store.commit([query(store, 'delete from lamp'), insertLamp(store, 'a', 1)]);
      expect(await lamps(store)).toEqual([['a', 1]]);
    }));

  test('a second row with the same key is refused as a duplicate and undoes the whole commit', () =>
    withStore(async store => {
      await store.commit([insertLamp(store, 'a', 1)]);
      const second = store.commit([insertLamp(store, 'b', 1), insertLamp(store, 'a', 2)]);
      await expect(second).rejects.toBeInstanceOf(DuplicateKey);
      expect(await lamps(store)).toEqual([['a', 1]]);
    }));

  test('a row that refers to nothing is stale', () =>
    withStore(async store => {
      await expect(store.commit([insertSwitch(store, 's', 'none')])).rejects.toBeInstanceOf(StaleWrite);
    }));

  test('deleting a row that is referred to is stale', () =>
    withStore(async store => {
      await store.commit([insertLamp(store, 'a', 1), insertSwitch(store, 's', 'a')]);
      await expect(store.commit([query(store, 'delete from lamp')])).rejects.toBeInstanceOf(StaleWrite);
      expect(await lamps(store)).toEqual([['a', 1]]);
    }));

  test('a failed commit does not disturb those beside it', () =>
    withStore(async store => {
      const outcomes = await Promise.allSettled([
        store.commit([insertLamp(store, 'a', 1)]),
        store.commit([insertLamp(store, 'x', 1), insertLamp(store, 'a', 2)]),
        store.commit([insertLamp(store, 'b', 2)]),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await lamps(store)).toEqual([
        ['a', 1],
        ['b', 2],
      ]);
    }));

  test('of racing writers that expect the same value exactly one wins', () =>
    withStore(async store => {
      await store.commit([insertLamp(store, 'a', 0)]);
      const race = Array.from({ length: 10 }, (_, index) =>
        store.commit([{ ...query(store, 'update lamp set watts = ? where watts = 0', index + 1), expect: 1 }]),
      );
      const outcomes = await Promise.allSettled(race);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }));

  test('a commit is seen by every read that starts after it', () =>
    withStore(async store => {
      for (let watts = 1; watts <= 20; watts++) {
        await store.commit([insertLamp(store, `l${String(watts).padStart(2, '0')}`, watts)]);
        expect(await lamps(store)).toHaveLength(watts);
      }
    }));

  test('a statement that is wrong fails as itself and leaves the store working', () =>
    withStore(async store => {
      await expect(store.commit([query(store, 'insert into nowhere values (1)')])).rejects.toThrow(/nowhere/);
      await expect(store.all(query(store, 'select * from nowhere'))).rejects.toThrow(/nowhere/);
      await store.commit([insertLamp(store, 'a', 1)]);
      expect(await lamps(store)).toEqual([['a', 1]]);
    }));
}
