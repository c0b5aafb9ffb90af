/** The broker's tables, `mqtt_…`: sessions, subscriptions, queues, retained messages and wills. Runs in the store's thread. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { deliveryOptions, JournalReader, record } from './journal.ts';
import type { BrokerRows } from './requests.ts';

/** Forward only; `PRAGMA user_version` counts how many have run. */
const migrations = [
  `CREATE TABLE mqtt_session (
     id INTEGER PRIMARY KEY,
     realm TEXT NOT NULL,
     client_id TEXT NOT NULL,
     principal TEXT NOT NULL,
     session_expiry_interval INTEGER NOT NULL,
     disconnected_at INTEGER,
     will BLOB,
     will_due_at INTEGER,
     UNIQUE (realm, client_id)
   ) STRICT;
   CREATE TABLE mqtt_subscription (
     session_id INTEGER NOT NULL,
     filter TEXT NOT NULL,
     options INTEGER NOT NULL,
     subscription_identifier INTEGER,
     PRIMARY KEY (session_id, filter)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE mqtt_message (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
   CREATE TABLE mqtt_queued (
     session_id INTEGER NOT NULL,
     sequence INTEGER NOT NULL,
     message_id INTEGER NOT NULL,
     options INTEGER NOT NULL,
     packet_id INTEGER NOT NULL,
     subscription_identifiers TEXT,
     shared_filter TEXT,
     PRIMARY KEY (session_id, sequence)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE mqtt_received (
     session_id INTEGER NOT NULL,
     packet_id INTEGER NOT NULL,
     PRIMARY KEY (session_id, packet_id)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE mqtt_retained (
     realm TEXT NOT NULL,
     topic TEXT NOT NULL,
     body BLOB NOT NULL,
     PRIMARY KEY (realm, topic)
   ) STRICT;`,
  // Of clients that are connected.
  `CREATE TABLE mqtt_will (
     realm TEXT NOT NULL,
     client_id TEXT NOT NULL,
     principal TEXT NOT NULL,
     body BLOB NOT NULL,
     PRIMARY KEY (realm, client_id)
   ) STRICT;`,
];

export class BrokerTables {
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepare>;
  #nextMessage: number;
  /** How many queues hold a message, where it is more than one. */
  readonly #holders = new Map<number, number>();

  /** Brings the tables up to date. Throws if a newer version has written them. */
  constructor(database: DatabaseSync) {
    this.#database = database;
    migrate(database);
    this.#statements = prepare(database);
    this.#nextMessage = (number(database, 'SELECT max(id) FROM mqtt_message') ?? 0) + 1;
    const shared = database.prepare(
      'SELECT message_id, count(*) AS holders FROM mqtt_queued GROUP BY 1 HAVING count(*) > 1',
    );
    for (const { message_id, holders } of shared.iterate()) this.#holders.set(Number(message_id), Number(holders));
  }

  load(): BrokerRows {
    const all = <Table extends keyof BrokerRows>(sql: string) =>
      this.#database.prepare(sql).all() as unknown as BrokerRows[Table];
    return {
      sessions: all<'sessions'>('SELECT * FROM mqtt_session'),
      subscriptions: all<'subscriptions'>('SELECT * FROM mqtt_subscription'),
      messages: all<'messages'>('SELECT * FROM mqtt_message'),
      queued: all<'queued'>('SELECT * FROM mqtt_queued ORDER BY session_id, sequence'),
      received: all<'received'>('SELECT * FROM mqtt_received'),
      retained: all<'retained'>('SELECT realm, body FROM mqtt_retained'),
      wills: all<'wills'>('SELECT * FROM mqtt_will'),
    };
  }

