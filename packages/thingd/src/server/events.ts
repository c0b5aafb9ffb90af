/** What happens, as events in the log: connections that come and go, refusals, API calls, bugs. */
import type { ApiLog } from '@thingd/api';
import type { BrokerObserver } from '@thingd/broker';
import type { ClientAuthenticator } from '../authorization/index.ts';
import type { LifecycleEvents } from '../events/index.ts';
import type { Fleet } from '../indexing/index.ts';
import { type Log, type Metrics, RateBound } from '../observability/index.ts';

export interface BrokerEventsOptions {
  readonly log: Log;
  readonly authenticator: ClientAuthenticator;
  readonly lifecycle: LifecycleEvents;
  readonly fleet: Pick<Fleet, 'connected' | 'disconnected'>;
  readonly failed: (error: unknown, where: string) => void;
  readonly onFailure: (error: Error) => void;
}

/** Lines a second of each source about what a stranger can cause at will: refused connections, dropped messages, odd requests. */
const linesPerSecond = 50;

export function brokerEvents({
  log,
  authenticator,
  lifecycle,
  fleet,
  failed,
  onFailure,
}: BrokerEventsOptions): BrokerObserver {
  const noisy = new RateBound(linesPerSecond);
  return {
    connected(connection) {
      authenticator.connected(connection);
      lifecycle.connected(connection);
      fleet.connected(connection);
      const { realm, clientId, principal, protocolVersion, keepAlive, origin } = connection;
      const { listener, remoteAddress } = origin;
      log.debug({
        event: 'connected',
        realm,
        clientId,
        principal,
        protocolVersion,
        keepAlive,
        listener,
        remoteAddress,
      });
    },
    disconnected(connection, disconnection) {
      authenticator.disconnected(connection);
      lifecycle.disconnected(connection, disconnection);
      fleet.disconnected(connection, disconnection);
      const { disconnectReason, reasonCode, reason } = disconnection;
      const { realm, clientId, principal } = connection;
      log.debug({ event: 'disconnected', realm, clientId, principal, disconnectReason, reasonCode, reason });
    },
    connectFailed(connect, { listener, remoteAddress }, { reasonCode, reason }) {
      if (!noisy.allows()) return;
      log.info({ event: 'connect.refused', clientId: connect?.clientId, listener, remoteAddress, reasonCode, reason });
    },
    denied(connection, action, topicOrFilter) {
      authenticator.denied(connection, action, topicOrFilter);
    },
    subscribed(connection, requests) {
      lifecycle.subscribed(connection, requests);
    },
    unsubscribed(connection, filters) {
      lifecycle.unsubscribed(connection, filters);
    },
    dropped(realm, clientId, topic, cause) {
      if (noisy.allows()) log.debug({ event: 'message.dropped', realm, clientId, topic, cause });
    },
    failed,
    storeFailed(error) {
      onFailure(error instanceof Error ? error : new Error(String(error)));
    },
  };
}

export function apiLog(log: Log, metrics: Metrics): ApiLog {
  const noisy = new RateBound(linesPerSecond);
  return {
    called(call) {
      metrics.apiCall(call.operation ?? 'unknown', call.status);
      log.debug({ event: 'api.called', ...call });
    },
    failed(error, call) {
      metrics.apiCall(call.operation ?? 'unknown', call.status);
      log.error({ event: 'api.failed', ...call, error });
    },
    ambiguous(method, path, service) {
      if (noisy.allows()) log.warn({ event: 'api.ambiguous', method, path, service });
    },
  };
}

/** Told of each WebSocket that is refused. */
export function webSocketRefusals(log: Log): (reason: string, remoteAddress: string) => void {
  const noisy = new RateBound(linesPerSecond);
  return (reason, remoteAddress) => {
    if (noisy.allows()) log.info({ event: 'websocket.refused', reason, remoteAddress });
  };
}
