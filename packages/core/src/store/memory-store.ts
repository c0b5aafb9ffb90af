/** A `Store` on SQLite in memory: for tests, and wherever nothing has to survive. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { DuplicateKey, type Query, type Row, StaleWrite, type Store, type Write } from './store.ts';

/** SQLite's extended result codes, https://www.sqlite.org/rescode.html. */
const constraint = { foreignKey: 787, primaryKey: 1555, unique: 2067, rowId: 2579 };

export class MemoryStore implements Store {
  readonly dialect = 'sqlite';
  readonly #database = new DatabaseSync(':memory:');
  readonly #statements = new Map<string, StatementSync>();

  async all<R = Row>(query: Query): Promise<R[]> {
    return this.#prepare(query.sql).all(...query.parameters) as R[];
  }

  async commit(writes: readonly Write[]): Promise<void> {
    this.#database.exec('begin');
    try {
      for (const write of writes) this.#run(write);
      this.#database.exec('commit');
    } catch (error) {
      this.#database.exec('rollback');
      throw storeError(error);
    }
  }

  close(): void {
    this.#database.close();
  }

  #run({ sql, parameters, expect }: Write): void {
    const { changes } = this.#prepare(sql).run(...parameters);
    if (expect !== undefined && Number(changes) !== expect) {
      throw new StaleWrite(`expected ${expect} changed rows, not ${changes}: ${sql}`);
    }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function storeError(error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error)) return error;
  switch (error.errcode) {
    case constraint.foreignKey:
      return new StaleWrite(error.message);
    case constraint.primaryKey:
    case constraint.unique:
    case constraint.rowId:
      return new DuplicateKey(error.message);
    default:
      return error;
  }
}
