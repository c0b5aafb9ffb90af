/**
 * A profile is every limit and every choice MQTT leaves open, as data: the broker's code never asks which product it imitates.
 *
 * Counts and sizes: 0 means no limit. Times are seconds, as in MQTT.
 */
import type { QoS } from './codec/packet.ts';

/** A session that never expires. [MQTT5 3.1.2.11.2] */
export const neverExpires = 0xffff_ffff;

export interface Profile {
  readonly name: string;

  /** A connection that has sent no CONNECT by then is closed. */
  readonly connectTimeout: number;
  /** Connections still without an accepted CONNECT; one more closes the oldest of them. */
  readonly maxPendingConnections: number;
  /** The first packet, in bytes: what a connection may have the broker keep before it has said who it is. */
  readonly maxConnectBytes: number;
  readonly maxConnections: number;
  /** Sessions in a realm; a client that would begin one more is refused. */
  readonly maxSessions: number;
  readonly maxClientIdBytes: number;
  /** Keep-alive is brought into these bounds; with a maximum, 0 (off) becomes the maximum. MQTT 5 clients are told. */
  readonly minKeepAlive: number;
  readonly maxKeepAlive: number;

  /** How long a 3.1.1 session with cleanSession=0 outlives its connection. */
  readonly persistentSessionExpiry: number;
  /** The cap on an MQTT 5 session expiry interval; `neverExpires` for none. */
  readonly maxSessionExpiry: number;
  /** How long the will of a client that was connected when the server died waits, after the restart, for the client to come back. */
  readonly restartWillDelay: number;

  /** Whether MQTT 3.1 ("MQIsdp") is spoken beside 3.1.1 and 5. [MQTT-3.1.2-1] */
  readonly mqtt31Available: boolean;
  readonly maximumQoS: QoS;
  readonly retainAvailable: boolean;
  /** Whether a retained message is kept on topics that begin with `$`. */
  readonly retainOnReservedTopics: boolean;
  /** Whether retained messages are sent for exact filters only. */
  readonly retainedForExactFiltersOnly: boolean;
  /** Whether `a/#` matches `a`. [MQTT-4.7.1-2] */
  readonly hashMatchesParent: boolean;
  readonly wildcardSubscriptionAvailable: boolean;
  readonly subscriptionIdentifiersAvailable: boolean;
  readonly sharedSubscriptionAvailable: boolean;

  /** QoS 1 and 2 publishes a client may have unacknowledged. MQTT 5 clients are told; a 3.1.1 client is read more slowly. At least 1. */
  readonly receiveMaximum: number;
  /** QoS 1 and 2 deliveries the broker has unacknowledged with one client, beneath the client's own receive maximum. At least 1. */
  readonly maxInflight: number;
  /** Topic aliases a client may set. */
  readonly topicAliasMaximum: number;
  /** Topic aliases the broker sets, where the client allows them. 0 is off. */
  readonly maxOutboundTopicAliases: number;

  /** Whole packets, in bytes. At least 1. */
  readonly maxPacketBytes: number;
  readonly maxPayloadBytes: number;
  readonly maxTopicBytes: number;
  readonly maxTopicSlashes: number;
  /** Topics with one of these prefixes do not count their first `levels` levels towards the two limits above. */
  readonly uncountedTopicPrefixes: readonly { readonly prefix: string; readonly levels: number }[];
  readonly maxUserPropertyBytes: number;
  readonly maxFiltersPerSubscribe: number;
  readonly maxSubscriptions: number;

  /** Publishes a connection a second; the excess is discarded, at QoS 1 without an acknowledgement (MQTT 5: 0x97). */
  readonly maxPublishesPerSecond: number;
  /** Bytes a connection a second from the client; the excess is read later. */
  readonly maxBytesPerSecond: number;

  /** Messages waiting for one session, sent and unacknowledged ones not counted. */
  readonly maxQueuedMessages: number;
  /** Of topics, payloads and properties. */
  readonly maxQueuedBytes: number;
  /** Bytes waiting in one connection's socket; beyond it QoS 0 is dropped and QoS 1 and 2 wait in the session. At least 1. */
  readonly maxOutputBytes: number;
  /** Per realm; a retained publish beyond is refused. */
  readonly maxRetainedMessages: number;
  /** Of memory, topic levels and properties included: an estimate. */
  readonly maxRetainedBytes: number;

  /** What a 3.1.1 client meets that may not publish: its connection closed, or the message acknowledged and discarded. [MQTT-3.3.5-2] */
  readonly publishDenied311: 'close' | 'discard';
  /** What an MQTT 5 client meets that may not publish at QoS 0, where there is no acknowledgement to tell it. */
  readonly publishDeniedQoS0: 'close' | 'discard';
  /** What a 3.1.1 client meets that may not subscribe: its connection closed, or 0x80 for the filter. */
  readonly subscribeDenied311: 'close' | 'suback';
  /** Whether a SUBACK tells an MQTT 5 client why a filter was refused, or only that it was: 0x80, the one code some clients know. */
  readonly subscribeRefusal: 'reason' | 'unspecified';
  /** Whether a Close frame of WebSocket counts as a DISCONNECT, so that no will is published; for MQTT it is a lost connection. [MQTT-3.1.2-8] */
  readonly closeFrameDisconnects: boolean;
  /** Whether MQTT 5 clients are told in words what went wrong. */
  readonly reasonStrings: boolean;
  /** Whether the words about a denial go on with the authorizer's reasons. They tell a client what policies say of it. */
  readonly explainDenials: boolean;
}

