/**
 * The database as the domain sees it: reads, and commits of several writes as one.
 *
 * There is no interactive transaction. A use-case reads, decides, and commits writes that say what they rely on (`expect`); if
 * another writer was quicker the commit fails whole with `StaleWrite` and the use-case starts over (`retryStale`). The same holds
 * on one SQLite file with group commit and on PostgreSQL with several nodes.
 *
 * Commits are serializable: a write whose condition looks at other rows (`where not exists …`) cannot be outrun by another commit.
 * Foreign keys are enforced. Integers within JavaScript's safe range are read as numbers.
 */

export type SqlValue = string | number | bigint | null | Uint8Array;

export interface Query {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

export interface Write extends Query {
  /** The number of rows this write must change; any other number undoes the whole commit. */
  readonly expect?: number;
}

/** Rows as plain objects keyed by column. */
export type Row = Readonly<Record<string, SqlValue>>;

export interface Store {
  /** Which SQL this store speaks, for the query builder. */
  readonly dialect: 'sqlite' | 'postgres';
  all<R = Row>(query: Query): Promise<R[]>;
  /** Durable when resolved. Throws `StaleWrite` or `DuplicateKey`; then nothing was written. */
  commit(writes: readonly Write[]): Promise<void>;
}

/**
 * What was read has changed since: a write did not change the number of rows it expected, or a row it refers to has gone, or a
 * row it deletes is still referred to (a foreign key).
 */
export class StaleWrite extends Error {
  override readonly name = 'StaleWrite';
}

/** A row with this primary or unique key already exists. */
export class DuplicateKey extends Error {
  override readonly name = 'DuplicateKey';
}
