/**
 * One topic space: its subscriptions, handlers, sessions and retained messages, and the routing between them.
 *
 * `route` takes a message into the realm: subscribers, handlers and retained messages see it, once.
 */
import type { Broker } from '../broker.ts';
import type { QoS, SubscribeRequest } from '../codec/packet.ts';
import type { Connection } from '../connection/connection.ts';
import { sendPublish } from '../connection/transmit.ts';
import type { DropCause } from '../observer.ts';
import type { Session } from '../session/session.ts';
import { parseSharedFilter } from '../topic/topic.ts';
import { TopicTree } from '../topic/topic-tree.ts';
import { Handler, type MessageHandler } from './handler.ts';
import type { Message } from './message.ts';
import type { Publication } from './publication.ts';
import { RetainedMessages } from './retained.ts';
import { type GroupTarget, Route, type RouteCache, type Target } from './route.ts';
import { SharedGroup, Subscription } from './subscription.ts';

const nothing = Buffer.alloc(0);

export class Realm {
  readonly name: string;
  readonly broker: Broker;
  /** Every session there is, by client id. */
  readonly sessions = new Map<string, Session>();
  readonly retained: RetainedMessages;
  readonly #tree: TopicTree<Subscription | Handler>;
  /** By the literal `$share/…` filter. */
  readonly #groups = new Map<string, SharedGroup>();

  constructor(name: string, broker: Broker) {
    this.name = name;
    this.broker = broker;
    this.retained = new RetainedMessages(broker.profile);
    this.#tree = new TopicTree({ hashMatchesParent: broker.profile.hashMatchesParent });
  }

