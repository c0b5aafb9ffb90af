/** Retained messages a new subscription is owed, sent as fast as the client takes them rather than all at once. */
import type { QoS } from '../codec/packet.ts';
import type { Message } from '../router/message.ts';
import { Publication } from '../router/publication.ts';
import type { Subscription } from '../router/subscription.ts';
import type { Connection } from './connection.ts';

export class RetainedBacklog {
  readonly #connection: Connection;
  /** By filter; whose messages are not looked up yet. */
  readonly #subscriptions = new Map<string, Subscription>();
  /** What of `#messages` is left is owed to this one. */
  #subscription: Subscription | undefined;
  #messages: readonly Message[] = [];
  #next = 0;
  #sending = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** INVARIANT: a client that subscribes over and over, and does not read, is owed no more for it. */
  add(subscription: Subscription): void {
    this.#subscriptions.delete(subscription.filter);
    this.#subscriptions.set(subscription.filter, subscription);
  }

  /** Sends until the client is full. True when nothing is owed any more. */
  send(): boolean {
    const connection = this.#connection;
    // Each QoS 1 message sent comes back here through the session's pump.
    if (this.#sending) return false;
    this.#sending = true;
    while (this.#hasMore() && connection.session.outbound.ready) this.#sendNext();
    this.#sending = false;
    return !this.#hasMore();
  }

  /** The connection ends: what is owed at QoS 1 and 2 waits in a session that stays. */
  abandon(): void {
    const { session } = this.#connection;
    if (!session.durable) return;
    session.connection = undefined;
    while (this.#hasMore()) this.#sendNext();
  }

  /** Looks up the messages of the next subscription that is owed any, when those of the last are sent or nobody wants them any more. */
  #hasMore(): boolean {
    const { broker, session } = this.#connection;
    while (this.#next === this.#messages.length || !session.filters.has(this.#subscription!.filter)) {
      this.#subscription = this.#subscriptions.values().next().value;
      this.#next = 0;
      this.#messages = [];
      if (this.#subscription === undefined) return false;
      this.#subscriptions.delete(this.#subscription.filter);
      this.#messages = session.realm.retained.match(this.#subscription.filter, broker.now());
    }
    return true;
  }

  #sendNext(): void {
    const message = this.#messages[this.#next]!;
    this.#next += 1;
    this.#sendOne(message, this.#subscription!);
  }

  #sendOne(message: Message, subscription: Subscription): void {
    const connection = this.#connection;
    const { session } = connection;
    const publication = Publication.of(message);
    const qos: QoS = message.qos < subscription.qos ? message.qos : subscription.qos;
    const identifier = subscription.subscriptionIdentifier;
    const identifiers = identifier === undefined ? undefined : [identifier];
    if (!session.connected) {
      if (qos > 0) session.realm.queue(session, publication, qos as 1 | 2, true, identifiers, undefined);
    } else if (!connection.mayReceive(message.topic, undefined)) {
      return;
    } else if (qos === 0) {
      session.realm.sendQoS0(connection, publication, true, identifiers);
    } else {
      session.realm.queue(session, publication, qos, true, identifiers, undefined);
    }
  }
}