const MiB = 1024 * 1024;

/** MQTT to the letter: no limit but the packet format's own, and those a server cannot live without. */
const strict: Profile = {
  name: 'strict',
  connectTimeout: 10,
  maxPendingConnections: 2000,
  maxConnectBytes: 1 * MiB, // every field of a CONNECT at its longest, and some user properties
  maxConnections: 0,
  maxSessions: 0,
  maxClientIdBytes: 0,
  minKeepAlive: 0,
  maxKeepAlive: 0,
  persistentSessionExpiry: neverExpires,
  maxSessionExpiry: neverExpires,
  restartWillDelay: 0,
  mqtt31Available: true,
  maximumQoS: 2,
  retainAvailable: true,
  retainOnReservedTopics: true,
  retainedForExactFiltersOnly: false,
  hashMatchesParent: true,
  wildcardSubscriptionAvailable: true,
  subscriptionIdentifiersAvailable: true,
  sharedSubscriptionAvailable: true,
  receiveMaximum: 65_535,
  maxInflight: 65_535,
  topicAliasMaximum: 65_535,
  maxOutboundTopicAliases: 65_535,
  maxPacketBytes: 268_435_460,
  maxPayloadBytes: 0,
  maxTopicBytes: 0,
  maxTopicSlashes: 0,
  uncountedTopicPrefixes: [],
  maxUserPropertyBytes: 0,
  maxFiltersPerSubscribe: 0,
  maxSubscriptions: 0,
  maxPublishesPerSecond: 0,
  maxBytesPerSecond: 0,
  maxQueuedMessages: 0,
  maxQueuedBytes: 0,
  maxOutputBytes: 16 * MiB,
  maxRetainedMessages: 0,
  maxRetainedBytes: 0,
  publishDenied311: 'close',
  publishDeniedQoS0: 'discard',
  subscribeDenied311: 'suback',
  subscribeRefusal: 'reason',
  closeFrameDisconnects: false,
  reasonStrings: true,
  explainDenials: false,
};

/** Bytes of a first packet. */
export const connectBytesOf = ({ maxConnectBytes, maxPacketBytes }: Profile): number =>
  maxConnectBytes > 0 ? Math.min(maxConnectBytes, maxPacketBytes) : maxPacketBytes;

/** The whole of MQTT inside bounds that keep memory safe. */
const open: Profile = {
  ...strict,
  name: 'open',
  maxConnectBytes: 256 * 1024,
  restartWillDelay: 5,
  maxSessions: 1_000_000,
  maxClientIdBytes: 1024,
  receiveMaximum: 1000,
  maxInflight: 1000,
  topicAliasMaximum: 100,
  maxOutboundTopicAliases: 100,
  maxPacketBytes: 16 * MiB,
  maxTopicSlashes: 200,
  maxUserPropertyBytes: 64 * 1024,
  maxFiltersPerSubscribe: 1000,
  maxSubscriptions: 10_000,
  maxQueuedMessages: 100_000,
  maxQueuedBytes: 64 * MiB,
  maxOutputBytes: 1 * MiB,
  maxRetainedMessages: 1_000_000,
  maxRetainedBytes: 512 * MiB,
  publishDenied311: 'discard',
};

/** AWS IoT Core's behaviour and quotas. AWS: "MQTT", "AWS IoT Core endpoints and quotas". */
const aws: Profile = {
  ...open,
  name: 'aws',
  maxConnectBytes: 146 * 1024,
  maxClientIdBytes: 128,
  minKeepAlive: 30,
  maxKeepAlive: 1200,
  persistentSessionExpiry: 3600,
  maxSessionExpiry: 7 * 24 * 3600,
  mqtt31Available: false,
  maximumQoS: 1,
  retainOnReservedTopics: false,
  retainedForExactFiltersOnly: true,
  hashMatchesParent: false,
  subscriptionIdentifiersAvailable: false,
  receiveMaximum: 100,
  maxInflight: 100,
  topicAliasMaximum: 8,
  maxOutboundTopicAliases: 8,
  maxPacketBytes: 146 * 1024,
  maxPayloadBytes: 128 * 1024,
  maxTopicBytes: 256,
  maxTopicSlashes: 7,
  uncountedTopicPrefixes: [{ prefix: '$aws/rules/', levels: 3 }],
  maxUserPropertyBytes: 8 * 1024,
  maxFiltersPerSubscribe: 8,
  maxSubscriptions: 50,
  maxPublishesPerSecond: 100,
  maxBytesPerSecond: 512 * 1024,
  publishDenied311: 'close',
  publishDeniedQoS0: 'close',
  subscribeDenied311: 'close',
  closeFrameDisconnects: true,
};

export const profiles: { readonly aws: Profile; readonly open: Profile; readonly strict: Profile } = {
  aws,
  open,
  strict,
};
