/** Retained messages a new subscription is owed, sent as fast as the client takes them rather than all at once. */
import type { QoS } from '../codec/packet.ts';
import type { Message } from '../router/message.ts';
import { Publication } from '../router/publication.ts';
import type { Subscription } from '../router/subscription.ts';
import type { Connection } from './connection.ts';

export class RetainedBacklog {
  readonly #connection: Connection;
  readonly #owed: { readonly message: Message; readonly subscription: Subscription }[] = [];
  #next = 0;
  #sending = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  add(messages: readonly Message[], subscription: Subscription): void {
    for (const message of messages) this.#owed.push({ message, subscription });
  }

  /** Sends until the client is full. True when nothing is owed any more. */
  send(): boolean {
    const connection = this.#connection;
    // Each QoS 1 message sent comes back here through the session's pump.
    if (this.#sending) return false;
    this.#sending = true;
    while (this.#next < this.#owed.length && connection.session.outbound.ready) {
      const { message, subscription } = this.#owed[this.#next]!;
      this.#next += 1;
      this.#sendOne(message, subscription);
    }
    this.#sending = false;
    return this.#next === this.#owed.length;
  }

  /** The connection ends: what is owed at QoS 1 and 2 waits in a session that stays. */
  abandon(): void {
    const { session } = this.#connection;
    if (!session.durable) return;
    session.connection = undefined;
    for (; this.#next < this.#owed.length; this.#next++) {
      const { message, subscription } = this.#owed[this.#next]!;
      this.#sendOne(message, subscription);
    }
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
