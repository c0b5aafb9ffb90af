/**
 * What must survive a crash, as the broker hands it out: one journal of changes, written in groups.
 *
 * The broker keeps all sessions in memory and reads the store once, at start. It collects the changes of a turn of the event
 * loop, calls `write` once, and acknowledges to clients what depended on them when the promise resolves.
 */
import type { SubscribeRequest, Will } from '../codec/packet.ts';
import type { Message } from '../router/message.ts';

/** A session by its two names; nothing else is needed to address it. */
export interface SessionKey {
  readonly realm: string;
  readonly clientId: string;
}

export interface StoredSubscription extends SubscribeRequest {
  readonly subscriptionIdentifier: number | undefined;
}

/** A message waiting for one session. `sequence` orders a session's queue and never repeats within it. */
export interface StoredDelivery {
  readonly sequence: number;
  readonly message: Message;
  readonly qos: 1 | 2;
  readonly retain: boolean;
  readonly subscriptionIdentifiers: readonly number[];
  /** The literal `$share/…` filter this came by, if it did: the message passes to another member when the session ends. */
  readonly sharedFilter: string | undefined;
  /** 0 until sent; then the packet id in use, so that it is sent again with DUP under the same id. [MQTT-4.4.0-1] */
  readonly packetId: number;
  /** QoS 2: PUBREC has arrived, only PUBREL is still owed. */
  readonly released: boolean;
}

export interface StoredSession extends SessionKey {
  readonly principal: string;
  /** Seconds; 0xffffffff is never. */
  readonly sessionExpiryInterval: number;
  /** Milliseconds since the epoch when the connection ended, or undefined while connected (then: when the server stopped). */
  readonly disconnectedAt: number | undefined;
  readonly subscriptions: readonly StoredSubscription[];
  readonly deliveries: readonly StoredDelivery[];
  /** QoS 2 packet ids received and not yet released. */
  readonly received: readonly number[];
  /** A will whose delay had not passed. */
  readonly pendingWill: { readonly will: Will; readonly dueAt: number } | undefined;
}

/** The will of a client that is connected, for the case that the broker does not live to see it leave. */
export interface StoredWill extends SessionKey {
  readonly principal: string;
  readonly will: Will;
}

export type StoreChange =
  | {
      readonly kind: 'session';
      readonly key: SessionKey;
      readonly principal: string;
      readonly sessionExpiryInterval: number;
      readonly disconnectedAt: number | undefined;
      readonly pendingWill: { readonly will: Will; readonly dueAt: number } | undefined;
    }
  | { readonly kind: 'sessionEnded'; readonly key: SessionKey }
  | { readonly kind: 'subscribed'; readonly key: SessionKey; readonly subscription: StoredSubscription }
  | { readonly kind: 'unsubscribed'; readonly key: SessionKey; readonly filter: string }
  | { readonly kind: 'queued'; readonly key: SessionKey; readonly delivery: StoredDelivery }
  | { readonly kind: 'sent'; readonly key: SessionKey; readonly sequence: number; readonly packetId: number }
  | { readonly kind: 'released'; readonly key: SessionKey; readonly sequence: number }
  | { readonly kind: 'delivered'; readonly key: SessionKey; readonly sequence: number }
  | { readonly kind: 'received'; readonly key: SessionKey; readonly packetId: number }
  | { readonly kind: 'completed'; readonly key: SessionKey; readonly packetId: number }
  /** A client with a will has connected. It need not have a session that outlives its connection. */
  | { readonly kind: 'will'; readonly key: SessionKey; readonly principal: string; readonly will: Will }
  /** It has left: its will is published, waits with its session, or was taken back. */
  | { readonly kind: 'willOver'; readonly key: SessionKey }
  /** An empty payload deletes. */
  | { readonly kind: 'retained'; readonly realm: string; readonly message: Message };

export interface BrokerStore {
  /** Everything kept, once, at start. */
  load(): Promise<{
    readonly sessions: readonly StoredSession[];
    readonly retained: readonly { readonly realm: string; readonly message: Message }[];
    readonly wills: readonly StoredWill[];
  }>;
  /**
   * Resolves when all changes are durable, as one transaction, in this order. The same `Message` object may stand in several
   * changes. The changes are read before this returns its promise: the objects in them live on and change afterwards.
   */
  write(changes: readonly StoreChange[]): Promise<void>;
}
