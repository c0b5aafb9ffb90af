/** The broker's store in the program's database: packs each batch for the store's thread, and reads everything back at start. */
import type {
  BrokerStore,
  Message,
  QoS,
  StoreChange,
  StoredDelivery,
  StoredSession,
  StoredSubscription,
} from '@thingd/broker';
import { deliveryOptions, JournalEncoder, type SessionNumbers, subscriptionOptions } from './journal.ts';
import { readMessage, readWill } from './message-body.ts';
import type { BrokerRows } from './requests.ts';
import type { StoreThread } from './store-thread.ts';

export class SqliteBrokerStore implements BrokerStore {
  readonly #thread: StoreThread;
  readonly #sessions = new Sessions();
  readonly #encoder = new JournalEncoder(this.#sessions);

  constructor(thread: StoreThread) {
    this.#thread = thread;
  }

  async load(): ReturnType<BrokerStore['load']> {
    const rows = await this.#thread.loadBroker();
    for (const { id, realm, client_id } of rows.sessions) this.#sessions.set(realm, client_id, id);
    return {
      sessions: storedSessions(rows),
      retained: rows.retained.map(({ realm, body }) => ({ realm, message: readMessage(body) })),
      wills: rows.wills.map(({ realm, client_id, principal, body }) => ({
        ...{ realm, clientId: client_id, principal },
        will: readWill(body),
      })),
    };
  }

  write(changes: readonly StoreChange[]): Promise<void> {
    return this.#thread.journal(this.#encoder.encode(changes));
  }
}

/** Sessions by number. A number is not used again while the program runs, and none lies in the database beyond the highest. */
class Sessions implements SessionNumbers {
  readonly #byRealm = new Map<string, Map<string, number>>();
  #next = 1;

  number(realm: string, clientId: string): number {
    const known = this.#byRealm.get(realm)?.get(clientId);
    if (known !== undefined) return known;
    const number = this.#next;
    this.set(realm, clientId, number);
    return number;
  }

  set(realm: string, clientId: string, number: number): void {
    const sessions = this.#byRealm.get(realm) ?? new Map<string, number>();
    this.#byRealm.set(realm, sessions.set(clientId, number));
    this.#next = Math.max(this.#next, number + 1);
  }

  forget(realm: string, clientId: string): void {
    this.#byRealm.get(realm)?.delete(clientId);
  }
}

function storedSessions(rows: BrokerRows): StoredSession[] {
  const messages = new Map<number, Message>(rows.messages.map(({ id, body }) => [id, readMessage(body)]));
  const subscriptions = Map.groupBy(rows.subscriptions, row => row.session_id);
  const queued = Map.groupBy(rows.queued, row => row.session_id);
  const received = Map.groupBy(rows.received, row => row.session_id);
  return rows.sessions.map(row => ({
    realm: row.realm,
    clientId: row.client_id,
    principal: row.principal,
    sessionExpiryInterval: row.session_expiry_interval,
    disconnectedAt: row.disconnected_at ?? undefined,
    subscriptions: (subscriptions.get(row.id) ?? []).map(storedSubscription),
    deliveries: (queued.get(row.id) ?? []).map(delivery => storedDelivery(delivery, messages)),
    received: (received.get(row.id) ?? []).map(({ packet_id }) => packet_id),
    pendingWill:
      row.will === null || row.will_due_at === null ? undefined : { will: readWill(row.will), dueAt: row.will_due_at },
  }));
}

const storedSubscription = (row: BrokerRows['subscriptions'][number]): StoredSubscription => ({
  filter: row.filter,
  qos: (row.options & subscriptionOptions.qos) as QoS,
  noLocal: (row.options & subscriptionOptions.noLocal) !== 0,
  retainAsPublished: (row.options & subscriptionOptions.retainAsPublished) !== 0,
  retainHandling: (row.options >> subscriptionOptions.retainHandlingShift) as 0 | 1 | 2,
  subscriptionIdentifier: row.subscription_identifier ?? undefined,
});

const storedDelivery = (row: BrokerRows['queued'][number], messages: Map<number, Message>): StoredDelivery => ({
  sequence: row.sequence,
  message: messages.get(row.message_id)!,
  qos: (row.options & deliveryOptions.qos) as 1 | 2,
  retain: (row.options & deliveryOptions.retain) !== 0,
  subscriptionIdentifiers: row.subscription_identifiers?.split(',').map(Number) ?? [],
  sharedFilter: row.shared_filter ?? undefined,
  packetId: row.packet_id,
  released: (row.options & deliveryOptions.released) !== 0,
});
