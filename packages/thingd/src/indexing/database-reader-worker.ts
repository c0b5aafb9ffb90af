/** The thread that reads for searches: one query after the other, each on what was committed when it began. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { Row } from '@thingd/core';
import { giveWay } from '../process/index.ts';
import type { ReadReply, ReadRequest } from './database-reader.ts';

/** Queries differ in their text, so that few statements are used again. */
const statementLimit = 100;

if (parentPort === null) throw new Error('searches read in a worker thread');
const port = parentPort;
giveWay();
const database = new DatabaseSync(workerData as string, { readOnly: true });
database.exec('PRAGMA busy_timeout = 5000; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;');
const statements = new Map<string, StatementSync>();

port.on('message', ({ id, query }: ReadRequest) => {
  port.postMessage(answer(id, query));
});

function answer(id: number, { sql, parameters }: ReadRequest['query']): ReadReply {
  try {
    return { id, rows: prepare(sql).all(...parameters) as Row[] };
  } catch (error) {
    return { id, failure: `${error instanceof Error ? error.message : String(error)} in ${sql}` };
  }
}

function prepare(sql: string): StatementSync {
  let statement = statements.get(sql);
  if (statement === undefined) {
    statement = database.prepare(sql);
    if (statements.size >= statementLimit) statements.delete(statements.keys().next().value as string);
    statements.set(sql, statement);
  }
  return statement;
}
