/** The thread of a `sqlite` sink: what has come by the time it looks is one transaction, and answered when that is on disk. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';

export type SqlValue = string | number | bigint | null;

export interface InsertRequest {
  readonly id: number;
  readonly insert: string;
  readonly values: readonly SqlValue[];
  /** Makes the table if it is missing. */
  readonly create: string | undefined;
}

/** After `close` nothing more is sent. */
export type SqliteMessage = InsertRequest | 'close';

export type InsertReply = { readonly id: number } & (
  | { readonly changes: number }
  | { readonly failure: string; readonly isTransient: boolean }
);

/** Rows of one transaction. */
const longestGroup = 1000;
/** Messages may have ever other shapes, and so statements. */
const statementLimit = 100;
/** Milliseconds that somebody else may hold the file. */
const busyTimeout = 2000;

/** The row is at fault: SQLITE_ERROR (no such column), TOOBIG, CONSTRAINT, MISMATCH, RANGE. Anything else is the file's trouble. */
const faultsOfRows: ReadonlySet<number> = new Set([1, 18, 19, 20, 25]);

if (parentPort === null) throw new Error('a sink writes to its database in a worker thread');
const port = parentPort;
const statements = new Map<string, StatementSync>();
let database: DatabaseSync | undefined;

port.on('message', (first: SqliteMessage) => {
  const group: InsertRequest[] = [];
  let message: SqliteMessage | undefined = first;
  while (message !== undefined && message !== 'close') {
    group.push(message);
    message = group.length < longestGroup ? receiveMessageOnPort(port)?.message : undefined;
  }
  if (group.length > 0) port.postMessage(commit(group));
  if (message !== 'close') return;
  close();
  port.close();
});

function commit(group: readonly InsertRequest[]): readonly InsertReply[] {
  try {
    database ??= open(workerData as string);
    database.exec('BEGIN IMMEDIATE');
    const replies = group.map(request => insert(database!, request));
    database.exec('COMMIT');
    return replies;
  } catch (error) {
    // A full disk, a lock, a file that is none: the next group opens it anew, and nothing of this one is there.
    close();
    return group.map(({ id }) => ({ id, failure: (error as Error).message, isTransient: true }));
  }
}

/** Throws what is not the row's own fault. */
function insert(opened: DatabaseSync, { id, insert: sql, values, create }: InsertRequest): InsertReply {
  try {
    return { id, changes: Number(prepared(opened, sql).run(...values).changes) };
  } catch (error) {
    const { errcode = 0, message } = error as { errcode?: number; message: string };
    if (!faultsOfRows.has(errcode & 0xff)) throw error;
    const isMissing = message.startsWith('no such table');
    if (!isMissing || create === undefined) return { id, failure: message, isTransient: isMissing };
    opened.exec(create);
    return insert(opened, { id, insert: sql, values, create: undefined });
  }
}

function prepared(opened: DatabaseSync, sql: string): StatementSync {
  let statement = statements.get(sql);
  if (statement === undefined) {
    statement = opened.prepare(sql);
    if (statements.size >= statementLimit) statements.delete(statements.keys().next().value as string);
    statements.set(sql, statement);
  }
  return statement;
}

function open(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Closed to others, as are the files beside it, which get the same mode.
  closeSync(openSync(path, 'a', 0o600));
  const opened = new DatabaseSync(path);
  opened.exec(`
    PRAGMA busy_timeout = ${busyTimeout};
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA journal_size_limit = 67108864;
  `);
  return opened;
}

function close(): void {
  statements.clear();
  try {
    database?.close();
  } catch {}
  database = undefined;
}
