/** A PostgreSQL of one's own, in a directory that goes away, as a `Store`: for tests and benches, so it knows nothing of vitest. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DuplicateKey, type Query, type Row, StaleWrite, type Store, type Write } from '@thingd/core';
import pg from 'pg';

/** Debian keeps each major version in a directory of its own. */
const versions = '/usr/lib/postgresql';

/** PostgreSQL refuses to be root's; Debian makes a user for it. */
const isRoot = process.getuid?.() === 0;
const asItsUser = ['--reuid=postgres', '--regid=postgres', '--clear-groups'];

export class Postgres implements Store {
  readonly dialect = 'postgres';
  readonly #pool: pg.Pool;
  readonly #server: ChildProcess;
  readonly #directory: string;

  private constructor(pool: pg.Pool, server: ChildProcess, directory: string) {
    this.#pool = pool;
    this.#server = server;
    this.#directory = directory;
  }

  /** An empty database that sorts text as people do, unless a column says otherwise; reached by a socket in its directory. */
  static async start(): Promise<Postgres> {
    const version = readdirSync(versions).sort((a, b) => Number(b) - Number(a))[0] ?? '';
    const directory = mkdtempSync(join(tmpdir(), 'thingd-postgres-'));
    chmodSync(directory, 0o755);
    if (isRoot) chownSync(directory, ...ownerOf('postgres'));
    const line = (binary: string, ...args: string[]): [string, string[]] => {
      const command = [join(versions, version, 'bin', binary), '-D', join(directory, 'data'), ...args];
      return isRoot ? ['setpriv', [...asItsUser, ...command]] : [command[0] as string, command.slice(1)];
    };
    const collation = ['--locale=C.UTF-8', '--locale-provider=icu', '--icu-locale=en-US', '--encoding=UTF8'];
    const user = ['--username=postgres', '--auth=trust', '--no-sync'];
    execFileSync(...line('initdb', ...user, ...collation), { cwd: '/', stdio: 'pipe' });
    const settings = ['-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'listen_addresses=', '-k', directory];
    const server = spawn(...line('postgres', ...settings), { cwd: '/', stdio: 'ignore' });
    const pool = new pg.Pool({ host: directory, user: 'postgres', database: 'postgres', types: { getTypeParser } });
    pool.on('error', () => {}); // connections that end with the server
    const postgres = new Postgres(pool, server, directory);
    await postgres.#answers();
    return postgres;
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
    if (this.#server.exitCode === null) {
      const ended = once(this.#server, 'exit');
      this.#server.kill('SIGINT');
      await ended;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #answers(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#pool.query('select 1');
        return;
      } catch (error) {
        if (attempt > 300 || this.#server.exitCode !== null) throw error;
        await pause(100);
      }
    }
  }
}

/** Integers of 8 bytes as numbers, as `Store` has them. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format);

function ownerOf(user: string): [number, number] {
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return [id('-u'), id('-g')];
}

/** https://www.postgresql.org/docs/15/errcodes-appendix.html */
function storeError(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  if (error.code === '23505') return new DuplicateKey(error.message);
  // A foreign key, or another commit that could not be put in a row with this one.
  return error.code === '23503' || error.code === '40001' ? new StaleWrite(error.message) : error;
}
