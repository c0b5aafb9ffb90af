/** What outlives a connection: subscriptions, messages waiting and in flight, QoS 2 ids received. [MQTT5 4.1] */
import type { Will } from '../codec/packet.ts';
import type { Connection } from '../connection/connection.ts';
import type { SessionInfo } from '../observer.ts';
import type { Realm } from '../router/realm.ts';
import type { Subscription } from '../router/subscription.ts';
import { Outbound } from './outbound.ts';
import type { SessionKey } from './store.ts';

export class Session implements SessionInfo {
  readonly realm: Realm;
  readonly key: SessionKey;
  principal: string;
  /** Seconds it outlives its connection; `neverExpires` for ever. */
  sessionExpiryInterval: number;
  connection: Connection | undefined;
  /** Milliseconds since the epoch; undefined while connected. */
  disconnectedAt: number | undefined;
  /** By the literal filter of the SUBSCRIBE. */
  readonly filters = new Map<string, Subscription>();
  readonly outbound: Outbound;
  /** QoS 2 packet ids received and not yet released, each with the work of its handlers until that is done. */
  readonly received = new Map<number, Promise<unknown> | undefined>();
  /** A will that waits for its delay. */
  pendingWill: { readonly will: Will; readonly dueAt: number } | undefined;

  constructor(realm: Realm, clientId: string, principal: string, sessionExpiryInterval: number) {
    this.realm = realm;
    this.key = { realm: realm.name, clientId };
    this.principal = principal;
    this.sessionExpiryInterval = sessionExpiryInterval;
    this.outbound = new Outbound(this);
  }

  get clientId(): string {
    return this.key.clientId;
  }

  /** Whether it outlives its connection, and so keeps what it sends until acknowledged. */
  get durable(): boolean {
    return this.sessionExpiryInterval > 0;
  }

  get connected(): boolean {
    return this.connection !== undefined;
  }

  get subscriptions(): number {
    return this.filters.size;
  }

  get queuedMessages(): number {
    return this.outbound.queued;
  }

  get inflight(): number {
    return this.outbound.inflight;
  }
}
