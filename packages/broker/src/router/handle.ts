/** A realm as the rest of the program sees it: publish into it, listen in it, ask about its clients. */
import type { SubscribeRequest } from '../codec/packet.ts';
import { MqttError, ReasonCode } from '../codec/reason-code.ts';
import { sendPublish } from '../connection/transmit.ts';
import type { ConnectionInfo, SessionInfo } from '../observer.ts';
import { endSession } from '../session/lifecycle.ts';
import { checkTopicFilter, checkTopicName } from '../topic/topic.ts';
import type { HandleOptions, MessageHandler } from './handler.ts';
import type { Message, OutsideMessage } from './message.ts';
import { Publication } from './publication.ts';
import type { Realm } from './realm.ts';
import { isExpired } from './retained.ts';
import { RouteCache } from './route.ts';

/**
 * How a message sent straight to one client fared: `delivered` at QoS 1 means acknowledged; `busy` that the client has too much
 * unacknowledged or unread to take it now; `refused` that it answered with an error.
 */
export type DirectDelivery = 'delivered' | 'notConnected' | 'notAuthorized' | 'busy' | 'tooLarge' | 'refused';

export interface DisconnectOptions {
  /** End the session too, and so forget its subscriptions and what waits for the client. */
  readonly endSession?: boolean;
  /** Do not publish the will. */
  readonly dropWill?: boolean;
}

export interface RealmHandle {
  readonly name: string;
  /**
   * Routes a message from outside any connection; resolves when it is stored and every handler is done with it.
   * Throws `MqttError(topicNameInvalid)` for a topic nobody can publish to, and `MqttError(quotaExceeded)` if it is to be retained
   * and there is no room; rejects with what a handler rejects with.
   */
  publish(message: OutsideMessage): Promise<void>;
  /** Runs `handler` once for each message routed to a matching topic. Returns how to stop it. */
  handle(filter: string, handler: MessageHandler, options?: HandleOptions): () => void;
  /** Sends to one client, subscribed or not, whatever its authorizer says. False if it is not connected. */
  sendTo(clientId: string, message: OutsideMessage): boolean;
  connection(clientId: string): ConnectionInfo | undefined;
  session(clientId: string): SessionInfo | undefined;
  sessions(): IterableIterator<SessionInfo>;
  subscriptions(clientId: string): readonly SubscribeRequest[];
  /**
   * Sends to one client if it is connected now and may receive the topic, subscribed or not; nothing is kept for later. At QoS 1
   * it resolves with the client's answer, however long that takes.
   */
  sendDirect(clientId: string, message: OutsideMessage): Promise<DirectDelivery>;
  /** Ends a client's connection, for a client that is away its session. False if there is nothing to end. */
  disconnect(clientId: string, options?: DisconnectOptions): boolean;
  retained(topic: string): Message | undefined;
  retainedMessages(): IterableIterator<Message>;
}

/** Routes kept for publishers that are not connections: HTTP, shadows, rules. */
const outsideRoutes = 10_000;
const done = Promise.resolve();

export class RealmDoor implements RealmHandle {
  readonly #realm: Realm;
  readonly #routes = new RouteCache(outsideRoutes);

  constructor(realm: Realm) {
    this.#realm = realm;
  }

  get name(): string {
    return this.#realm.name;
  }

  publish(message: OutsideMessage): Promise<void> {
    checkTopicName(message.topic);
    const realm = this.#realm;
    if (message.retain && !realm.retained.hasRoom(message)) {
      throw new MqttError(ReasonCode.quotaExceeded, 'no more messages can be retained');
    }
    const { journal } = realm.broker;
    const before = journal.position;
    const handled = realm.route(this.#publication(message), realm.routeFor(message.topic, this.#routes, ''));
    const stored = journal.position === before ? undefined : journal.written();
    if (handled === undefined) return stored ?? done;
    // Together, so that a store that fails while a handler still works is heard here and not as an unhandled rejection.
    return Promise.all([handled, stored]).then(() => {});
  }

  handle(filter: string, handler: MessageHandler, { exclusive = false }: HandleOptions = {}): () => void {
    checkTopicFilter(filter);
    return this.#realm.handle(filter, handler, exclusive);
  }

  sendTo(clientId: string, message: OutsideMessage): boolean {
    const session = this.#realm.sessions.get(clientId);
    const connection = session?.connection;
    if (session === undefined || connection === undefined) return false;
    const publication = this.#publication(message);
    if (message.qos === 0) this.#realm.sendQoS0(connection, publication, false, undefined);
    else this.#realm.queue(session, publication, message.qos, false, undefined, undefined);
    return true;
  }

  connection(clientId: string): ConnectionInfo | undefined {
    return this.#realm.sessions.get(clientId)?.connection;
  }

  session(clientId: string): SessionInfo | undefined {
    return this.#realm.sessions.get(clientId);
  }

  sessions(): IterableIterator<SessionInfo> {
    return this.#realm.sessions.values();
  }

  subscriptions(clientId: string): readonly SubscribeRequest[] {
    return [...(this.#realm.sessions.get(clientId)?.filters.values() ?? [])];
  }

  async sendDirect(clientId: string, message: OutsideMessage): Promise<DirectDelivery> {
    checkTopicName(message.topic);
    const session = this.#realm.sessions.get(clientId);
    const connection = session?.connection;
    if (session === undefined || connection === undefined) return 'notConnected';
    if (!connection.mayReceive(message.topic, undefined)) return 'notAuthorized';
    const publication = this.#publication(message);
    if (message.qos === 0) {
      if (connection.congested) return 'busy';
      return sendPublish(connection, publication, 0, false, undefined, 0, false) ? 'delivered' : 'tooLarge';
    }
    if (!session.outbound.ready) return 'busy';
    const { promise, resolve } = Promise.withResolvers<DirectDelivery>();
    const confirm = (reasonCode: number | undefined): void => {
      if (reasonCode === undefined) resolve('notConnected');
      else resolve(reasonCode < 0x80 ? 'delivered' : 'refused');
    };
    return session.outbound.sendOnce(connection, publication, confirm) ? promise : 'tooLarge';
  }

  disconnect(clientId: string, { endSession: ends = false, dropWill = false }: DisconnectOptions = {}): boolean {
    const session = this.#realm.sessions.get(clientId);
    if (dropWill) this.#realm.broker.lostWills.forget(this.#realm, clientId);
    if (session === undefined) return false;
    const { connection } = session;
    if (connection === undefined && !ends) return false;
    if (dropWill) session.pendingWill = undefined;
    connection?.end({
      disconnectReason: 'API_INITIATED_DISCONNECT',
      reasonCode: ReasonCode.administrativeAction,
      reason: 'disconnected by an administrator',
      dropWill,
    });
    if (ends) endSession(session);
    return true;
  }

  retained(topic: string): Message | undefined {
    const message = this.#realm.retained.get(topic);
    return message !== undefined && isExpired(message, this.#realm.broker.now()) ? undefined : message;
  }

  *retainedMessages(): IterableIterator<Message> {
    const now = this.#realm.broker.now();
    for (const message of this.#realm.retained) if (!isExpired(message, now)) yield message;
  }

  #publication(message: OutsideMessage): Publication {
    const { topic, payload, qos, retain, properties, publisher } = message;
    return new Publication(topic, payload, qos, retain, properties, this.#realm.broker.now(), publisher, true);
  }
}
