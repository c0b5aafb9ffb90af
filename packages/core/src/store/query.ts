/**
 * SQL built and typed by Kysely, run by the `Store`. Kysely only compiles here: it holds no connection, so one builder per
 * dialect serves every store of the process.
 */
import {
  type Compilable,
  type DataTypeNode,
  type Dialect,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Query, SqlValue, Store, Write } from './store.ts';

/** Text is compared by its bytes, as SQLite compares it: pages are in one order on both, and a prefix is a range. */
class PostgresCompiler extends PostgresQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    super.visitDataType(node);
    if (node.dataType === 'text') this.append(' collate "C"');
  }
}

const compileOnly: Record<Store['dialect'], Dialect> = {
  sqlite: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: database => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
  postgres: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: database => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresCompiler(),
  },
};

const builders: Record<Store['dialect'], Kysely<unknown>> = {
  sqlite: new Kysely({ dialect: compileOnly.sqlite }),
  postgres: new Kysely({ dialect: compileOnly.postgres }),
};

/**
 * The query builder for a store, seeing the tables a domain folder names:
 *
 * ```ts
 * const db = queryBuilder<ThingTables>(store);
 * const rows = await readAll(store, db.selectFrom('thing').selectAll().where('realm', '=', realm));
 * ```
 */
export const queryBuilder = <Tables>(store: Pick<Store, 'dialect'>): Kysely<Tables> =>
  builders[store.dialect] as Kysely<Tables>;

/** SQL text and parameters of a built statement. */
export function compiled(statement: Compilable): Query {
  const { sql, parameters } = statement.compile();
  return { sql, parameters: parameters as readonly SqlValue[] };
}

/** A built statement as one write of a commit; `expect` is the number of rows it must change. */
export function write(statement: Compilable, expect?: number): Write {
  return expect === undefined ? compiled(statement) : { ...compiled(statement), expect };
}

export const readAll = <R>(store: Store, statement: Compilable<R>): Promise<R[]> => store.all<R>(compiled(statement));

/** The only or first row, if there is one. */
export const readFirst = async <R>(store: Store, statement: Compilable<R>): Promise<R | undefined> =>
  (await store.all<R>(compiled(statement)))[0];
