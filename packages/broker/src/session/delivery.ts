/** One message on its way to one session, from the moment it is queued until the client has acknowledged it. */
import type { Message } from '../router/message.ts';
import type { Publication } from '../router/publication.ts';
import type { Session } from './session.ts';
import type { StoredDelivery } from './store.ts';

const none: readonly number[] = [];

export class Delivery implements StoredDelivery {
  readonly session: Session;
  readonly sequence: number;
  readonly publication: Publication;
  readonly qos: 1 | 2;
  readonly retain: boolean;
  readonly subscriptionIdentifiers: readonly number[];
  readonly sharedFilter: string | undefined;
  packetId = 0;
  released = false;
  /** Sent at least once, so that the next time is a repetition. [MQTT-3.3.1-1] */
  sent = false;
  /** Its packet id is in the store; QoS 2 is not sent before, lest a crash gives the same message a second id. */
  stored = false;
  /** The journal's batch that will first write it, and its place there. */
  batch = -1;
  place = -1;

  constructor(
    session: Session,
    sequence: number,
    publication: Publication,
    qos: 1 | 2,
    retain: boolean,
    subscriptionIdentifiers: readonly number[] | undefined,
    sharedFilter: string | undefined,
  ) {
    this.session = session;
    this.sequence = sequence;
    this.publication = publication;
    this.qos = qos;
    this.retain = retain;
    this.subscriptionIdentifiers = subscriptionIdentifiers ?? none;
    this.sharedFilter = sharedFilter;
  }

  get message(): Message {
    return this.publication.message;
  }
}

/** First in, first out, counting messages and bytes; taking from the front is constant time. */
export class DeliveryQueue {
  #items: (Delivery | undefined)[] = [];
  #head = 0;
  #bytes = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(delivery: Delivery): void {
    this.#items.push(delivery);
    this.#bytes += delivery.publication.size;
  }

  shift(): Delivery | undefined {
    const delivery = this.#items[this.#head];
    if (delivery === undefined) return undefined;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    this.#bytes -= delivery.publication.size;
    if (this.#head > 32 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return delivery;
  }

  /** Takes out whatever `isGone` says is over, keeping the order of the rest. */
  purge(isGone: (delivery: Delivery) => boolean): Delivery[] {
    const gone: Delivery[] = [];
    const kept: Delivery[] = [];
    for (const delivery of this) (isGone(delivery) ? gone : kept).push(delivery);
    if (gone.length === 0) return gone;
    this.#items = kept;
    this.#head = 0;
    this.#bytes = kept.reduce((bytes, delivery) => bytes + delivery.publication.size, 0);
    return gone;
  }

  *[Symbol.iterator](): IterableIterator<Delivery> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i]!;
  }
}
