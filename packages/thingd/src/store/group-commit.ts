/**
 * Many callers' writes as one transaction, and so one fsync. One caller's failure undoes that caller's writes and no one else's. Runs
 * in the store's thread.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Row, SqlValue } from '@thingd/core';
import type { BrokerTables } from './broker-tables.ts';
import { failureOf, Statements } from './database.ts';
import type { StatementName, StoreFailure, StoreOutcome, StoreReply, StoreRequest, StoreWrite } from './requests.ts';

/** A longer group would keep its first caller waiting for the work of the last. */
const groupLimit = 4096;

const writesSomething = (request: StoreRequest | undefined): boolean =>
  request?.kind === 'commit' || request?.kind === 'journal';

interface TransactionStatements {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly rollback: StatementSync;
  readonly savepoint: StatementSync;
  readonly rollbackToSavepoint: StatementSync;
  readonly release: StatementSync;
}

const transactionStatements = (database: DatabaseSync): TransactionStatements => ({
  begin: database.prepare('BEGIN IMMEDIATE'),
  commit: database.prepare('COMMIT'),
  rollback: database.prepare('ROLLBACK'),
  savepoint: database.prepare('SAVEPOINT caller'),
  rollbackToSavepoint: database.prepare('ROLLBACK TO caller'),
  release: database.prepare('RELEASE caller'),
});

export class GroupCommit {
  readonly #broker: BrokerTables;
  readonly #statements: Statements;
  readonly #transaction: TransactionStatements;

  constructor(database: DatabaseSync, broker: BrokerTables) {
    this.#broker = broker;
    this.#statements = new Statements(database);
    this.#transaction = transactionStatements(database);
  }

  /** Tells the texts of the next numbers that requests call statements by. */
  number(statements: readonly string[]): void {
    this.#statements.number(statements);
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
    this.#transaction.begin.run();
    const outcomes = this.#answerIfNoneFails(group) ?? group.map(request => this.#answer(request));
    this.#transaction.commit.run();
    const seconds = (performance.now() - startedAt) / 1000;
    return { outcomes, commit: { writers: group.filter(writesSomething).length, seconds } };
  }

  /**
   * Without savepoints, which make an update of a thing half as dear again, for few groups have one that fails. Undefined if this one
   * has; then nothing of it is written yet. What the broker does is not done twice, so with a journal it is not tried.
   */
  #answerIfNoneFails(group: readonly StoreRequest[]): StoreOutcome[] | undefined {
    if (group.some(({ kind }) => kind === 'journal')) return undefined;
    const outcomes: StoreOutcome[] = [];
    for (const request of group) {
      if (request.kind !== 'commit') outcomes.push(this.#answer(request));
      else if (this.#write(request.writes) === undefined) outcomes.push(undefined);
      else {
        this.#transaction.rollback.run();
        this.#transaction.begin.run();
        return undefined;
      }
    }
    return outcomes;
  }

  #answer(request: StoreRequest): StoreOutcome {
    switch (request.kind) {
      case 'all':
        return this.#all(request.statement, request.parameters);
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

  #all(statement: StatementName, parameters: readonly SqlValue[]): StoreOutcome {
    try {
      return { rows: this.#statements.get(statement).all(...parameters) as Row[] };
    } catch (error) {
      return { failure: failureOf(error, this.#statements.textOf(statement)) };
    }
  }

  #commit(writes: readonly StoreWrite[]): StoreOutcome {
    const { savepoint, rollbackToSavepoint, release } = this.#transaction;
    savepoint.run();
    const failure = this.#write(writes);
    if (failure !== undefined) rollbackToSavepoint.run();
    release.run();
    return failure === undefined ? undefined : { failure };
  }

  #write(writes: readonly StoreWrite[]): StoreFailure | undefined {
    for (const [statement, parameters, expect] of writes) {
      try {
        const { changes } = this.#statements.get(statement).run(...parameters);
        if (expect !== undefined && Number(changes) !== expect) {
          const sql = this.#statements.textOf(statement);
          return { name: 'StaleWrite', message: `expected ${expect} rows to change, not ${changes}: ${sql}` };
        }
      } catch (error) {
        return failureOf(error, this.#statements.textOf(statement));
      }
    }
    return undefined;
  }
}
