/**
 * QoS 1 and 2 towards one client: what waits, what is in flight, and what each acknowledgement moves on.
 *
 * A message to a connected client whose session ends with its connection leaves nothing behind but its packet id; anything
 * else becomes a `Delivery` that keeps the message until it is acknowledged.
 */
import { protocolError, ReasonCode } from '../codec/reason-code.ts';
import type { Connection } from '../connection/connection.ts';
import { sendPublish } from '../connection/transmit.ts';
import type { DropCause } from '../observer.ts';
import type { Publication } from '../router/publication.ts';
import { Delivery, DeliveryQueue } from './delivery.ts';
import { Inflight, Owed } from './inflight.ts';
import type { Session } from './session.ts';
import type { StoredDelivery } from './store.ts';

/** Told the reason code of a PUBACK, or undefined when the connection ended without one. */
export type Confirm = (reasonCode: number | undefined) => void;

export class Outbound {
  readonly #session: Session;
  readonly #inflight = new Inflight();
  readonly #queue = new DeliveryQueue();
  /** Have a packet id but wait to be sent (again): for the window, for the socket, at QoS 2 for the store. */
  #unsent: Delivery[] = [];
  /** PUBLISH packets sent on this connection and not yet acknowledged. INVARIANT: ≤ the client's receive maximum. */
  #outstanding = 0;
  #sequence = 0;
  /** Who waits for which PUBACK of a message that was sent once and not kept. */
  #confirmations: Map<number, Confirm> | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  get queued(): number {
    return this.#queue.size;
  }

  get inflight(): number {
    return this.#inflight.size;
  }

  /** Whether a message given now would be sent now. */
  get ready(): boolean {
    const connection = this.#session.connection;
    if (connection === undefined || !this.#hasWindow(connection)) return false;
    return this.#queue.size === 0 && this.#unsent.length === 0 && !this.#inflight.isFull;
  }

  /** Sends a message, now or when it can be. Returns why it was dropped, if it was. */
  deliver(
    publication: Publication,
    qos: 1 | 2,
    retain: boolean,
    identifiers: readonly number[] | undefined,
    sharedFilter: string | undefined,
  ): DropCause | undefined {
    const session = this.#session;
    const connection = this.ready ? session.connection : undefined;
    if (!session.durable && sharedFilter === undefined && connection !== undefined) {
      const packetId = this.#inflight.open(qos === 1 ? Owed.puback : Owed.pubrec, undefined);
      // Too large for the client counts as delivered. [MQTT-3.1.2-25]
      if (sendPublish(connection, publication, qos, retain, identifiers, packetId, false)) this.#outstanding += 1;
      else this.#inflight.close(packetId);
      return undefined;
    }
    if (!this.#makeRoom(publication)) return 'queueFull';
    this.#sequence += 1;
    const delivery = new Delivery(session, this.#sequence, publication.keep(), qos, retain, identifiers, sharedFilter);
    if (session.durable) session.realm.broker.journal.queued(delivery);
    // What is sent at once has not waited, and so not expired.
    if (connection !== undefined) {
      this.#start(connection, delivery);
    } else {
      this.#queue.push(delivery);
      this.pump();
    }
    return undefined;
  }

  /**
   * Sends a QoS 1 message now or never, and keeps nothing of it: `confirm` is told how it went. False, and it is not called, if
   * the message is larger than the client takes. Call while `ready`.
   */
  sendOnce(connection: Connection, publication: Publication, confirm: Confirm): boolean {
    const packetId = this.#inflight.open(Owed.puback, undefined);
    if (!sendPublish(connection, publication, 1, false, undefined, packetId, false)) {
      this.#inflight.close(packetId);
      return false;
    }
    this.#outstanding += 1;
    this.#confirmations ??= new Map();
    this.#confirmations.set(packetId, confirm);
    return true;
  }

  /** The connection has ended: what was sent once will not be acknowledged any more. */
  abandonConfirmations(): void {
    const confirmations = this.#confirmations;
    if (confirmations === undefined) return;
    this.#confirmations = undefined;
    for (const [packetId, confirm] of confirmations) {
      this.#inflight.close(packetId);
      confirm(undefined);
    }
  }

  /** Sends what may be sent; called whenever the window, the socket or the store has opened. */
  pump(): void {
    const connection = this.#session.connection;
    if (connection === undefined) return;
    while (this.#unsent.length > 0 && this.#hasWindow(connection)) {
      const delivery = this.#unsent[0]!;
      if (delivery.qos === 2 && this.#session.durable && !delivery.stored) return;
      this.#unsent.shift();
      if (this.#inflight.delivery(delivery.packetId) === delivery) this.#transmit(connection, delivery);
    }
    while (
      this.#queue.size > 0 &&
      this.#outstanding + this.#unsent.length < connection.window &&
      !this.#inflight.isFull &&
      !connection.congested
    ) {
      const delivery = this.#queue.shift()!;
      if (this.#isOver(connection, delivery)) continue;
      this.#start(connection, delivery);
    }
    if (this.#queue.size === 0) connection.sendRetained();
  }

  acknowledged(packetId: number, reasonCode: number): void {
    const owed = this.#inflight.owed(packetId);
    if (owed === Owed.nothing) return;
    if (owed !== Owed.puback) throw protocolError(`PUBACK ${packetId} answers a QoS 2 publish`);
    this.#finish(packetId);
    const confirm = this.#confirmations?.get(packetId);
    if (confirm === undefined) return;
    this.#confirmations!.delete(packetId);
    confirm(reasonCode);
  }

  /** Returns the reason code for the PUBREL, or undefined if none is due: the client refused the message. [MQTT5 4.3.3] */
  received(packetId: number, reasonCode: number): number | undefined {
    const owed = this.#inflight.owed(packetId);
    if (owed === Owed.nothing) return ReasonCode.packetIdentifierNotFound;
    if (owed === Owed.puback) throw protocolError(`PUBREC ${packetId} answers a QoS 1 publish`);
    if (reasonCode >= 0x80) {
      this.#finish(packetId);
      return undefined;
    }
    if (owed === Owed.pubrec) {
      this.#inflight.owe(packetId, Owed.pubcomp);
      const delivery = this.#inflight.delivery(packetId);
      if (delivery !== undefined) {
        delivery.released = true;
        if (this.#session.durable) this.#session.realm.broker.journal.released(delivery);
      }
    }
    return ReasonCode.success;
  }

  completed(packetId: number): void {
    const owed = this.#inflight.owed(packetId);
    if (owed === Owed.nothing) return;
    if (owed !== Owed.pubcomp) throw protocolError(`PUBCOMP ${packetId} comes before its PUBREC`);
    this.#finish(packetId);
  }

  /** The client is back: everything unacknowledged is sent again, under its packet id and in its order. [MQTT-4.4.0-1] */
  resume(connection: Connection): void {
    this.#outstanding = 0;
    this.#unsent = [];
    for (const delivery of this.#inflight.deliveries()) {
      if (delivery.released) connection.acknowledge(0x62, delivery.packetId, false);
      else this.#unsent.push(delivery);
    }
    this.pump();
  }

  /** Puts back what the store kept. */
  restore(stored: StoredDelivery, publication: Publication): void {
    const { sequence, qos, retain, subscriptionIdentifiers, sharedFilter, packetId, released } = stored;
    const delivery = new Delivery(
      this.#session,
      sequence,
      publication,
      qos,
      retain,
      subscriptionIdentifiers,
      sharedFilter,
    );
    this.#sequence = Math.max(this.#sequence, sequence);
    delivery.packetId = packetId;
    delivery.released = released;
    if (packetId === 0) {
      this.#queue.push(delivery);
      return;
    }
    delivery.sent = true;
    delivery.stored = true;
    this.#inflight.restore(packetId, released ? Owed.pubcomp : qos === 1 ? Owed.puback : Owed.pubrec, delivery);
  }

  /** What another member of a shared subscription should get, now that this session has ended. [MQTT5 4.8.2] */
  abandonedShared(): Delivery[] {
    const unacknowledged = this.#inflight.deliveries().filter(delivery => delivery.qos === 1 || !delivery.sent);
    return [...unacknowledged, ...this.#queue].filter(delivery => delivery.sharedFilter !== undefined);
  }

  #hasWindow(connection: Connection): boolean {
    return this.#outstanding < connection.window && !connection.congested;
  }

  #start(connection: Connection, delivery: Delivery): void {
    const { durable, realm } = this.#session;
    delivery.packetId = this.#inflight.open(delivery.qos === 1 ? Owed.puback : Owed.pubrec, delivery);
    if (durable) {
      realm.broker.journal.sent(delivery);
      if (delivery.qos === 2 && !delivery.stored) {
        this.#unsent.push(delivery);
        return;
      }
    }
    this.#transmit(connection, delivery);
  }

  #transmit(connection: Connection, delivery: Delivery): void {
    const { publication, qos, retain, subscriptionIdentifiers, packetId, sent } = delivery;
    const identifiers = subscriptionIdentifiers.length > 0 ? subscriptionIdentifiers : undefined;
    if (sendPublish(connection, publication, qos, retain, identifiers, packetId, sent)) {
      delivery.sent = true;
      this.#outstanding += 1;
    } else {
      this.#inflight.close(packetId);
      this.#over(delivery);
    }
  }

  #finish(packetId: number): void {
    const delivery = this.#inflight.delivery(packetId);
    this.#inflight.close(packetId);
    if (delivery !== undefined) this.#over(delivery);
    if (this.#outstanding > 0) this.#outstanding -= 1;
    if (this.#queue.size > 0 || this.#unsent.length > 0) this.pump();
    else this.#session.connection?.sendRetained();
  }

  #over(delivery: Delivery): void {
    if (this.#session.durable) this.#session.realm.broker.journal.delivered(delivery);
  }

  /** Whether a waiting message is not to be sent after all: expired meanwhile, or the client may not receive it any more. */
  #isOver(connection: Connection, delivery: Delivery): boolean {
    const { publication, sharedFilter } = delivery;
    if (publication.isExpired(connection.broker.now())) connection.broker.metrics.messagesExpired += 1;
    else if (connection.mayReceive(publication.topic, sharedFilter)) return false;
    this.#over(delivery);
    return true;
  }

  /** INVARIANT: the queue stays within the profile's bounds; the newest message is the one refused. */
  #makeRoom(publication: Publication): boolean {
    if (this.#hasRoom(publication)) return true;
    const now = this.#session.realm.broker.now();
    const expired = this.#queue.purge(delivery => delivery.publication.isExpired(now));
    for (const delivery of expired) this.#over(delivery);
    this.#session.realm.broker.metrics.messagesExpired += expired.length;
    return expired.length > 0 && this.#hasRoom(publication);
  }

  #hasRoom(publication: Publication): boolean {
    const { maxQueuedMessages, maxQueuedBytes } = this.#session.realm.broker.profile;
    return (
      (maxQueuedMessages === 0 || this.#queue.size < maxQueuedMessages) &&
      (maxQueuedBytes === 0 || this.#queue.bytes + publication.size <= maxQueuedBytes)
    );
  }
}
