/** What the broker tells whoever watches it: connections that come and go, and every decision against a client. */
import type { Connect, ProtocolVersion, SubscribeRequest } from './codec/packet.ts';
import type { Authorizer, Origin, Refusal } from './connection/authenticator.ts';

/** Why a connection ended, in the words of AWS's lifecycle events. AWS: "Lifecycle events", disconnectReason. */
export type DisconnectReason =
  | 'AUTH_ERROR'
  | 'FORBIDDEN_ACCESS'
  | 'CLIENT_INITIATED_DISCONNECT'
  | 'API_INITIATED_DISCONNECT'
  | 'CLIENT_ERROR'
  | 'CONNECTION_LOST'
  | 'DUPLICATE_CLIENTID'
  | 'MQTT_KEEP_ALIVE_TIMEOUT'
  | 'SERVER_ERROR'
  | 'SERVER_INITIATED_DISCONNECT'
  | 'THROTTLED'
  | 'WEBSOCKET_TTL_EXPIRATION'
  | 'CUSTOMAUTH_TTL_EXPIRATION';

/** A live connection as others may see it. The same object for as long as the connection lives. */
export interface ConnectionInfo {
  /** Unique within this broker's life, rising. */
  readonly id: number;
  readonly realm: string;
  readonly clientId: string;
  readonly principal: string;
  readonly authorizer: Authorizer;
  readonly origin: Origin;
  readonly protocolVersion: ProtocolVersion;
  readonly cleanStart: boolean;
  /** Seconds, as agreed; 0 is off. */
  readonly keepAlive: number;
  /** Seconds the session outlives the connection. */
  readonly sessionExpiryInterval: number;
  /** Milliseconds since the epoch. */
  readonly connectedAt: number;
}

/** A session as others may see it, connected or not. */
export interface SessionInfo {
  readonly clientId: string;
  readonly principal: string;
  readonly connected: boolean;
  readonly sessionExpiryInterval: number;
  /** Milliseconds since the epoch; undefined while connected. */
  readonly disconnectedAt: number | undefined;
  readonly subscriptions: number;
  readonly queuedMessages: number;
  readonly inflight: number;
}

export interface Disconnection {
  readonly disconnectReason: DisconnectReason;
  readonly clientInitiated: boolean;
  /** The MQTT 5 reason code, sent or received; 0 when the connection was simply lost. */
  readonly reasonCode: number;
  readonly reason: string;
}

export type DropCause = 'queueFull' | 'slowConsumer' | 'packetTooLarge' | 'rateExceeded';

/** Every method is optional and must not throw; all are called synchronously and should return quickly. */
export interface BrokerObserver {
  connected?(connection: ConnectionInfo): void;
  disconnected?(connection: ConnectionInfo, disconnection: Disconnection): void;
  /** `connect` is undefined when what arrived was not a CONNECT. */
  connectFailed?(connect: Connect | undefined, origin: Origin, refusal: Refusal): void;
  subscribed?(connection: ConnectionInfo, requests: readonly SubscribeRequest[]): void;
  unsubscribed?(connection: ConnectionInfo, filters: readonly string[]): void;
  denied?(connection: ConnectionInfo, action: 'publish' | 'subscribe' | 'receive', topicOrFilter: string): void;
  dropped?(realm: string, clientId: string, topic: string, cause: DropCause): void;
  /** A handler or an authenticator threw: a bug, not a client's fault. */
  failed?(error: unknown, where: string): void;
  /** The store refused a write. What memory holds and what is kept have parted: the broker stops acknowledging and ends all connections. */
  storeFailed?(error: unknown): void;
}
