import { expect, test } from 'vitest';
import { ManualClock } from '../testing/domain.ts';
import { MemoryStore } from './memory-store.ts';
import { type Migration, migrate, NewerSchema } from './migrations.ts';
import { queryBuilder, readAll, write } from './query.ts';
import { schema } from './schema.ts';

const lamps: Migration = {
  name: 'lamps',
  statements: schema => [schema.createTable('lamp').addColumn('name', 'text', column => column.primaryKey())],
};
const watts: Migration = {
  name: 'watts',
  statements: schema => [schema.alterTable('lamp').addColumn('watts', 'bigint')],
};

const applied = async (store: MemoryStore) =>
  (await store.all({ sql: 'select name, applied_at from migration order by name', parameters: [] })).map(row => ({
    ...row,
  }));

test('each migration runs once, and later ones when they come', async () => {
  const store = new MemoryStore();
  const clock = new ManualClock();
  const first = clock.now();
  await migrate(store, [lamps], clock);
  await migrate(store, [lamps], clock);
  clock.advance(1000);
  await migrate(store, [lamps, watts], clock);
  expect(await applied(store)).toEqual([
    { name: 'lamps', applied_at: first },
    { name: 'watts', applied_at: first + 1000 },
  ]);
  await store.commit([{ sql: "insert into lamp values ('hall', 40)", parameters: [] }]);
});

test('several nodes may migrate at once', async () => {
  const store = new MemoryStore();
  await Promise.all([1, 2, 3].map(() => migrate(store, [lamps, watts])));
  expect(await applied(store)).toHaveLength(2);
});

test('a migration that fails leaves nothing behind and is tried again', async () => {
  const store = new MemoryStore();
  const wrong: Migration = {
    name: 'watts',
    statements: schema => [
      schema.createTable('half').addColumn('a', 'text'),
      schema.alterTable('nowhere').addColumn('watts', 'bigint'),
    ],
  };
  await expect(migrate(store, [lamps, wrong])).rejects.toThrow(/nowhere/);
  await migrate(store, [lamps, watts]);
  expect(await store.all({ sql: "select * from sqlite_master where name = 'half'", parameters: [] })).toEqual([]);
});

test('a database that a later version has migrated is left alone', async () => {
  const store = new MemoryStore();
  await migrate(store, [lamps, watts]);
  const bulbs: Migration = { name: 'bulbs', statements: schema => [schema.createTable('bulb').addColumn('a', 'text')] };
  await expect(migrate(store, [lamps, bulbs])).rejects.toThrow(new NewerSchema('watts'));
  expect(await applied(store)).toHaveLength(2);
});

test('the schema has names that are unique', () => {
  const names = schema.map(migration => migration.name);
  expect(new Set(names).size).toBe(names.length);
});

test('builders speak the dialect of their store', async () => {
  interface Tables {
    lamp: { name: string };
  }
  const select = (dialect: 'sqlite' | 'postgres') =>
    write(queryBuilder<Tables>({ dialect }).selectFrom('lamp').selectAll().where('name', '=', 'hall'));
  expect(select('sqlite')).toEqual({ sql: 'select * from "lamp" where "name" = ?', parameters: ['hall'] });
  expect(select('postgres')).toEqual({ sql: 'select * from "lamp" where "name" = $1', parameters: ['hall'] });
  const store = new MemoryStore();
  await migrate(store, [lamps]);
  expect(await readAll(store, queryBuilder<Tables>(store).selectFrom('lamp').selectAll())).toEqual([]);
});
