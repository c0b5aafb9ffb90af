/** Where sinks are kept: one row a sink, its definition as JSON that this room does not read. */
import type { Migration } from '../../store/migrations.ts';
import { queryBuilder, readAll, write } from '../../store/query.ts';
import type { Store, Write } from '../../store/store.ts';

/** A place of the operator's own that rules write to, such as a table or a file, under a name of the realm. */
export interface StoredSink {
  readonly sinkName: string;
  /** JSON; it may hold secrets. */
  readonly definition: string;
  /** Milliseconds since the epoch. */
  readonly lastUpdatedAt: number;
}

interface SinkTables {
  rule_sink: { realm: string; sink_name: string; definition: string; updated_at: number };
}

export const sinkMigration: Migration = {
  name: 'rules: sinks',
  statements: schema => [
    schema
      .createTable('rule_sink')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('sink_name', 'text', column => column.notNull())
      .addColumn('definition', 'text', column => column.notNull())
      .addColumn('updated_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('rule_sink_name', ['realm', 'sink_name']),
  ],
};

const tables = (store: Store) => queryBuilder<SinkTables>(store);

/** Every sink of every realm: what the program starts with. */
export async function allSinks(store: Store): Promise<{ readonly realm: string; readonly sink: StoredSink }[]> {
  const rows = await readAll(store, tables(store).selectFrom('rule_sink').selectAll());
  return rows.map(({ realm, sink_name: sinkName, definition, updated_at: lastUpdatedAt }) => ({
    realm,
    sink: { sinkName, definition, lastUpdatedAt },
  }));
}

/** Puts the sink in the place of one of that name, if there is one. */
export function putSink(store: Store, realm: string, { sinkName, definition, lastUpdatedAt }: StoredSink): Write {
  const changed = { definition, updated_at: lastUpdatedAt };
  return write(
    tables(store)
      .insertInto('rule_sink')
      .values({ realm, sink_name: sinkName, ...changed })
      .onConflict(conflict => conflict.columns(['realm', 'sink_name']).doUpdateSet(changed)),
  );
}

export const deleteSink = (store: Store, realm: string, sinkName: string): Write =>
  write(tables(store).deleteFrom('rule_sink').where('realm', '=', realm).where('sink_name', '=', sinkName));
