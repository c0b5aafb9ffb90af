/**
 * The database as the program's thread holds it: requests go to the worker in the order they were made, and come back in it.
 * One database for the domain (`Store`) and, through `SqliteBrokerStore`, for the broker.
 */
import { Worker } from 'node:worker_threads';
import { DuplicateKey, type Query, type Row, ServiceError, StaleWrite, type Store, type Write } from '@thingd/core';
import type {
  BrokerRows,
  StoreFailure,
  StoreMessage,
  StoreOutcome,
  StoreReply,
  StoreRequest,
  StoreThreadSettings,
  StoreWrite,
} from './requests.ts';
import { StatementNumbers } from './statement-numbers.ts';

export interface StoreThreadOptions extends StoreThreadSettings {
  /** The thread died after it was open: nothing further can be stored, and what was pending is lost. */
  readonly onFailure?: (error: Error) => void;
  /** A group was made durable; for metrics. */
  readonly onCommit?: (commit: { readonly writers: number; readonly seconds: number }) => void;
}

/** Domain requests waiting; the broker's journal is bounded by its own flow control instead, for it must never be refused. */
const queueLimit = 20_000;

interface Pending {
  resolve(outcome: StoreOutcome): void;
  reject(error: Error): void;
}

export class StoreThread implements Store {
  readonly dialect = 'sqlite';
  readonly #worker: Worker;
  readonly #options: StoreThreadOptions;
  /** Not yet sent: the requests of this turn go as one message. */
  #outgoing: StoreRequest[] = [];
  #transfer: ArrayBuffer[] = [];
  readonly #statements = new StatementNumbers();
  /** Sent or about to be, oldest first; `#answered` counts those at the front that are done. */
  #pending: Pending[] = [];
  #answered = 0;
  #failure: Error | undefined;
  #open = false;
  #closing = false;

  private constructor(options: StoreThreadOptions) {
    this.#options = options;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const { path, durability } = options;
    this.#worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), {
      name: 'store',
      workerData: { path, durability } satisfies StoreThreadSettings,
    });
    this.#worker.on('message', (reply: StoreReply) => this.#receive(reply));
    this.#worker.on('error', error => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#fail(new Error(`the database \`${path}\` failed: ${reason}`, { cause: error }));
    });
    this.#worker.on('exit', code => {
      if (!this.#closing || this.waiting > 0) this.#fail(new Error(`the store's thread ended with code ${code}`));
    });
  }

  /** Opens the database, or rejects with what stands in the way. */
  static async open(options: StoreThreadOptions): Promise<StoreThread> {
    const thread = new StoreThread(options);
    // Reads the file, so that one which is no database is found out here.
    await thread.all({ sql: 'SELECT count(*) FROM sqlite_master', parameters: [] });
    thread.#open = true;
    return thread;
  }

  /** Requests not yet answered. */
  get waiting(): number {
    return this.#pending.length - this.#answered;
  }

  async all<R = Row>(query: Query): Promise<R[]> {
    this.#refuseOverload();
    const { sql, parameters } = query;
    const outcome = await this.#request({ kind: 'all', statement: this.#statements.nameOf(sql), parameters });
    return (outcome as { rows: R[] }).rows;
  }

  async commit(writes: readonly Write[]): Promise<void> {
    this.#refuseOverload();
    const packed = writes.map(
      ({ sql, parameters, expect }): StoreWrite => [this.#statements.nameOf(sql), parameters, expect],
    );
    await this.#request({ kind: 'commit', writes: packed });
  }

  /** Gives the bytes away to the worker. */
  async journal(journal: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#transfer.push(journal.buffer);
    await this.#request({ kind: 'journal', journal });
  }

  async loadBroker(): Promise<BrokerRows> {
    const outcome = await this.#request({ kind: 'loadBroker' });
    return (outcome as { broker: BrokerRows }).broker;
  }

  /** Resolves when everything asked for is durable and the file is closed. */
  async close(): Promise<void> {
    if (this.#closing || this.#failure !== undefined) return;
    const exited = new Promise(resolve => this.#worker.once('exit', resolve));
    const closed = this.#request({ kind: 'close' });
    this.#closing = true;
    await closed;
    await exited;
  }

  #refuseOverload(): void {
    if (this.waiting >= queueLimit) {
      throw new ServiceError('ServiceUnavailableException', 'the database is too busy, try again later');
    }
  }

  #request(request: StoreRequest): Promise<StoreOutcome> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#closing) return Promise.reject(new Error('the store is closed'));
    if (this.#outgoing.length === 0) queueMicrotask(() => this.#send());
    this.#outgoing.push(request);
    return new Promise((resolve, reject) => this.#pending.push({ resolve, reject }));
  }

  #send(): void {
    const message: StoreMessage = { statements: this.#statements.takeUnsaid(), requests: this.#outgoing };
    this.#worker.postMessage(message, this.#transfer);
    this.#outgoing = [];
    this.#transfer = [];
  }

  #receive({ outcomes, commit }: StoreReply): void {
    if (commit !== undefined) this.#options.onCommit?.(commit);
    for (const outcome of outcomes) {
      const pending = this.#pending[this.#answered++] as Pending;
      if (outcome !== undefined && 'failure' in outcome) pending.reject(errorOf(outcome.failure));
      else pending.resolve(outcome);
    }
    // Cut off what is done in large pieces: shifting one by one would move the rest each time.
    if (this.#answered === this.#pending.length || this.#answered > 1024) {
      this.#pending = this.#pending.slice(this.#answered);
      this.#answered = 0;
    }
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    const unanswered = this.#pending.slice(this.#answered);
    this.#pending = [];
    this.#answered = 0;
    for (const pending of unanswered) pending.reject(error);
    if (this.#open) this.#options.onFailure?.(error);
  }
}

function errorOf({ name, message }: StoreFailure): Error {
  switch (name) {
    case 'StaleWrite':
      return new StaleWrite(message);
    case 'DuplicateKey':
      return new DuplicateKey(message);
    case 'Error':
      return new Error(message);
  }
}
