/**
 * Where invocations are kept that must survive a crash: written before the publisher is acknowledged, removed when every action
 * has ended. What ends is written together, a moment later: a crash in between repeats actions, and loses none.
 */
import { handWritten } from '../../store/hand-written.ts';
import type { Migration } from '../../store/migrations.ts';
import { compiled, queryBuilder, readAll, write } from '../../store/query.ts';
import type { Store, Write } from '../../store/store.ts';
import type { Timers } from '../../timers.ts';
import type { MessageProperties } from '../sql/index.ts';
import type { Invocation, Outcome, PreparedAction } from './invocation.ts';

interface InvocationRow {
  id: string;
  realm: string;
  rule_name: string;
  topic: string;
  payload: Uint8Array;
  /** What SELECT made; null if that is the payload itself. */
  output: Uint8Array | null;
  /** `Details` as JSON. */
  details: string;
  /** The outcomes so far as JSON. */
  outcomes: string;
}

interface Details {
  readonly clientId?: string | undefined;
  readonly principal?: string | undefined;
  readonly sourceIp?: string | undefined;
  readonly traceId?: string | undefined;
  /** `correlationData` in base64. */
  readonly properties?: StoredProperties | undefined;
  readonly hops: number;
  readonly isJson: boolean;
  readonly isSecret?: boolean | undefined;
  readonly actions: readonly PreparedAction[];
  readonly errorAction?: PreparedAction | undefined;
}

type StoredProperties = Omit<MessageProperties, 'correlationData'> & { readonly correlationData?: string | undefined };

interface InvocationTables {
  rule_invocation: InvocationRow;
}

export const invocationMigration: Migration = {
  name: 'rules: invocations under way',
  statements: (schema, dialect) => [
    schema
      .createTable('rule_invocation')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('rule_name', 'text', column => column.notNull())
      .addColumn('topic', 'text', column => column.notNull())
      .addColumn('payload', dialect === 'postgres' ? 'bytea' : 'blob', column => column.notNull())
      .addColumn('output', dialect === 'postgres' ? 'bytea' : 'blob')
      .addColumn('details', 'text', column => column.notNull())
      .addColumn('outcomes', 'text', column => column.notNull()),
    schema.createIndex('rule_invocation_of_rule').on('rule_invocation').columns(['realm', 'rule_name', 'id']),
  ],
};

/** How long ended invocations wait to be written together, in milliseconds. */
const flushDelay = 20;
/** Rows one statement removes; SQLite takes 32,766 parameters. */
const removalsOfStatement = 500;

