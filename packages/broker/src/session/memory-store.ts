/** A `BrokerStore` in memory: the reference for what each change means, and a store for tests that restart a broker. */
import type { Message } from '../router/message.ts';
import type {
  BrokerStore,
  SessionKey,
  StoreChange,
  StoredDelivery,
  StoredSession,
  StoredSubscription,
  StoredWill,
} from './store.ts';

interface KeptSession {
  key: SessionKey;
  principal: string;
  sessionExpiryInterval: number;
  disconnectedAt: number | undefined;
  pendingWill: StoredSession['pendingWill'];
  readonly subscriptions: Map<string, StoredSubscription>;
  readonly deliveries: Map<number, StoredDelivery>;
  readonly received: Set<number>;
}

const nameOf = ({ realm, clientId }: SessionKey): string => JSON.stringify([realm, clientId]);

export class MemoryStore implements BrokerStore {
  readonly #sessions = new Map<string, KeptSession>();
  readonly #retained = new Map<string, { realm: string; message: Message }>();
  readonly #wills = new Map<string, StoredWill>();

  load(): ReturnType<BrokerStore['load']> {
    const sessions = [...this.#sessions.values()].map(kept => ({
      ...kept.key,
      principal: kept.principal,
      sessionExpiryInterval: kept.sessionExpiryInterval,
      disconnectedAt: kept.disconnectedAt,
      pendingWill: kept.pendingWill,
      subscriptions: [...kept.subscriptions.values()],
      deliveries: [...kept.deliveries.values()].sort((a, b) => a.sequence - b.sequence),
      received: [...kept.received],
    }));
    return Promise.resolve({ sessions, retained: [...this.#retained.values()], wills: [...this.#wills.values()] });
  }

  write(changes: readonly StoreChange[]): Promise<void> {
    for (const change of changes) this.#apply(change);
    return Promise.resolve();
  }

  #apply(change: StoreChange): void {
    if (change.kind === 'retained') return this.#retain(change.realm, change.message);
    if (change.kind === 'session') return this.#keep(change);
    const name = nameOf(change.key);
    if (change.kind === 'will') {
      this.#wills.set(name, { ...change.key, principal: change.principal, will: change.will });
      return;
    }
    if (change.kind === 'willOver') {
      this.#wills.delete(name);
      return;
    }
    const session = this.#sessions.get(name);
    // Changes to a session that has ended meanwhile mean nothing any more.
    if (session === undefined) return;
    switch (change.kind) {
      case 'sessionEnded':
        this.#sessions.delete(name);
        break;
      case 'subscribed':
        session.subscriptions.set(change.subscription.filter, plainSubscription(change.subscription));
        break;
      case 'unsubscribed':
        session.subscriptions.delete(change.filter);
        break;
      case 'queued':
        session.deliveries.set(change.delivery.sequence, plainDelivery(change.delivery));
        break;
      case 'sent':
        this.#update(session, change.sequence, { packetId: change.packetId });
        break;
      case 'released':
        this.#update(session, change.sequence, { released: true });
        break;
      case 'delivered':
        session.deliveries.delete(change.sequence);
        break;
      case 'received':
        session.received.add(change.packetId);
        break;
      case 'completed':
        session.received.delete(change.packetId);
        break;
      default:
        change satisfies never;
    }
  }

  #keep(change: Extract<StoreChange, { kind: 'session' }>): void {
    const { key, principal, sessionExpiryInterval, disconnectedAt, pendingWill } = change;
    const name = nameOf(key);
    const known = this.#sessions.get(name);
    if (known !== undefined) {
      Object.assign(known, { principal, sessionExpiryInterval, disconnectedAt, pendingWill });
      return;
    }
    const kept = { key, principal, sessionExpiryInterval, disconnectedAt, pendingWill };
    this.#sessions.set(name, { ...kept, subscriptions: new Map(), deliveries: new Map(), received: new Set() });
  }

  #update(session: KeptSession, sequence: number, change: Partial<StoredDelivery>): void {
    const delivery = session.deliveries.get(sequence);
    if (delivery !== undefined) session.deliveries.set(sequence, { ...delivery, ...change });
  }

  #retain(realm: string, message: Message): void {
    const name = JSON.stringify([realm, message.topic]);
    if (message.payload.length === 0) this.#retained.delete(name);
    else this.#retained.set(name, { realm, message });
  }
}

function plainSubscription(subscription: StoredSubscription): StoredSubscription {
  const { filter, qos, noLocal, retainAsPublished, retainHandling, subscriptionIdentifier } = subscription;
  return { filter, qos, noLocal, retainAsPublished, retainHandling, subscriptionIdentifier };
}

function plainDelivery(delivery: StoredDelivery): StoredDelivery {
  const { sequence, message, qos, retain, subscriptionIdentifiers, sharedFilter, packetId, released } = delivery;
  return { sequence, message, qos, retain, subscriptionIdentifiers, sharedFilter, packetId, released };
}
