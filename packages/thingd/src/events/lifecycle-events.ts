/** Tells on `$aws/events/…` of clients that come, go, subscribe and fail to connect, in the order the broker tells of it. */
import { randomUUID } from 'node:crypto';
import type { ConnectionInfo, Disconnection, SubscribeRequest } from '@thingd/broker';
import {
  type Clock,
  connectedEvent,
  connectFailedEvent,
  disconnectedEvent,
  type EventMessage,
  hasLifecycleEvents,
  type LifecycleSubject,
  type Presence,
  type Realm,
  realmOfKey,
  subscriptionEvent,
} from '@thingd/core';
import { ConnectionAuthorizer, plainAddress, type UnauthorizedAttempt } from '../authorization/index.ts';

export interface LifecycleEventsOptions {
  readonly clock: Clock;
  readonly presence: Presence;
  /** Publishes JSON; what it publishes is no client's doing and leads to no further event. */
  readonly publish: (realm: Realm, topic: string, payload: object) => void;
}

export class LifecycleEvents {
  readonly #options: LifecycleEventsOptions;
  /**
   * AWS says that the identifier lives as long as the session; that each connection has its own, also to a persistent session, is
   * unverified.
   */
  readonly #sessionIdentifiers = new WeakMap<ConnectionInfo, string>();

  constructor(options: LifecycleEventsOptions) {
    this.#options = options;
  }

  connected(connection: ConnectionInfo): void {
    const { clock, presence } = this.#options;
    const { cleanStart, sessionExpiryInterval, origin } = connection;
    this.#sessionIdentifiers.set(connection, randomUUID());
    const versionNumber = presence.connected(clientOf(connection), !cleanStart && sessionExpiryInterval > 0);
    const ipAddress = plainAddress(origin.remoteAddress);
    this.#tell(connection, subject => connectedEvent(subject, { timestamp: clock.now(), ipAddress, versionNumber }));
  }

  disconnected(connection: ConnectionInfo, { disconnectReason, clientInitiated }: Disconnection): void {
    const { clock, presence } = this.#options;
    const { keepAlive, sessionExpiryInterval } = connection;
    const timestamp = clock.now();
    const versionNumber = presence.disconnected(clientOf(connection), {
      disconnectedAt: timestamp,
      disconnectReason,
      thingName: thingOf(connection)?.thingName,
      keepAlive,
      cleanSession: sessionExpiryInterval === 0,
      sessionExpiryInterval,
    });
    const details = { timestamp, clientInitiatedDisconnect: clientInitiated, disconnectReason, versionNumber };
    this.#tell(connection, subject => disconnectedEvent(subject, details));
  }

  subscribed(connection: ConnectionInfo, requests: readonly SubscribeRequest[]): void {
    const topics = requests.map(({ filter }) => filter);
    const timestamp = this.#options.clock.now();
    this.#tell(connection, subject => subscriptionEvent('subscribed', subject, { timestamp, topics }));
  }

  unsubscribed(connection: ConnectionInfo, topics: readonly string[]): void {
    const timestamp = this.#options.clock.now();
    this.#tell(connection, subject => subscriptionEvent('unsubscribed', subject, { timestamp, topics }));
  }

  connectFailed({ realm, clientId, principal, thing, sourceIp }: UnauthorizedAttempt): void {
    if (!hasLifecycleEvents(clientId)) return;
    const subject = {
      clientId,
      thingName: thing?.isExclusive ? thing.thingName : undefined,
      sessionIdentifier: randomUUID(),
      principalIdentifier: principal,
    };
    this.#publish(realm, connectFailedEvent(subject, { timestamp: this.#options.clock.now(), ipAddress: sourceIp }));
  }

  #tell(connection: ConnectionInfo, eventOf: (subject: LifecycleSubject) => EventMessage): void {
    const { realm, clientId, principal } = connection;
    if (!hasLifecycleEvents(clientId)) return;
    const thing = thingOf(connection);
    const event = eventOf({
      clientId,
      thingName: thing?.isExclusive ? thing.thingName : undefined,
      sessionIdentifier: this.#sessionIdentifiers.get(connection) ?? '',
      principalIdentifier: principal,
    });
    this.#publish(realmOfKey(realm), event);
  }

  #publish(realm: Realm, { topic, payload }: EventMessage): void {
    this.#options.publish(realm, topic, payload);
  }
}

/** A client by a name that no other realm's client has. */
const clientOf = ({ realm, clientId }: ConnectionInfo): string => `${realm} ${clientId}`;

const thingOf = ({ authorizer }: ConnectionInfo) =>
  authorizer instanceof ConnectionAuthorizer ? authorizer.thing : undefined;
