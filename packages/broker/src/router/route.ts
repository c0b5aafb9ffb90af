/**
 * Who gets what is published to one topic: the answer of the topic tree, made ready to be used many times.
 *
 * A publisher keeps its routes while the tree's generation stands, and with each its own right to publish there; each target
 * remembers whether its client may receive the topic. So a repeated publish costs a map look-up and no decision at all.
 */
import type { QoS } from '../codec/packet.ts';
import type { Authorizer } from '../connection/authenticator.ts';
import type { Connection } from '../connection/connection.ts';
import type { Session } from '../session/session.ts';
import type { Handler } from './handler.ts';
import { type SharedGroup, Subscription } from './subscription.ts';

/** One session that receives the topic: once, however many of its filters match. [MQTT-3.3.5-1] */
export class Target {
  readonly topic: string;
  readonly session: Session;
  readonly group: SharedGroup | undefined;
  qos: QoS;
  retainAsPublished: boolean;
  identifiers: number[] | undefined;
  #authorizer: Authorizer | undefined;
  #generation = 0;
  #allowed = false;

  constructor(topic: string, subscription: Subscription) {
    this.topic = topic;
    this.session = subscription.session;
    this.group = subscription.group;
    this.qos = subscription.qos;
    this.retainAsPublished = subscription.retainAsPublished;
    const identifier = subscription.subscriptionIdentifier;
    this.identifiers = identifier === undefined ? undefined : [identifier];
  }

  /** Another filter of the same session matches too: the best QoS, every identifier. [MQTT-3.3.4-4] */
  merge(subscription: Subscription): void {
    if (subscription.qos > this.qos) this.qos = subscription.qos;
    if (subscription.retainAsPublished) this.retainAsPublished = true;
    const identifier = subscription.subscriptionIdentifier;
    if (identifier === undefined) return;
    if (this.identifiers === undefined) this.identifiers = [identifier];
    else this.identifiers.push(identifier);
  }

  mayReceive(connection: Connection): boolean {
    const authorizer = connection.authorizer;
    if (this.#authorizer === authorizer && this.#generation === authorizer.generation) return this.#allowed;
    const allowed = authorizer.receive(this.topic, this.group?.shareName);
    if (authorizer.cacheable) {
      this.#authorizer = authorizer;
      this.#generation = authorizer.generation;
      this.#allowed = allowed;
    }
    return allowed;
  }
}

export interface GroupTarget {
  readonly group: SharedGroup;
  readonly members: Target[];
}

const unknown = 0;
const allowed = 1;
const denied = 2;
type Decision = typeof unknown | typeof allowed | typeof denied;

export class Route {
  readonly topic: string;
  /** The tree's, when this was looked up. */
  readonly generation: number;
  readonly targets: Target[] = [];
  readonly groups: GroupTarget[] = [];
  readonly handlers: Handler[] = [];
  /** A handler keeps the message to itself: no client sees it and nothing is retained. */
  exclusive = false;
  /** The topic was found to be one that can be published to. */
  checked = false;
  /** The authorizer's, when it was last asked. */
  #generationAsked = -1;
  /** The publisher's right to publish here: without retain, with retain. */
  #plain: Decision = unknown;
  #retained: Decision = unknown;

  constructor(topic: string, generation: number, matches: readonly (Subscription | Handler)[], publisherId: string) {
    this.topic = topic;
    this.generation = generation;
    const bySession = new Map<Session, Target>();
    const byGroup = new Map<SharedGroup, GroupTarget>();
    for (const match of matches) {
      if (!(match instanceof Subscription)) {
        this.handlers.push(match);
        if (match.exclusive) this.exclusive = true;
      } else if (match.group !== undefined) {
        this.#addMember(match, match.group, byGroup);
      } else if (!match.noLocal || match.session.clientId !== publisherId) {
        this.#addTarget(match, bySession);
      }
    }
  }

  mayPublish(authorizer: Authorizer, retain: boolean): boolean {
    if (this.#generationAsked !== authorizer.generation) {
      this.#generationAsked = authorizer.generation;
      this.#plain = unknown;
      this.#retained = unknown;
    }
    const remembered = retain ? this.#retained : this.#plain;
    if (remembered !== unknown) return remembered === allowed;
    const decision = authorizer.publish(this.topic, retain) ? allowed : denied;
    if (authorizer.cacheable) {
      if (retain) this.#retained = decision;
      else this.#plain = decision;
    }
    return decision === allowed;
  }

  #addTarget(subscription: Subscription, bySession: Map<Session, Target>): void {
    const known = bySession.get(subscription.session);
    if (known !== undefined) {
      known.merge(subscription);
      return;
    }
    const target = new Target(this.topic, subscription);
    bySession.set(subscription.session, target);
    this.targets.push(target);
  }

  #addMember(subscription: Subscription, group: SharedGroup, byGroup: Map<SharedGroup, GroupTarget>): void {
    let target = byGroup.get(group);
    if (target === undefined) {
      target = { group, members: [] };
      byGroup.set(group, target);
      this.groups.push(target);
    }
    target.members.push(new Target(this.topic, subscription));
  }
}

/** The routes one publisher uses, bounded: a publisher of ever new topics forgets and looks up again. */
export class RouteCache {
  readonly #capacity: number;
  #routes: Map<string, Route> | undefined;
  /** Most devices publish to one topic, and comparing it is cheaper than a look-up. */
  #latest: Route | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(topic: string): Route | undefined {
    if (this.#latest?.topic === topic) return this.#latest;
    const route = this.#routes?.get(topic);
    if (route !== undefined) this.#latest = route;
    return route;
  }

  set(route: Route): void {
    this.#routes ??= new Map();
    if (this.#routes.size >= this.#capacity) this.#routes.clear();
    this.#routes.set(route.topic, route);
    this.#latest = route;
  }
}
