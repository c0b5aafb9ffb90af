/**
 * The schema's history: migrations are code, run forward only, each at most once. Each domain folder writes those of its own
 * tables; `schema.ts` puts them in order.
 */
import type { Compilable, SchemaModule } from 'kysely';
import { type Clock, systemClock } from '../clock.ts';
import { queryBuilder, readAll, write } from './query.ts';
import { DuplicateKey, type Store } from './store.ts';

export interface Migration {
  /** Never changed once released: this is how a database remembers that it has run. */
  readonly name: string;
  /** What it runs, as one commit. The statements must hold on SQLite and on PostgreSQL, whose name `dialect` is. */
  statements(schema: SchemaModule, dialect: Store['dialect']): readonly Compilable[];
}

interface MigrationTables {
  migration: { name: string; applied_at: number };
}

/** The database has been through a migration this program does not know: a later one has used it, and may read it otherwise. */
export class NewerSchema extends Error {
  override readonly name = 'NewerSchema';
  readonly migration: string;

  constructor(migration: string) {
    super(`the database was migrated by a later version (\`${migration}\`)`);
    this.migration = migration;
  }
}

/**
 * Brings the database to the last of `migrations`. Several nodes may do this at once: whoever is second finds it done.
 * Throws `NewerSchema`, and has changed nothing then.
 */
export async function migrate(
  store: Store,
  migrations: readonly Migration[],
  clock: Clock = systemClock,
): Promise<void> {
  const db = queryBuilder<MigrationTables>(store);
  const table = db.schema
    .createTable('migration')
    .ifNotExists()
    .addColumn('name', 'text', column => column.primaryKey().notNull())
    .addColumn('applied_at', 'bigint', column => column.notNull());
  await store.commit([write(table)]);
  const applied = new Set((await readAll(store, db.selectFrom('migration').select('name'))).map(row => row.name));
  const known = new Set(migrations.map(migration => migration.name));
  for (const name of applied) if (!known.has(name)) throw new NewerSchema(name);
  for (const migration of migrations) {
    if (applied.has(migration.name)) continue;
    const record = db.insertInto('migration').values({ name: migration.name, applied_at: clock.now() });
    try {
      // The record comes first: its key makes a second node wait for the first, then fail before it touches a table.
      await store.commit([
        write(record),
        ...migration.statements(db.schema, store.dialect).map(statement => write(statement)),
      ]);
    } catch (error) {
      if (!(error instanceof DuplicateKey)) throw error;
    }
  }
}
