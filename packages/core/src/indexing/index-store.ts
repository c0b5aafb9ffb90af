/** Where the indexes of a realm are kept: whether they are on, with what, and how far they have been built. */
import { sql } from 'kysely';
import { spelled } from '../store/hand-written.ts';
import type { Migration } from '../store/migrations.ts';
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { IndexConfiguration, IndexName } from './configuration.ts';

export type IndexStatus = 'OFF' | 'BUILDING' | 'REBUILDING' | 'ACTIVE';

export interface SearchIndex {
  readonly id: number;
  readonly realm: string;
  readonly name: IndexName;
  readonly configuration: IndexConfiguration;
  readonly status: IndexStatus;
  /** One more with each change of the configuration: work begun under an earlier one is given up. */
  readonly generation: number;
  /** The index was all its sources are when the program ended, and nothing has happened since. */
  readonly complete: boolean;
}

export interface IndexTables {
  search_index: {
    id: number;
    realm: string;
    name: IndexName;
    /** JSON object. */
    configuration: string;
    status: IndexStatus;
    generation: number;
    complete: number;
  };
  search_document: { id: number; index_id: number; name: string; version: number; document: string };
  search_field: { id: number; index_id: number; name: string; searchable: number; bare: number };
  search_term: {
    document: number;
    field: number;
    position: number;
    word: string;
    number: number | null;
    value: string | null;
  };
  search_place: { document: number; field: number; latitude: number; longitude: number };
}

/**
 * One row per word of a document, found by field and word or by field and number. Words are compared as bytes on both databases, so
 * that a prefix is a range. Without a row number of its own the table is its own index by document. (`bench/search.ts`)
 */
export const searchMigration: Migration = {
  name: 'indexing: indexes, documents and terms',
  statements: (schema, dialect) => [
    schema
      .createTable('search_index')
      .addColumn('id', 'bigint', column => column.primaryKey().notNull())
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('configuration', 'text', column => column.notNull())
      .addColumn('status', 'text', column => column.notNull())
      .addColumn('generation', 'bigint', column => column.notNull())
      .addColumn('complete', 'integer', column => column.notNull())
      .addUniqueConstraint('search_index_of_realm', ['realm', 'name']),
    schema
      .createTable('search_document')
      .addColumn('id', 'integer', column => column.primaryKey().notNull())
      .addColumn('index_id', 'bigint', column => column.notNull())
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('version', 'bigint', column => column.notNull())
      .addColumn('document', 'text', column => column.notNull())
      .addUniqueConstraint('search_document_by_name', ['index_id', 'name']),
    schema
      .createTable('search_field')
      .addColumn('id', 'bigint', column => column.primaryKey().notNull())
      .addColumn('index_id', 'bigint', column => column.notNull())
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('searchable', 'integer', column => column.notNull())
      .addColumn('bare', 'integer', column => column.notNull())
      .addUniqueConstraint('search_field_by_name', ['index_id', 'name']),
    schema
      .createTable('search_term')
      .addColumn('document', 'bigint', column => column.notNull())
      .addColumn('field', 'bigint', column => column.notNull())
      .addColumn('position', 'integer', column => column.notNull())
      .addColumn('word', 'text', column => column.notNull())
      .addColumn('number', 'double precision')
      .addColumn('value', 'text')
      .addPrimaryKeyConstraint('search_term_key', ['document', 'field', 'position'])
      .$call(table => (dialect === 'sqlite' ? table.modifyEnd(sql`without rowid`) : table)),
    schema.createIndex('search_term_by_word').on('search_term').columns(['field', 'word', 'document']),
    schema
      .createIndex('search_term_by_number')
      .on('search_term')
      .columns(['field', 'number', 'document'])
      .where('number', 'is not', null),
    schema
      .createTable('search_place')
      .addColumn('document', 'bigint', column => column.notNull())
      .addColumn('field', 'bigint', column => column.notNull())
      .addColumn('latitude', 'double precision', column => column.notNull())
      .addColumn('longitude', 'double precision', column => column.notNull())
      .addPrimaryKeyConstraint('search_place_key', ['document', 'field']),
    schema.createIndex('search_place_by_latitude').on('search_place').columns(['field', 'latitude']),
  ],
};

export async function readIndex(store: Store, realm: string, name: IndexName): Promise<SearchIndex | undefined> {
  const sql = spelled(store, 'select * from search_index where realm = ? and name = ?');
  const [row] = await store.all<IndexTables['search_index']>({ sql, parameters: [realm, name] });
  return row && toIndex(row);
}

/** Every index of every realm. */
export async function listIndexes(store: Store): Promise<SearchIndex[]> {
  const query = queryBuilder<IndexTables>(store).selectFrom('search_index').selectAll().orderBy('id');
  return (await readAll(store, query)).map(toIndex);
}

/** Fails with `DuplicateKey` if another has taken the number, or made this index. */
export async function insertIndex(store: Store, index: Omit<SearchIndex, 'id'>): Promise<Write> {
  const db = queryBuilder<IndexTables>(store);
  const last = await readFirst(
    store,
    db.selectFrom('search_index').select(({ fn }) => fn.max('id').as('id')),
  );
  const { configuration, complete, ...rest } = index;
  const row = {
    id: (last?.id ?? 0) + 1,
    ...rest,
    configuration: JSON.stringify(configuration),
    complete: Number(complete),
  };
  return write(db.insertInto('search_index').values(row), 1);
}

/** Stale unless the stored index still has the generation that `from` has. */
export const changeIndex = (
  store: Store,
  from: SearchIndex,
  to: Partial<Pick<SearchIndex, 'configuration' | 'status' | 'generation'>>,
): Write => {
  const { configuration, ...rest } = to;
  const update = queryBuilder<IndexTables>(store)
    .updateTable('search_index')
    .set({ ...rest, ...(configuration && { configuration: JSON.stringify(configuration) }) })
    .where('id', '=', from.id)
    .where('generation', '=', from.generation);
  return write(update, 1);
};

/** Of every index that has been built, or of none. */
export const markComplete = (store: Store, complete: boolean): Write =>
  write(
    queryBuilder<IndexTables>(store)
      .updateTable('search_index')
      .set({ complete: Number(complete) })
      .where('status', 'in', ['ACTIVE', 'OFF']),
  );

const toIndex = (row: IndexTables['search_index']): SearchIndex => ({
  ...row,
  configuration: JSON.parse(row.configuration),
  complete: row.complete === 1,
});
