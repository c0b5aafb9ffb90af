/** What HTTPS may know of clients and do to them, done by the broker; what it has forgotten, presence remembers. */
import type { ConnectionState, Connections, DirectDelivery } from '@thingd/api';
import type { ConnectionInfo, RealmHandle } from '@thingd/broker';
import { type Presence, type Realm, realmKey } from '@thingd/core';
import { ConnectionAuthorizer, plainAddress } from '../authorization/index.ts';

export const brokerConnections = (open: (realm: Realm) => RealmHandle, presence: Presence): Connections => ({
  find(realm, clientId) {
    const handle = open(realm);
    const connection = handle.connection(clientId);
    if (connection !== undefined) return stateOf(connection);
    const departure = presence.departure(`${realmKey(realm)} ${clientId}`);
    const session = handle.session(clientId);
    if (departure === undefined && session === undefined) return undefined;
    return {
      thingName: departure?.thingName,
      cleanSession: session === undefined,
      keepAlive: departure?.keepAlive,
      sessionExpiryInterval: session?.sessionExpiryInterval ?? departure?.sessionExpiryInterval ?? 0,
      connectedAt: undefined,
      disconnectedAt: departure?.disconnectedAt,
      disconnectReason: departure?.disconnectReason,
      socket: undefined,
    };
  },

  disconnect: (realm, clientId, { cleanSession, preventWillMessage }) =>
    open(realm).disconnect(clientId, { endSession: cleanSession, dropWill: preventWillMessage }),

  subscriptions(realm, clientId) {
    const handle = open(realm);
    return handle.session(clientId) === undefined ? undefined : handle.subscriptions(clientId);
  },

  async send(realm, clientId, message, timeout) {
    const { promise, resolve } = Promise.withResolvers<DirectDelivery>();
    const timer = setTimeout(() => resolve('unconfirmed'), timeout);
    try {
      return await Promise.race([open(realm).sendDirect(clientId, message), promise]);
    } finally {
      clearTimeout(timer);
    }
  },
});

function stateOf(connection: ConnectionInfo): ConnectionState {
  const { authorizer, origin, keepAlive, sessionExpiryInterval, connectedAt } = connection;
  return {
    thingName: authorizer instanceof ConnectionAuthorizer ? authorizer.thing?.thingName : undefined,
    cleanSession: sessionExpiryInterval === 0,
    keepAlive,
    sessionExpiryInterval,
    connectedAt,
    disconnectedAt: undefined,
    disconnectReason: undefined,
    socket: {
      sourceIp: plainAddress(origin.remoteAddress),
      sourcePort: origin.remotePort,
      targetIp: plainAddress(origin.localAddress),
      targetPort: origin.localPort,
    },
  };
}
