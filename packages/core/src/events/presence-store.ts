/** How many times the program has started on this database: version numbers of one run lie above those of all earlier ones. */
import { sql } from 'kysely';
import type { Migration } from '../store/migrations.ts';
import { queryBuilder, readFirst, write } from '../store/query.ts';
import type { Store } from '../store/store.ts';

interface PresenceTables {
  presence_run: { id: number; runs: number };
}

export const presenceMigration: Migration = {
  name: 'events: runs',
  statements: schema => [
    schema
      .createTable('presence_run')
      .addColumn('id', 'integer', column => column.primaryKey().notNull())
      .addColumn('runs', 'bigint', column => column.notNull()),
  ],
};

/** More connections than one client makes in one run. */
const versionsOfARun = 1_000_000;

/** Counts this run and answers the first version number of clients it has not seen: 0 in the very first. */
export async function startPresenceRun(store: Store): Promise<number> {
  const db = queryBuilder<PresenceTables>(store);
  const count = db
    .insertInto('presence_run')
    .values({ id: 1, runs: 1 })
    .onConflict(conflict => conflict.column('id').doUpdateSet({ runs: sql`presence_run.runs + 1` }));
  await store.commit([write(count, 1)]);
  const row = await readFirst(store, db.selectFrom('presence_run').select('runs').where('id', '=', 1));
  return ((row?.runs ?? 1) - 1) * versionsOfARun;
}
