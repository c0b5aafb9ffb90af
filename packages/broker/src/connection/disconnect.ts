/** DISCONNECT from the client. [MQTT5 3.14] */
import type { Disconnect } from '../codec/packet.ts';
import { protocolError, ReasonCode } from '../codec/reason-code.ts';
import type { Connection } from './connection.ts';

export function handleDisconnect(connection: Connection, { reasonCode, properties }: Disconnect): void {
  const { session, broker } = connection;
  const expiry = properties?.sessionExpiryInterval;
  if (expiry !== undefined) {
    // A session that was to end now cannot be kept after all. [MQTT-3.14.2-2]
    if (expiry > 0 && !session.durable) throw protocolError('DISCONNECT keeps a session that CONNECT did not');
    if (expiry === 0 && session.durable) broker.journal.sessionEnded(session);
    session.sessionExpiryInterval = Math.min(expiry, broker.profile.maxSessionExpiry);
  }
  connection.end({
    disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
    clientInitiated: true,
    dropWill: reasonCode === ReasonCode.normalDisconnection,
    reasonCode,
    reason: properties?.reasonString ?? '',
  });
}
