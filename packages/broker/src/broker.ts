/** The broker: realms, connections and the clock that moves them; everything else happens in their rooms. */

import { ReasonCode } from './codec/reason-code.ts';
import type { Authenticator, Origin } from './connection/authenticator.ts';
import { Connection, Hold, Phase } from './connection/connection.ts';
import { Flusher } from './connection/output.ts';
import type { ByteStream } from './connection/stream.ts';
import { BrokerMetrics } from './metrics.ts';
import type { BrokerObserver, ConnectionInfo, DisconnectReason } from './observer.ts';
import { type Profile, profiles } from './profile.ts';
import { RealmDoor, type RealmHandle } from './router/handle.ts';
import { Realm } from './router/realm.ts';
import { Journal } from './session/journal.ts';
import { ageSession } from './session/lifecycle.ts';
import { LostWills } from './session/lost-wills.ts';
import { restore } from './session/restore.ts';
import type { Session } from './session/session.ts';
import type { BrokerStore } from './session/store.ts';

export interface BrokerOptions {
  readonly authenticator: Authenticator;
  /** Default `profiles.open`. */
  readonly profile?: Profile;
  /** Without one, sessions and retained messages live as long as the broker does. */
  readonly store?: BrokerStore;
  /** Milliseconds since the epoch. */
  readonly clock?: { now(): number };
  readonly observer?: BrokerObserver;
}

/** What a connection is told when the program ends it. */
export interface DisconnectCause {
  readonly reasonCode: ReasonCode;
  readonly disconnectReason: DisconnectReason;
  readonly reason?: string;
}

/** How often time-outs and expiries are looked at, in milliseconds: nothing in MQTT is finer than a second. */
const tickInterval = 1000;
/** How often expired retained messages are looked for: they are not sent meanwhile, and only take room. */
const sweepInterval = 60_000;
/** A peer that does not close its side by then is cut off. */
const goodbyeTime = 2000;

export class Broker {
  readonly profile: Profile;
  readonly authenticator: Authenticator;
  readonly observer: BrokerObserver;
  readonly metrics = new BrokerMetrics();
  readonly journal: Journal;
  readonly flusher: Flusher;
  /** Sessions whose client is away: they may expire or owe a will. */
  readonly awaySessions = new Set<Session>();
  readonly lostWills = new LostWills();
  /** Connections that are read again when their second is over. */
  readonly throttled = new Set<Connection>();
  readonly #clock: { now(): number };
  readonly #realms = new Map<string, { readonly realm: Realm; readonly door: RealmDoor }>();
  readonly #connections = new Set<Connection>();
  /** Without an accepted CONNECT yet, oldest first. */
  readonly #pending = new Set<Connection>();
  /** Said goodbye to and not gone yet, with the time they are cut off. */
  readonly #leaving = new Map<Connection, number>();
  #nextId = 1;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;
  #sweptAt = 0;

  /** Loads what the store kept, then is ready to accept connections. */
  static async start(options: BrokerOptions): Promise<Broker> {
    const broker = new Broker(options);
    if (options.store !== undefined) await restore(broker, options.store);
    broker.#timer = setInterval(() => broker.tick(), tickInterval);
    broker.#timer.unref();
    return broker;
  }

  private constructor({ authenticator, profile = profiles.open, store, clock = Date, observer = {} }: BrokerOptions) {
    this.profile = profile;
    this.authenticator = authenticator;
    this.observer = observer;
    this.#clock = clock;
    this.flusher = new Flusher(this.metrics, () => this.journal.write());
    this.journal = new Journal(
      store,
      this.metrics,
      () => this.flusher.schedule(),
      error => this.#storeFailed(error),
    );
  }

  now(): number {
    return this.#clock.now();
  }