  /** Applies one batch inside the transaction that is open. */
  apply(journal: Uint8Array): void {
    const s = this.#statements;
    const r = new JournalReader(journal);
    const firstMessage = this.#nextMessage;
    // How many queues hold each message of this batch; and who let go, settled last: another queue of the batch may still take hold.
    const holders: number[] = [];
    const released: number[] = [];
    while (!r.done) {
      const kind = r.u8();
      switch (kind) {
        case record.message:
          s.insertMessage.run(this.#nextMessage++, r.bytes());
          break;
        case record.queued: {
          const [session, sequence, index] = [r.u32(), r.f64(), r.u32()];
          s.insertQueued.run(
            session,
            sequence,
            firstMessage + index,
            r.u8(),
            r.u16(),
            r.text() || null,
            r.text() || null,
          );
          const count = (holders[index] ?? 0) + 1;
          holders[index] = count;
          if (count > 1) this.#holders.set(firstMessage + index, count);
          break;
        }
        case record.delivered: {
          const row = s.deleteQueued.get(r.u32(), r.f64());
          if (row !== undefined) released.push(Number(row.message_id));
          break;
        }
        case record.sent: {
          const [session, sequence, packetId] = [r.u32(), r.f64(), r.u16()];
          s.markSent.run(packetId, session, sequence);
          break;
        }
        case record.released:
          s.markReleased.run(r.u32(), r.f64());
          break;
        case record.received:
          s.insertReceived.run(r.u32(), r.u16());
          break;
        case record.completed:
          s.deleteReceived.run(r.u32(), r.u16());
          break;
        case record.session: {
          const [id, realm, clientId, principal, expiry] = [r.u32(), r.text(), r.text(), r.text(), r.u32()];
          const disconnectedAt = r.f64();
          const dueAt = r.f64();
          const noWill = Number.isNaN(dueAt);
          s.upsertSession.run(
            id,
            realm,
            clientId,
            principal,
            expiry,
            Number.isNaN(disconnectedAt) ? null : Math.trunc(disconnectedAt),
            noWill ? null : r.bytes(),
            noWill ? null : Math.trunc(dueAt),
          );
          break;
        }
        case record.sessionEnded: {
          const id = r.u32();
          s.deleteSession.run(id);
          s.deleteSubscriptions.run(id);
          s.deleteAllReceived.run(id);
          for (const row of s.deleteQueue.all(id)) released.push(Number(row.message_id));
          break;
        }
        case record.subscribed:
          s.upsertSubscription.run(r.u32(), r.text(), r.u8(), r.u32() || null);
          break;
        case record.unsubscribed:
          s.deleteSubscription.run(r.u32(), r.text());
          break;
        case record.retained:
          s.upsertRetained.run(r.text(), r.text(), r.bytes());
          break;
        case record.retainedDeleted:
          s.deleteRetained.run(r.text(), r.text());
          break;
        case record.will:
          s.upsertWill.run(r.text(), r.text(), r.text(), r.bytes());
          break;
        case record.willOver:
          s.deleteWill.run(r.text(), r.text());
          break;
        default:
          throw new Error(`unknown journal record ${kind}`);
      }
    }
    for (const message of released) this.#release(message);
  }

  /** One queue less holds the message; with the last it goes. */
  #release(message: number): void {
    const holders = this.#holders.get(message) ?? 1;
    if (holders > 1) {
      this.#holders.set(message, holders - 1);
    } else {
      this.#holders.delete(message);
      this.#statements.deleteMessage.run(message);
    }
  }
}

function migrate(database: DatabaseSync): void {
  const version = number(database, 'PRAGMA user_version') ?? 0;
  if (version > migrations.length) {
    throw new Error(`the database was written by a newer thingd (its broker tables are at version ${version})`);
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN; ${sql} PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}

function number(database: DatabaseSync, sql: string): number | undefined {
  const value = Object.values(database.prepare(sql).get() ?? {})[0];
  return typeof value === 'number' ? value : undefined;
}

function prepare(database: DatabaseSync) {
  const statement = (sql: string): StatementSync => database.prepare(sql);
  return {
    upsertSession: statement(
      `INSERT INTO mqtt_session VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET principal = excluded.principal,
         session_expiry_interval = excluded.session_expiry_interval, disconnected_at = excluded.disconnected_at,
         will = excluded.will, will_due_at = excluded.will_due_at`,
    ),
    deleteSession: statement('DELETE FROM mqtt_session WHERE id = ?'),
    upsertSubscription: statement('INSERT OR REPLACE INTO mqtt_subscription VALUES (?, ?, ?, ?)'),
    deleteSubscription: statement('DELETE FROM mqtt_subscription WHERE session_id = ? AND filter = ?'),
    deleteSubscriptions: statement('DELETE FROM mqtt_subscription WHERE session_id = ?'),
    insertMessage: statement('INSERT INTO mqtt_message VALUES (?, ?)'),
    deleteMessage: statement('DELETE FROM mqtt_message WHERE id = ?'),
    insertQueued: statement('INSERT INTO mqtt_queued VALUES (?, ?, ?, ?, ?, ?, ?)'),
    markSent: statement('UPDATE mqtt_queued SET packet_id = ? WHERE session_id = ? AND sequence = ?'),
    markReleased: statement(
      `UPDATE mqtt_queued SET options = options | ${deliveryOptions.released} WHERE session_id = ? AND sequence = ?`,
    ),
    deleteQueued: statement('DELETE FROM mqtt_queued WHERE session_id = ? AND sequence = ? RETURNING message_id'),
    deleteQueue: statement('DELETE FROM mqtt_queued WHERE session_id = ? RETURNING message_id'),
    insertReceived: statement('INSERT OR IGNORE INTO mqtt_received VALUES (?, ?)'),
    deleteReceived: statement('DELETE FROM mqtt_received WHERE session_id = ? AND packet_id = ?'),
    deleteAllReceived: statement('DELETE FROM mqtt_received WHERE session_id = ?'),
    upsertRetained: statement('INSERT OR REPLACE INTO mqtt_retained VALUES (?, ?, ?)'),
    upsertWill: statement('INSERT OR REPLACE INTO mqtt_will VALUES (?, ?, ?, ?)'),
    deleteWill: statement('DELETE FROM mqtt_will WHERE realm = ? AND client_id = ?'),
    deleteRetained: statement('DELETE FROM mqtt_retained WHERE realm = ? AND topic = ?'),
  };
}
