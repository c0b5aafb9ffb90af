/** A realm as the rest of the program sees it: publish into it, listen in it, ask about its clients. */
import type { SubscribeRequest } from '../codec/packet.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { ConnectionInfo, SessionInfo } from '../observer.ts';
import { endSession } from '../session/lifecycle.ts';
import { checkTopicFilter, checkTopicName } from '../topic/topic.ts';
import type { HandleOptions, MessageHandler } from './handler.ts';
import type { Message, OutsideMessage } from './message.ts';
import { Publication } from './publication.ts';
import type { Realm } from './realm.ts';
import { isExpired } from './retained.ts';
import { RouteCache } from './route.ts';

export interface RealmHandle {
  readonly name: string;
  /**
   * Routes a message from outside any connection; resolves when it is stored and every handler is done with it.
   * Throws `MqttError(topicNameInvalid)` for a topic nobody can publish to; rejects with what a handler rejects with.
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
  /** Ends a session, and its connection if it has one. False if there is none. */
  endSession(clientId: string): boolean;
  retained(topic: string): Message | undefined;
  retainedMessages(): IterableIterator<Message>;
}

/** Routes kept for publishers that are not connections: HTTP, shadows, rules. */
const outsideRoutes = 1000;
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
    const { journal } = realm.broker;
    const before = journal.position;
    const handled = realm.route(this.#publication(message), realm.routeFor(message.topic, this.#routes, ''));
    const stored = journal.position === before ? undefined : journal.written();
    if (handled === undefined) return stored ?? done;
    return handled.then(() => stored);
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

  endSession(clientId: string): boolean {
    const session = this.#realm.sessions.get(clientId);
    if (session === undefined) return false;
    session.connection?.end({
      disconnectReason: 'API_INITIATED_DISCONNECT',
      reasonCode: ReasonCode.administrativeAction,
      reason: 'the session was ended',
    });
    endSession(session);
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
