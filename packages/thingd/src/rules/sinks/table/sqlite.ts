/** The sink `sqlite`: inserts into a database file, by a thread of its own that commits together what comes together. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ActionRequest } from '@thingd/core';
import { type ExactJson, isNumberText } from '../../actions/aws/exact-json.ts';
import { away, type Sink, type SinkAddress, type SinkContext, type SinkKind, unfit } from '../sink.ts';
import {
  checkTable,
  createStatement,
  insertedText,
  insertStatement,
  quoted,
  rowOf,
  type TableSettings,
  tableOf,
  tableSettings,
} from './rows.ts';
import type { InsertReply, InsertRequest, SqliteMessage, SqlValue } from './sqlite-worker.ts';

/** Rows on their way to the thread; more are told to come again. */
const longestQueue = 1000;

export const sqlite: SinkKind = (definition, context) =>
  new SqliteSink(definition.path('path'), tableSettings(definition), context);

interface Pending {
  resolve(changes: number): void;
  reject(error: Error): void;
}

class SqliteSink implements Sink {
  readonly #path: string;
  readonly #settings: TableSettings;
  readonly #context: SinkContext;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #lastId = 0;

  constructor(path: string, settings: TableSettings, context: SinkContext) {
    this.#path = path;
    this.#settings = settings;
    this.#context = context;
  }

  check(address: SinkAddress): void {
    checkTable(this.#settings, address);
  }

  async deliver(request: ActionRequest, address: SinkAddress): Promise<string> {
    const table = tableOf(this.#settings, address);
    const row = rowOf(request, this.#settings, this.#context);
    const names = [...row.keys()];
    const insert = insertStatement(quoted(table), names, this.#settings, () => '?');
    const values = names.map(name => sqlValueOf(row.get(name)!));
    const create = this.#settings.createTables ? createStatement(quoted(table), this.#settings, types) : undefined;
    return insertedText(table, await this.#insert({ insert, values, create }));
  }

  /** Folds the write-ahead log back into the file, so that the file alone is the whole database. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined) return;
    worker.postMessage('close' satisfies SqliteMessage);
    await once(worker, 'exit').catch(() => {}); // why it failed was told to those who wait
    this.#fail('the sink was closed');
  }

  #insert(request: Omit<InsertRequest, 'id'>): Promise<number> {
    if (this.#pending.size >= longestQueue) throw away(`${longestQueue} rows wait to be inserted`);
    this.#worker ??= this.#start();
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#pending.set(id, { resolve, reject });
    this.#worker.postMessage({ id, ...request } satisfies SqliteMessage);
    return promise;
  }

  #start(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./sqlite-worker.${extension}`, import.meta.url), {
      name: 'sqlite sink',
      workerData: this.#path,
    });
    worker.on('message', (replies: readonly InsertReply[]) => {
      for (const reply of replies) this.#receive(reply);
    });
    // The next row starts another.
    worker.on('error', error => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#fail(error instanceof Error ? error.message : String(error));
    });
    return worker;
  }

  #receive(reply: InsertReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ('changes' in reply) pending?.resolve(reply.changes);
    else pending?.reject(reply.isTransient ? away(reply.failure) : unfit(reply.failure));
  }

  #fail(reason: string): void {
    for (const { reject } of this.#pending.values()) reject(away(reason));
    this.#pending.clear();
  }
}

const types = { payload: 'text', insertedAt: `text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ'))` };

const mostInteger = 2n ** 63n - 1n;

/** Whole numbers of 64 bits stay exact; objects, arrays and longer whole numbers are kept as their JSON text. */
export function sqlValueOf(value: ExactJson): SqlValue {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (!isNumberText(value)) return JSON.stringify(value);
  if (!/^-?\d+$/.test(value.rawJSON)) return Number(value.rawJSON);
  const integer = BigInt(value.rawJSON);
  return integer <= mostInteger && integer >= -mostInteger - 1n ? integer : value.rawJSON;
}
