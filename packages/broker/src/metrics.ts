import { Durations } from './durations.ts';

/** What the broker counts, in plain fields: reading them costs nothing, and whoever exports them does so at their own pace. */
export class BrokerMetrics {
  /** Clients with an accepted CONNECT, now. */
  connections = 0;
  /** Connections without an accepted CONNECT, now. */
  pendingConnections = 0;
  /** Sessions, now, connected ones included. */
  sessions = 0;
  subscriptions = 0;
  retained = 0;
  /** Messages waiting in sessions, not sent yet. */
  queuedMessages = 0;
  /** Messages sent and not yet acknowledged by clients. */
  inflight = 0;

  connectionsTotal = 0;
  connectDenied = 0;
  /** PUBLISH packets from clients that were accepted, and messages from inside the program. */
  messagesIn = 0;
  /** PUBLISH packets to clients. */
  messagesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Deliveries given up: queue full, client too slow, packet too large for the client, rate exceeded. */
  messagesDropped = 0;
  /** Deliveries whose message expiry interval had passed. */
  messagesExpired = 0;
  publishDenied = 0;
  subscribeDenied = 0;
  receiveDenied = 0;
  keepAliveTimeouts = 0;
  protocolErrors = 0;
  /** Groups of changes handed to the store, and the changes in them. */
  storeWrites = 0;
  storeChanges = 0;

  /**
   * From the beginning of the turn of the event loop that read a message to the last socket write of that turn. A turn reads what has
   * arrived on all connections, so for most messages this is an upper bound; what waits for a slow receiver or a window is not in it.
   */
  readonly deliverySeconds = new Durations();
  /** From the same beginning to the socket write of the PUBACK or PUBREC: the store's time is in it, and a handler's. */
  readonly acknowledgementSeconds = new Durations();
}
