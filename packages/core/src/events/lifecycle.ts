/**
 * What is published when clients come, go, subscribe and unsubscribe: topics and payloads, as pure functions.
 * *AWS: Lifecycle events*. Always on; they cannot be disabled.
 */

export interface EventMessage {
  readonly topic: string;
  /** To be published as JSON. */
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Whom an event is about. */
export interface LifecycleSubject {
  readonly clientId: string;
  /** Only if the certificate is this thing's alone (AWS: exclusive thing). */
  readonly thingName?: string | undefined;
  /** A UUID that a connection's events share. */
  readonly sessionIdentifier: string;
  /** A certificate id or an access key id. */
  readonly principalIdentifier: string;
}

/** More would not fit into a topic behind the longest of the prefixes. [MQTT-4.7.3-3] */
const maximumBytes = 65_000;

/** *Client IDs that contain # or + do not receive lifecycle events*: no topic can have them in its name. */
export const hasLifecycleEvents = (clientId: string): boolean =>
  !clientId.includes('#') && !clientId.includes('+') && Buffer.byteLength(clientId) <= maximumBytes;

/** `timestamp` here and below: milliseconds since the epoch. */
export const connectedEvent = (
  subject: LifecycleSubject,
  { timestamp, ipAddress, versionNumber }: { timestamp: number; ipAddress: string; versionNumber: number },
): EventMessage => ({
  topic: `$aws/events/presence/connected/${subject.clientId}`,
  payload: { ...head(subject, timestamp, 'connected'), ipAddress, versionNumber },
});

export interface DisconnectedDetails {
  readonly timestamp: number;
  readonly clientInitiatedDisconnect: boolean;
  /** One of AWS's words, such as `CONNECTION_LOST`. */
  readonly disconnectReason: string;
  /** The same as the connection's `connected` event had. */
  readonly versionNumber: number;
}

export const disconnectedEvent = (
  subject: LifecycleSubject,
  { timestamp, ...details }: DisconnectedDetails,
): EventMessage => ({
  topic: `$aws/events/presence/disconnected/${subject.clientId}`,
  payload: { ...head(subject, timestamp, 'disconnected'), ...details },
});

/** A client whose policies do not let it connect, or not publish its will. */
export const connectFailedEvent = (
  subject: LifecycleSubject,
  { timestamp, ipAddress }: { timestamp: number; ipAddress: string },
): EventMessage => ({
  topic: `$aws/events/presence/connect_failed/${subject.clientId}`,
  payload: {
    ...head(subject, timestamp, 'connect_failed'),
    connectFailureReason: 'AUTHORIZATION_FAILED',
    ipAddress,
  },
});

/** `topics` are the filters of one SUBSCRIBE or UNSUBSCRIBE that were granted, or were there to be given up. */
export const subscriptionEvent = (
  eventType: 'subscribed' | 'unsubscribed',
  subject: LifecycleSubject,
  { timestamp, topics }: { timestamp: number; topics: readonly string[] },
): EventMessage => ({
  topic: `$aws/events/subscriptions/${eventType}/${subject.clientId}`,
  payload: { ...head(subject, timestamp, eventType), topics },
});

const head = (subject: LifecycleSubject, timestamp: number, eventType: string) => ({
  clientId: subject.clientId,
  ...(subject.thingName === undefined ? {} : { thingName: subject.thingName }),
  timestamp,
  eventType,
  sessionIdentifier: subject.sessionIdentifier,
  principalIdentifier: subject.principalIdentifier,
});
