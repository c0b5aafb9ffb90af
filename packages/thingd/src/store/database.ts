/** The open database file of the store's thread: settings, statements kept ready, errors told apart. */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { StatementName, StoreFailure, StoreThreadSettings } from './requests.ts';

/** Statements in use are far fewer; lists with `IN (…)` of every length are what could grow without bound. */
const statementLimit = 500;

export function openDatabase({ path, durability }: StoreThreadSettings): DatabaseSync {
  // Secrets and messages lie in it; the log files beside it get the same mode.
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path);
  // The time-out comes first: a thread that has just failed may still hold the lock for a moment. Between two checkpoints 32 MiB of
  // pages go into the log, so that one that is written often goes into the file once.
  database.exec(`
    PRAGMA busy_timeout = 5000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'};
    PRAGMA cache_size = -65536;
    PRAGMA temp_store = MEMORY;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA wal_autocheckpoint = 8192;
  `);
  return database;
}

/** Prepared statements, by their number or their text; of the latter, the one not used for longest goes first. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #texts: string[] = [];
  readonly #numbered: (StatementSync | undefined)[] = [];
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Gives the next numbers. */
  number(texts: readonly string[]): void {
    this.#texts.push(...texts);
  }

  textOf(statement: StatementName): string {
    return typeof statement === 'string' ? statement : (this.#texts[statement] ?? `statement ${statement}`);
  }

  get(statement: StatementName): StatementSync {
    if (typeof statement === 'string') return this.#byText(statement);
    let prepared = this.#numbered[statement];
    if (prepared === undefined) {
      prepared = this.#database.prepare(this.textOf(statement));
      this.#numbered[statement] = prepared;
    }
    return prepared;
  }

  #byText(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      if (this.#prepared.size >= statementLimit) this.#prepared.delete(this.#prepared.keys().next().value as string);
    } else {
      this.#prepared.delete(sql);
    }
    this.#prepared.set(sql, statement);
    return statement;
  }
}

/** The statement is at fault, or what it was given: the database is as good as before. */
const SQLITE_ERROR = 1;
const SQLITE_TOOBIG = 18;
const SQLITE_CONSTRAINT = 19;
const SQLITE_MISMATCH = 20;
const SQLITE_RANGE = 25;
const faultsOfStatements: ReadonlySet<number> = new Set([
  SQLITE_ERROR,
  SQLITE_TOOBIG,
  SQLITE_CONSTRAINT,
  SQLITE_MISMATCH,
  SQLITE_RANGE,
]);

const SQLITE_CONSTRAINT_FOREIGNKEY = 787;
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;
const SQLITE_CONSTRAINT_UNIQUE = 2067;

/**
 * What a failed statement means to its caller. A reference to nothing is stale: what it was decided on has gone since. Throws the
 * error again if it is the database that fails (disk full, I/O error, damaged file): no later statement could be believed.
 */
export function failureOf(error: unknown, sql: string): StoreFailure {
  const { errcode } = error as { errcode?: unknown };
  // The low byte of an extended code is its family.
  if (typeof errcode === 'number' && !faultsOfStatements.has(errcode & 0xff)) throw error;
  const message = `${error instanceof Error ? error.message : String(error)} in ${sql}`;
  switch (errcode) {
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_UNIQUE:
      return { name: 'DuplicateKey', message };
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return { name: 'StaleWrite', message };
    default:
      return { name: 'Error', message };
  }
}