  /** Takes over a connection from a listener. */
  accept(stream: ByteStream, origin: Origin): void {
    if (this.#closing) return stream.destroy();
    const connection = new Connection(this, this.#nextId, stream, origin);
    this.#nextId += 1;
    this.#pending.add(connection);
    this.metrics.pendingConnections = this.#pending.size;
    const { maxPendingConnections } = this.profile;
    // A client with something to say says it at once; whoever holds a place without a word loses it first.
    if (maxPendingConnections > 0 && this.#pending.size > maxPendingConnections) {
      const oldest = this.#pending.values().next().value!;
      this.#drop(oldest, 'too many connections without a CONNECT');
    }
    stream.attach(connection);
  }

  /** A topic space, created on first use. */
  realm(name: string): RealmHandle {
    return this.#realm(name).door;
  }

  openRealm(name: string): Realm {
    return this.#realm(name).realm;
  }

  /**
   * Writes what the sockets of this turn of the event loop brought, which else happens when the turn ends: for a program that is about
   * to do something long in it.
   */
  writeOut(): void {
    this.flusher.flush();
  }

  /** The clients connected now. */
  connections(): Iterable<ConnectionInfo> {
    return this.#connections;
  }

  /** Ends every selected connection, publishing its will. Returns how many. */
  disconnect(select: (connection: ConnectionInfo) => boolean, cause: DisconnectCause): number {
    const selected = [...this.#connections].filter(select);
    for (const connection of selected) connection.end({ reason: '', ...cause });
    return selected.length;
  }

  /** Ends all connections, telling MQTT 5 clients why, and resolves when everything is stored. */
  async close(reasonCode: ReasonCode = ReasonCode.serverShuttingDown): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    this.disconnect(() => true, {
      reasonCode,
      disconnectReason: 'SERVER_INITIATED_DISCONNECT',
      reason: 'the server stops',
    });
    for (const connection of [...this.#pending]) this.#drop(connection, 'the server stops');
    this.writeOut();
    // A failure has been reported already.
    await this.journal.written().catch(() => {});
    await new Promise(resolve => setImmediate(resolve));
    for (const connection of [...this.#leaving.keys()]) connection.stream.destroy();
  }

  /** Looks at every deadline there is; production calls it each second, a test when its clock has moved. */
  tick(): void {
    const now = this.now();
    let queued = 0;
    let inflight = 0;
    for (const connection of this.#connections) {
      const { outbound } = connection.session;
      queued += outbound.queued;
      inflight += outbound.inflight;
      const isOver = connection.keepAlive > 0 && now - connection.packetAt > connection.keepAlive * 1500;
      if (isOver && connection.isSilent(now)) this.#timeOut(connection);
    }
    for (const session of this.awaySessions) {
      queued += session.outbound.queued;
      inflight += session.outbound.inflight;
      ageSession(session, now);
    }
    this.lostWills.publishDue(now);
    this.metrics.queuedMessages = queued;
    this.metrics.inflight = inflight;
    if (Math.abs(now - this.#sweptAt) >= sweepInterval) {
      this.#sweptAt = now;
      for (const { realm } of this.#realms.values()) realm.sweepRetained(now);
    }
    for (const connection of this.throttled) {
      if (!connection.rate!.mayRead(now)) continue;
      this.throttled.delete(connection);
      connection.release(Hold.rate);
    }
    for (const connection of this.#pending) {
      if (now - connection.openedAt <= this.profile.connectTimeout * 1000) break;
      this.#drop(connection, 'no CONNECT in time');
    }
    for (const [connection, deadline] of this.#leaving) if (now >= deadline) connection.stream.destroy();
  }

  // — for connections —

  /** Its CONNECT was accepted. */
  entered(connection: Connection): void {
    this.#pending.delete(connection);
    this.#connections.add(connection);
    this.metrics.connectionsTotal += 1;
    this.#count();
  }

  /** It has ended; its stream may still be on the way out. */
  left(connection: Connection): void {
    this.#pending.delete(connection);
    this.#connections.delete(connection);
    this.throttled.delete(connection);
    this.#leaving.set(connection, this.now() + goodbyeTime);
    this.#count();
  }

  /** Its stream is closed. */
  gone(connection: Connection): void {
    this.#leaving.delete(connection);
  }

  receiveDenied(connection: Connection, topic: string): void {
    this.metrics.receiveDenied += 1;
    this.observer.denied?.(connection, 'receive', topic);
  }

  handlerFailed(error: unknown, topic: string): void {
    this.observer.failed?.(error, `handler of \`${topic}\``);
  }

  #realm(name: string): { readonly realm: Realm; readonly door: RealmDoor } {
    const known = this.#realms.get(name);
    if (known !== undefined) return known;
    const realm = new Realm(name, this);
    const created = { realm, door: new RealmDoor(realm) };
    this.#realms.set(name, created);
    return created;
  }

  #count(): void {
    this.metrics.connections = this.#connections.size;
    this.metrics.pendingConnections = this.#pending.size;
  }

  /** Closes a connection that never became a client's. */
  #drop(connection: Connection, reason: string): void {
    const refusal = { admitted: false, reasonCode: ReasonCode.unspecifiedError, reason } as const;
    this.observer.connectFailed?.(undefined, connection.origin, refusal);
    connection.phase = Phase.ended;
    this.left(connection);
    connection.stream.destroy();
  }

  #timeOut(connection: Connection): void {
    this.metrics.keepAliveTimeouts += 1;
    connection.end({
      disconnectReason: 'MQTT_KEEP_ALIVE_TIMEOUT',
      reasonCode: ReasonCode.keepAliveTimeout,
      reason: 'nothing was heard within one and a half times the keep-alive', // [MQTT-3.1.2-22]
    });
  }

  #storeFailed(error: unknown): void {
    this.observer.storeFailed?.(error);
    this.#closing = true;
    const reasonCode = ReasonCode.implementationSpecificError;
    this.disconnect(() => true, { reasonCode, disconnectReason: 'SERVER_ERROR', reason: 'the store failed' });
  }
}
