/**
 * Many callers' writes as one transaction: one fsync for the group, and a savepoint for each caller, so that one caller's failure
 * undoes that caller's writes and no one else's. Runs in the store's thread.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Query, Row, Write } from '@thingd/core';
import type { BrokerTables } from './broker-tables.ts';
import { failureOf, Statements } from './database.ts';
import type { StoreFailure, StoreOutcome, StoreReply, StoreRequest } from './requests.ts';

/** A longer group would keep its first caller waiting for the work of the last. */
const groupLimit = 4096;

const writesSomething = (request: StoreRequest | undefined): boolean =>
  request?.kind === 'commit' || request?.kind === 'journal';

export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #broker: BrokerTables;
  readonly #statements: Statements;

  constructor(database: DatabaseSync, broker: BrokerTables) {
    this.#database = database;
    this.#broker = broker;
    this.#statements = new Statements(database);
  }

  /**
   * Answers the oldest requests of the queue and takes them off it: the reads that stand before any write at once, else everything
   * up to the limit as one transaction. Answers leave only after the commit, because a read inside the group sees what is not yet
   * durable. Throws where the database itself fails (disk full, I/O error): then nothing of the group was written.
   */
  next(queue: StoreRequest[]): StoreReply {
    const firstWrite = queue.findIndex(writesSomething);
    if (firstWrite !== 0) {
      const reads = queue.splice(0, firstWrite < 0 ? queue.length : firstWrite);
      return { outcomes: reads.map(request => this.#answer(request)), commit: undefined };
    }
    const group = queue.splice(0, groupLimit);
    const startedAt = performance.now();
    this.#database.exec('BEGIN IMMEDIATE');
    const outcomes = group.map(request => this.#answer(request));
    this.#database.exec('COMMIT');
    const seconds = (performance.now() - startedAt) / 1000;
    return { outcomes, commit: { writers: group.filter(writesSomething).length, seconds } };
  }

  #answer(request: StoreRequest): StoreOutcome {
    switch (request.kind) {
      case 'all':
        return this.#all(request.query);
      case 'commit':
        return this.#commit(request.writes);
      case 'journal':
        // A journal that does not apply is our bug, and half of it must not stay: the whole group goes, and the program with it.
        this.#broker.apply(request.journal);
        return undefined;
      case 'loadBroker':
        return { broker: this.#broker.load() };
      case 'close':
        return undefined;
    }
  }

  #all({ sql, parameters }: Query): StoreOutcome {
    try {
      return { rows: this.#statements.get(sql).all(...parameters) as Row[] };
    } catch (error) {
      return { failure: failureOf(error, sql) };
    }
  }

  #commit(writes: readonly Write[]): StoreOutcome {
    this.#database.exec('SAVEPOINT caller');
    const failure = this.#write(writes);
    if (failure !== undefined) this.#database.exec('ROLLBACK TO caller');
    this.#database.exec('RELEASE caller');
    return failure === undefined ? undefined : { failure };
  }

  #write(writes: readonly Write[]): StoreFailure | undefined {
    for (const { sql, parameters, expect } of writes) {
      try {
        const { changes } = this.#statements.get(sql).run(...parameters);
        if (expect !== undefined && Number(changes) !== expect) {
          return { name: 'StaleWrite', message: `expected ${expect} rows to change, not ${changes}: ${sql}` };
        }
      } catch (error) {
        return failureOf(error, sql);
      }
    }
    return undefined;
  }
}
