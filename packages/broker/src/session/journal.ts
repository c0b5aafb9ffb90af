/**
 * Collects what must survive and hands it to the store once per turn; acknowledgements that depend on it follow when it is
 * written.
 *
 * While one batch is being written the next one gathers, so the slower the store the larger its groups. A delivery that is
 * acknowledged while its batch still gathers is never written at all. Without a store nothing is collected and everything
 * counts as written.
 */
import type { Will } from '../codec/packet.ts';
import type { Connection } from '../connection/connection.ts';
import type { BrokerMetrics } from '../metrics.ts';
import type { Message } from '../router/message.ts';
import type { Delivery } from './delivery.ts';
import type { Session } from './session.ts';
import type { BrokerStore, SessionKey, StoreChange, StoredSubscription } from './store.ts';

interface Callback {
  done(): void;
  failed(error: unknown): void;
}

const ignore = (): void => {};

/** Whom to answer, with which first byte and packet id, and the turn that read what is answered; side by side, one entry each. */
interface Acknowledgements {
  readonly connections: Connection[];
  readonly codes: number[];
  readonly turns: number[];
}

const noAcknowledgements = (): Acknowledgements => ({ connections: [], codes: [], turns: [] });

/** Changes gathered and who waits for them, and bytes of their messages, beyond which publishers are not read from until the store has caught up. */
const congestedAt = 20_000;
const congestedBytes = 64 * 1024 * 1024;