  /** The route of `topic` for one publisher, from its cache while the tree stands. */
  routeFor(topic: string, cache: RouteCache, publisherId: string): Route {
    const known = cache.get(topic);
    if (known !== undefined && known.generation === this.#tree.generation) return known;
    const route = this.findRoute(topic, publisherId);
    cache.set(route);
    return route;
  }

  findRoute(topic: string, publisherId: string): Route {
    return new Route(topic, this.#tree.generation, this.#tree.match(topic), publisherId);
  }

  /** A message enters the realm. Returns a promise only if a handler did. */
  route(publication: Publication, route: Route): Promise<unknown> | undefined {
    this.broker.metrics.messagesIn += 1;
    if (!route.exclusive) {
      for (let i = 0; i < route.targets.length; i++) this.#deliver(publication, route.targets[i]!);
      for (let i = 0; i < route.groups.length; i++) this.deliverToOne(publication, route.groups[i]!);
      if (publication.retain && this.retained.keeps(publication.topic)) this.#retain(publication.message);
    }
    return route.handlers.length === 0 ? undefined : runHandlers(publication.message, route.handlers);
  }

  handle(filter: string, handle: MessageHandler, exclusive: boolean): () => void {
    const handler = new Handler(handle, exclusive);
    this.#tree.add(filter, handler);
    return () => {
      this.#tree.remove(filter, handler);
    };
  }

  /** Subscribes, replacing an earlier subscription to the same filter without a gap. [MQTT-3.8.4-3] */
  subscribe(session: Session, request: SubscribeRequest, identifier: number | undefined): Subscription {
    const shared = parseSharedFilter(request.filter);
    const earlier = session.filters.get(request.filter);
    const group = shared === undefined ? undefined : this.#group(shared.shareName, request.filter);
    const subscription = new Subscription(session, request, identifier, group);
    session.filters.set(request.filter, subscription);
    group?.members.add(subscription);
    this.#tree.add(shared?.filter ?? request.filter, subscription);
    if (earlier === undefined) this.broker.metrics.subscriptions += 1;
    else this.#remove(earlier);
    return subscription;
  }

  /** False if there was no such subscription. */
  unsubscribe(session: Session, filter: string): boolean {
    const subscription = session.filters.get(filter);
    if (subscription === undefined) return false;
    session.filters.delete(filter);
    this.#remove(subscription);
    this.broker.metrics.subscriptions -= 1;
    return true;
  }

  /** Sends a message that a member of a shared subscription left behind to another member. [MQTT5 4.8.2] */
  passOn(publication: Publication, sharedFilter: string): void {
    const members = this.#groups.get(sharedFilter)?.members;
    if (members === undefined) return;
    const route = new Route(publication.topic, this.#tree.generation, [...members], '');
    for (const target of route.groups) this.deliverToOne(publication, target);
  }

  sendQoS0(
    connection: Connection,
    publication: Publication,
    retain: boolean,
    identifiers: readonly number[] | undefined,
  ): void {
    if (connection.congested) this.#drop(connection.clientId, publication.topic, 'slowConsumer');
    else sendPublish(connection, publication, 0, retain, identifiers, 0, false);
  }

  queue(
    session: Session,
    publication: Publication,
    qos: 1 | 2,
    retain: boolean,
    identifiers: readonly number[] | undefined,
    sharedFilter: string | undefined,
  ): void {
    const cause = session.outbound.deliver(publication, qos, retain, identifiers, sharedFilter);
    if (cause !== undefined) this.#drop(session.clientId, publication.topic, cause);
  }

  #deliver(publication: Publication, target: Target): void {
    const { session, identifiers, group } = target;
    const { connection } = session;
    const qos: QoS = publication.qos < target.qos ? publication.qos : target.qos;
    const retain = publication.retain && target.retainAsPublished;
    if (connection !== undefined && !target.mayReceive(connection)) {
      this.broker.receiveDenied(connection, target.topic);
    } else if (qos !== 0) {
      this.queue(session, publication, qos, retain, identifiers, group?.sharedFilter);
    } else if (connection !== undefined) {
      // QoS 0 is not kept for who is away.
      this.sendQoS0(connection, publication, retain, identifiers);
    }
  }

  /**
   * One member, in turn: one that can take it now, else one that is connected, else one that will be back; of several the one with the
   * shortest queue, so that nothing is lost to a member that has stopped while another only takes its time.
   */
  deliverToOne(publication: Publication, { group, members }: GroupTarget): void {
    const first = group.turn++;
    let connected: Target | undefined;
    let away: Target | undefined;
    for (let i = 0; i < members.length; i++) {
      const target = members[(first + i) % members.length]!;
      const { connection, outbound } = target.session;
      if (connection === undefined) {
        if (publication.qos > 0 && target.qos > 0) away = shorter(away, target);
      } else if (target.mayReceive(connection)) {
        if (outbound.ready) return this.#deliver(publication, target);
        connected = shorter(connected, target);
      }
    }
    const target = connected ?? away;
    if (target !== undefined) this.#deliver(publication, target);
  }

  #drop(clientId: string, topic: string, cause: DropCause): void {
    this.broker.metrics.messagesDropped += 1;
    this.broker.observer.dropped?.(this.name, clientId, topic, cause);
  }

  /** Forgets retained messages that have expired. */
  sweepRetained(now: number): void {
    for (const message of this.retained.expired(now)) this.#retain({ ...message, payload: nothing });
  }

  #retain(message: Message): void {
    const before = this.retained.size;
    this.retained.set(message);
    this.broker.metrics.retained += this.retained.size - before;
    this.broker.journal.retained(this.name, message);
  }

  #group(shareName: string, sharedFilter: string): SharedGroup {
    const known = this.#groups.get(sharedFilter);
    if (known !== undefined) return known;
    const group = new SharedGroup(shareName, sharedFilter);
    this.#groups.set(sharedFilter, group);
    return group;
  }

  #remove(subscription: Subscription): void {
    const { group, filter } = subscription;
    this.#tree.remove(parseSharedFilter(filter)?.filter ?? filter, subscription);
    if (group === undefined) return;
    group.members.delete(subscription);
    if (group.members.size === 0) this.#groups.delete(filter);
  }
}

/** Of two members the one fewer messages wait for; `first` where they are equal. */
const shorter = (first: Target | undefined, second: Target): Target =>
  first === undefined || second.session.outbound.queued < first.session.outbound.queued ? second : first;

/** Each handler runs whatever the others do; what one throws becomes a rejection. */
function runHandlers(message: Message, handlers: readonly Handler[]): Promise<unknown> | undefined {
  let promises: Promise<void>[] | undefined;
  for (const handler of handlers) {
    try {
      const result = handler.handle(message);
      if (result !== undefined) {
        promises ??= [];
        promises.push(result);
      }
    } catch (error) {
      promises ??= [];
      promises.push(Promise.reject(error));
    }
  }
  return promises === undefined ? undefined : Promise.all(promises);
}
