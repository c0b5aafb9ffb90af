/**
 * Reads the database file beside the thread that writes it: a search that takes its time keeps no commit waiting. What has been
 * committed is seen. The thread starts with the first search; a database in memory has but the one thread.
 */
import { Worker } from 'node:worker_threads';
import type { IndexReader, Query, Row } from '@thingd/core';

/** A query on its way to the thread, and its answer. */
export interface ReadRequest {
  readonly id: number;
  readonly query: Query;
}

export type ReadReply = { readonly id: number } & ({ readonly rows: Row[] } | { readonly failure: string });

interface Pending {
  resolve(rows: Row[]): void;
  reject(error: Error): void;
}

export class DatabaseReader implements IndexReader {
  readonly dialect = 'sqlite';
  readonly #path: string;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #lastId = 0;

  constructor(path: string) {
    this.#path = path;
  }

  all<R = Row>(query: Query): Promise<R[]> {
    this.#worker ??= this.#start();
    const id = ++this.#lastId;
    this.#worker.postMessage({ id, query } satisfies ReadRequest);
    return new Promise<Row[]>((resolve, reject) => this.#pending.set(id, { resolve, reject })) as Promise<R[]>;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    this.#fail(new Error('the database is closed'));
  }

  #start(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./database-reader-worker.${extension}`, import.meta.url), {
      name: 'search',
      workerData: this.#path,
    });
    worker.on('message', (reply: ReadReply) => this.#receive(reply));
    // The next search starts another.
    worker.on('error', error => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    });
    return worker;
  }

  #receive(reply: ReadReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ('rows' in reply) pending?.resolve(reply.rows);
    else pending?.reject(new Error(reply.failure));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