export class Journal {
  readonly #store: BrokerStore | undefined;
  readonly #metrics: BrokerMetrics;
  readonly #schedule: () => void;
  readonly #onFailure: (error: unknown) => void;
  #batch = 0;
  #changes: (StoreChange | undefined)[] = [];
  #bytes = 0;
  /** The message counted last: one that many sessions wait for is in memory once. */
  #counted: Message | undefined;
  #acknowledgements = noAcknowledgements();
  #unsent: Delivery[] = [];
  #callbacks: Callback[] = [];
  #held = new Set<Connection>();
  #writing = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    store: BrokerStore | undefined,
    metrics: BrokerMetrics,
    schedule: () => void,
    onFailure: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#metrics = metrics;
    this.#schedule = schedule;
    this.#onFailure = onFailure;
  }

  get enabled(): boolean {
    return this.#store !== undefined;
  }

  /** Rises with every change: compare before and after to learn whether something must be written. */
  position = 0;

  /** Rises with every change and with everybody who waits for one: whoever makes it rise brings the store work. */
  demand = 0;

  get congested(): boolean {
    const waiting = this.#acknowledgements.codes.length + this.#callbacks.length;
    return this.#changes.length + waiting > congestedAt || this.#bytes > congestedBytes;
  }

  get idle(): boolean {
    return !this.#writing && this.#changes.length === 0;
  }

  session(session: Session): void {
    const { key, principal, sessionExpiryInterval, disconnectedAt, pendingWill } = session;
    this.#add({ kind: 'session', key, principal, sessionExpiryInterval, disconnectedAt, pendingWill });
  }

  sessionEnded(session: Session): void {
    this.#add({ kind: 'sessionEnded', key: session.key });
  }

  subscribed(session: Session, subscription: StoredSubscription): void {
    this.#add({ kind: 'subscribed', key: session.key, subscription });
  }

  unsubscribed(session: Session, filter: string): void {
    this.#add({ kind: 'unsubscribed', key: session.key, filter });
  }

  queued(delivery: Delivery): void {
    if (!this.enabled) return;
    delivery.batch = this.#batch;
    delivery.place = this.#changes.length;
    this.#count(delivery.message);
    this.#add({ kind: 'queued', key: delivery.session.key, delivery });
  }

  /** A packet id was given. QoS 2 is sent when this is written. */
  sent(delivery: Delivery): void {
    if (!this.enabled) {
      delivery.stored = true;
      return;
    }
    if (delivery.qos === 2) this.#unsent.push(delivery);
    // A delivery of this very batch is written with the id it then has.
    if (delivery.batch === this.#batch) return;
    const { sequence, packetId } = delivery;
    this.#add({ kind: 'sent', key: delivery.session.key, sequence, packetId });
  }

  released(delivery: Delivery): void {
    if (delivery.batch === this.#batch) return;
    this.#add({ kind: 'released', key: delivery.session.key, sequence: delivery.sequence });
  }

  delivered(delivery: Delivery): void {
    if (delivery.batch === this.#batch) {
      this.#changes[delivery.place] = undefined;
      return;
    }
    this.#add({ kind: 'delivered', key: delivery.session.key, sequence: delivery.sequence });
  }

  received(session: Session, packetId: number): void {
    this.#add({ kind: 'received', key: session.key, packetId });
  }

  completed(session: Session, packetId: number): void {
    this.#add({ kind: 'completed', key: session.key, packetId });
  }

  will({ key, principal }: Session, will: Will): void {
    if (this.enabled) this.#bytes += will.payload.length;
    this.#add({ kind: 'will', key, principal, will });
  }

  willOver(key: SessionKey): void {
    this.#add({ kind: 'willOver', key });
  }

  retained(realm: string, message: Message): void {
    if (this.enabled) this.#count(message);
    this.#add({ kind: 'retained', realm, message });
  }

  /** Sends a four-byte acknowledgement when everything so far is written. */
  acknowledge(connection: Connection, firstByte: number, packetId: number, turn: number): void {
    this.demand += 1;
    this.#acknowledgements.connections.push(connection);
    this.#acknowledgements.codes.push((firstByte << 16) | packetId);
    this.#acknowledgements.turns.push(turn);
    this.#schedule();
  }

  /** Calls back when everything so far is written: at once if it is. A store that fails never does. */
  after(done: () => void, failed: (error: unknown) => void = ignore): void {
    if (this.#failure !== undefined) failed(this.#failure.error);
    else if (this.idle) done();
    else {
      this.demand += 1;
      this.#callbacks.push({ done, failed });
    }
  }

  /** Resolves when everything so far is written; rejects as the store did. */
  written(): Promise<void> {
    return new Promise((resolve, reject) => this.after(resolve, reject));
  }

  /** `connection` is read again when the store has caught up. */
  hold(connection: Connection): void {
    this.#held.add(connection);
  }

  /** Starts writing what has gathered, unless a batch is under way. */
  write(): void {
    if (this.#writing || this.#failure !== undefined) return;
    const { connections, codes, turns } = this.#acknowledgements;
    if (this.#changes.length === 0 && connections.length === 0 && this.#callbacks.length === 0) return;
    const changes = this.#changes.filter(change => change !== undefined);
    const unsent = this.#unsent;
    const callbacks = this.#callbacks;
    this.#batch += 1;
    this.#changes = [];
    this.#bytes = 0;
    this.#counted = undefined;
    this.#acknowledgements = noAcknowledgements();
    this.#unsent = [];
    this.#callbacks = [];
    const done = (): void => {
      this.#writing = false;
      for (let i = 0; i < connections.length; i++) {
        connections[i]!.acknowledgeNow(codes[i]! >>> 16, codes[i]! & 0xffff, turns[i]!);
      }
      for (const delivery of unsent) delivery.stored = true;
      for (const delivery of unsent) delivery.session.outbound.pump();
      for (const callback of callbacks) callback.done();
      this.#releaseHeld();
      this.write();
    };
    if (changes.length === 0) return done();
    this.#writing = true;
    this.#metrics.storeWrites += 1;
    this.#metrics.storeChanges += changes.length;
    this.#store!.write(changes).then(done, error => {
      this.#failure = { error };
      for (const callback of [...callbacks, ...this.#callbacks]) callback.failed(error);
      this.#onFailure(error);
    });
  }

  #add(change: StoreChange): void {
    if (!this.enabled) return;
    this.position += 1;
    this.demand += 1;
    this.#changes.push(change);
    this.#schedule();
  }

  #count(message: Message): void {
    if (message === this.#counted) return;
    this.#counted = message;
    this.#bytes += message.payload.length;
  }

  #releaseHeld(): void {
    if (this.#held.size === 0 || this.congested) return;
    const held = this.#held;
    this.#held = new Set();
    for (const connection of held) connection.storeCaughtUp();
  }
}