export class InvocationStore {
  readonly #store: Store;
  readonly #timers: Timers;
  readonly #failed: (error: unknown) => void;
  readonly #insert: string;
  #ended: string[] = [];
  #progressed = new Map<string, Invocation>();
  #cancelFlush: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(store: Store, timers: Timers, failed: (error: unknown) => void) {
    this.#store = store;
    this.#timers = timers;
    this.#failed = failed;
    this.#insert = handWritten(
      store.dialect,
      'insert into rule_invocation (id, realm, rule_name, topic, payload, output, details, outcomes) values (?, ?, ?, ?, ?, ?, ?, ?)',
    );
  }

  /** Durable when it resolves. */
  async add(invocation: Invocation): Promise<void> {
    const { id, realm, ruleName, message, payload, outcomes } = invocation;
    const output = payload === message.payload ? null : payload;
    const details = JSON.stringify(detailsOf(invocation));
    const row = [id, realm, ruleName, message.topic, message.payload, output, details, JSON.stringify(outcomes)];
    await this.#store.commit([{ sql: this.#insert, parameters: row, expect: 1 }]);
  }

  /** Every action has ended: it is removed soon. */
  end({ id }: Invocation): void {
    this.#progressed.delete(id);
    this.#ended.push(id);
    this.#flushSoon();
  }

  /** Some actions have ended and others have not: that is noted soon, so that a restart does not repeat them. */
  progress(invocation: Invocation): void {
    this.#progressed.set(invocation.id, invocation);
    this.#flushSoon();
  }

  /** The rules that have invocations, how many, and the last one's id. */
  async pending(): Promise<{ realm: string; ruleName: string; count: number; lastId: string }[]> {
    const rows = await readAll(
      this.#store,
      tables(this.#store)
        .selectFrom('rule_invocation')
        .select(({ fn }) => ['realm', 'rule_name', fn.countAll().as('count'), fn.max('id').as('last_id')])
        .groupBy(['realm', 'rule_name']),
    );
    return rows.map(({ realm, rule_name: ruleName, count, last_id: lastId }) => ({
      realm,
      ruleName,
      count: Number(count),
      lastId,
    }));
  }

  /** A rule's invocations after `id`, in order, `limit` at most. */
  async read(realm: string, ruleName: string, id: string, limit: number): Promise<Invocation[]> {
    const query = tables(this.#store).selectFrom('rule_invocation').selectAll();
    const rows = await readAll(
      this.#store,
      query
        .where('realm', '=', realm)
        .where('rule_name', '=', ruleName)
        .where('id', '>', id)
        .orderBy('id')
        .limit(limit),
    );
    return rows.map(toInvocation);
  }

  /** Resolves when everything noted so far is written. */
  async flush(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    const writes = this.#takeWrites();
    if (writes.length > 0) {
      this.#flushing = this.#flushing.then(() => this.#store.commit(writes)).catch(error => this.#failed(error));
    }
    await this.#flushing;
  }

  /** Writes what is noted so far; what ends later is repeated after the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  #flushSoon(): void {
    if (this.#closed) return;
    this.#cancelFlush ??= this.#timers.after(flushDelay, () => {
      this.#cancelFlush = undefined;
      void this.flush();
    });
  }

  #takeWrites(): Write[] {
    const db = tables(this.#store);
    const writes: Write[] = [];
    for (let at = 0; at < this.#ended.length; at += removalsOfStatement) {
      const ids = this.#ended.slice(at, at + removalsOfStatement);
      writes.push(compiled(db.deleteFrom('rule_invocation').where('id', 'in', ids)));
    }
    for (const { id, outcomes } of this.#progressed.values()) {
      const text = JSON.stringify(outcomes);
      writes.push(write(db.updateTable('rule_invocation').set({ outcomes: text }).where('id', '=', id)));
    }
    this.#ended = [];
    this.#progressed = new Map();
    return writes;
  }
}

const tables = (store: Store) => queryBuilder<InvocationTables>(store);

function detailsOf({ message, hops, isJson, isSecret, actions, errorAction }: Invocation): Details {
  const { clientId, principal, sourceIp, traceId, properties } = message;
  const who = { clientId, principal, sourceIp, traceId };
  return { ...who, properties: storedProperties(properties), hops, isJson, isSecret, actions, errorAction };
}

const storedProperties = (properties: MessageProperties | undefined): StoredProperties | undefined =>
  properties && {
    ...properties,
    correlationData: properties.correlationData && Buffer.from(properties.correlationData).toString('base64'),
  };

const readProperties = (stored: StoredProperties | undefined): MessageProperties | undefined =>
  stored && {
    ...stored,
    correlationData: stored.correlationData === undefined ? undefined : Buffer.from(stored.correlationData, 'base64'),
  };

function toInvocation(row: InvocationRow): Invocation {
  const { clientId, principal, sourceIp, traceId, ...details } = JSON.parse(row.details) as Details;
  const properties = readProperties(details.properties);
  const payload = Buffer.from(row.payload);
  const outcomes = JSON.parse(row.outcomes) as (Outcome | null)[];
  while (outcomes.length < details.actions.length) outcomes.push(null);
  return {
    id: row.id,
    realm: row.realm,
    ruleName: row.rule_name,
    message: { topic: row.topic, payload, clientId, principal, sourceIp, traceId, properties },
    hops: details.hops,
    payload: row.output === null ? payload : Buffer.from(row.output),
    isJson: details.isJson,
    isSecret: details.isSecret === true,
    actions: details.actions,
    errorAction: details.errorAction,
    outcomes,
    isStored: true,
    trace: undefined,
    toldWith: undefined,
  };
}
