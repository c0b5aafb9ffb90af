/** A PostgreSQL of one's own, in a directory that goes away, as a `Store`: for tests and benches, so it knows nothing of vitest. */
import { DuplicateKey, type Query, type Row, StaleWrite, type Store, type Write } from '@thingd/core';
import pg from 'pg';
import { PostgresServer } from './postgres-server.ts';

export class Postgres implements Store {
  readonly dialect = 'postgres';
  readonly #pool: pg.Pool;
  readonly #server: PostgresServer;

  private constructor(pool: pg.Pool, server: PostgresServer) {
    this.#pool = pool;
    this.#server = server;
  }

  /** An empty database that sorts text as people do, unless a column says otherwise; reached by a socket in its directory. */
  static async start(): Promise<Postgres> {
    const collation = ['--locale=C.UTF-8', '--locale-provider=icu', '--icu-locale=en-US', '--encoding=UTF8'];
    const user = ['--username=postgres', '--auth=trust'];
    const settings = ['-c', 'synchronous_commit=off', '-c', 'listen_addresses='];
    const server = new PostgresServer([...user, ...collation], settings);
    const connection = { host: server.directory, user: 'postgres', database: 'postgres' };
    const pool = new pg.Pool({ ...connection, types: { getTypeParser } });
    pool.on('error', () => {}); // connections that end with the server
    await server.open(() => pool.query('select 1'));
    return new Postgres(pool, server);
  }

  async all<R = Row>({ sql, parameters }: Query): Promise<R[]> {
    return (await this.#pool.query(sql, [...parameters])).rows;
  }

  async commit(writes: readonly Write[]): Promise<void> {
    const client = await this.#pool.connect();
    try {
      await client.query('begin isolation level serializable');
      for (const { sql, parameters, expect } of writes) {
        const { rowCount } = await client.query(sql, [...parameters]);
        if (expect !== undefined && rowCount !== expect) {
          throw new StaleWrite(`expected ${expect} changed rows, not ${rowCount}: ${sql}`);
        }
      }
      await client.query('commit');
    } catch (error) {
      await client.query('rollback');
      throw storeError(error);
    } finally {
      client.release();
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
    await this.#server.close();
    this.#server.remove();
  }
}

/** Integers of 8 bytes as numbers, as `Store` has them. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format);

/** https://www.postgresql.org/docs/15/errcodes-appendix.html */
function storeError(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  if (error.code === '23505') return new DuplicateKey(error.message);
  // A foreign key, or another commit that could not be put in a row with this one.
  return error.code === '23503' || error.code === '40001' ? new StaleWrite(error.message) : error;
}
