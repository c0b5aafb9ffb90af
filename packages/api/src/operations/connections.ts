/** Clients over HTTPS: look at one, disconnect it, list what it subscribes to, send it a message. */
import { decodeToken, encodeToken, type Listing, type Realm, ServiceError } from '@thingd/core';
import type { GetConnectionResponse } from '../generated/iotdata.ts';
import {
  checkPayload,
  checkTopic,
  invalid,
  type MessageServices,
  type OutgoingMessage,
  propertiesOf,
} from './messages.ts';
import type { IotDataHandlers } from './operation.ts';

/** A client that is connected, has a session, or left not long ago. */
export interface ConnectionState {
  readonly thingName: string | undefined;
  /** Whether its session ends with its connection. */
  readonly cleanSession: boolean;
  /** Seconds; undefined where it is not known any more. */
  readonly keepAlive: number | undefined;
  /** Seconds the session outlives the connection. */
  readonly sessionExpiryInterval: number;
  /** Milliseconds since the epoch; undefined unless it is connected. */
  readonly connectedAt: number | undefined;
  /** Milliseconds since the epoch; undefined while connected, and once that is long ago. */
  readonly disconnectedAt: number | undefined;
  readonly disconnectReason: string | undefined;
  readonly socket:
    | { readonly sourceIp: string; readonly sourcePort: number; readonly targetIp: string; readonly targetPort: number }
    | undefined;
}

export type DirectDelivery =
  | 'delivered'
  | 'notConnected'
  | 'notAuthorized'
  | 'busy'
  | 'tooLarge'
  | 'refused'
  | 'unconfirmed';

/** The broker, as the operations on its clients need it. */
export interface Connections {
  find(realm: Realm, clientId: string): ConnectionState | undefined;
  /** False if there is nothing to end: no connection, nor a session that is to be cleaned. */
  disconnect(
    realm: Realm,
    clientId: string,
    options: { readonly cleanSession: boolean; readonly preventWillMessage: boolean },
  ): boolean;
  /** Undefined if the client has no session. */
  subscriptions(
    realm: Realm,
    clientId: string,
  ): readonly { readonly filter: string; readonly qos: number }[] | undefined;
  /** At QoS 1 it waits for the client's acknowledgement, no longer than `timeout` milliseconds: then it is `unconfirmed`. */
  send(realm: Realm, clientId: string, message: OutgoingMessage, timeout: number): Promise<DirectDelivery>;
}

export interface ConnectionServices extends MessageServices {
  readonly connections: Connections;
}

export const connectionOperations = ({ connections, messages }: ConnectionServices): IotDataHandlers => ({
  GetConnection({ clientId, includeSocketInformation = false }, { realm }) {
    const state = connections.find(realm, clientId);
    if (state === undefined) throw notFound(clientId);
    return answerOf(clientId, state, includeSocketInformation);
  },

  DeleteConnection({ clientId, cleanSession = false, preventWillMessage = false }, { realm }) {
    if (!connections.disconnect(realm, clientId, { cleanSession, preventWillMessage })) throw notFound(clientId);
  },

  ListSubscriptions({ clientId, nextToken, maxResults = defaultPageSize }, { realm }) {
    const all = connections.subscriptions(realm, clientId);
    if (all === undefined) throw notFound(clientId);
    const [after = ''] = nextToken === undefined ? [] : (decodeToken(listing, nextToken) as [string]);
    const rest = all.filter(({ filter }) => filter > after).sort((a, b) => (a.filter < b.filter ? -1 : 1));
    const page = rest.slice(0, maxResults);
    return {
      subscriptions: page.map(({ filter, qos }) => ({ topicFilter: filter, qos })),
      ...(rest.length > page.length && { nextToken: encodeToken(listing, page.at(-1)!) }),
    };
  },

  async SendDirectMessage(input, { realm, caller, requestId }) {
    const { clientId, topic, confirmation = false, timeout = 5, payload = Buffer.alloc(0) } = input;
    const { limits } = messages;
    if (topic.startsWith('$')) throw invalid('the topic is reserved');
    checkTopic(topic, limits);
    checkPayload(payload, limits);
    if (confirmation && (timeout < 1 || timeout > 15)) throw invalid('timeout must be between 1 and 15 seconds');
    const publisher = { clientId: '', principal: caller.principal } as const;
    const properties = propertiesOf(input, limits);
    const message = { topic, payload, qos: confirmation ? 1 : 0, retain: false, properties, publisher } as const;
    const delivery = await connections.send(realm, clientId, message, timeout * 1000);
    if (delivery !== 'delivered') throw undelivered(clientId, delivery);
    return { message: 'OK', traceId: requestId };
  },
});

/** AWS: ListSubscriptions, "By default, this is set to 20". */
const defaultPageSize = 20;

const listing: Listing<{ readonly filter: string }> = {
  name: 'subscriptions',
  order: ['string'],
  position: ({ filter }) => [filter],
};

function answerOf(clientId: string, state: ConnectionState, withSocket: boolean): GetConnectionResponse {
  const { thingName, cleanSession, keepAlive, sessionExpiryInterval, socket } = state;
  const connected = state.connectedAt !== undefined;
  return {
    clientId,
    connected,
    cleanSession,
    sessionExpiry: sessionExpiryInterval,
    ...(thingName !== undefined && { thingName }),
    ...(keepAlive !== undefined && { keepAliveDuration: keepAlive }),
    ...(connected && { connectedSince: state.connectedAt }),
    ...(state.disconnectedAt !== undefined && { disconnectedSince: state.disconnectedAt }),
    ...(state.disconnectReason !== undefined && { disconnectReason: state.disconnectReason }),
    ...(withSocket && socket),
  };
}

const notFound = (clientId: string): ServiceError =>
  new ServiceError('ResourceNotFoundException', `no client \`${clientId}\` is connected, or has a session`);

/** AWS tells the kinds apart by the exceptions that SendDirectMessage declares; which stands for what is theirs to say (unverified). */
function undelivered(clientId: string, delivery: Exclude<DirectDelivery, 'delivered'>): ServiceError {
  switch (delivery) {
    case 'notConnected':
      return new ServiceError('ResourceNotFoundException', `client \`${clientId}\` is not connected`);
    case 'notAuthorized':
      return new ServiceError('ForbiddenException', `client \`${clientId}\` may not receive this topic`);
    case 'busy':
      return new ServiceError('ThrottlingException', `client \`${clientId}\` has too much unacknowledged or unread`);
    case 'tooLarge':
      return new ServiceError('RequestEntityTooLargeException', `client \`${clientId}\` takes no packets so large`);
    case 'refused':
      return new ServiceError('InvalidRequestException', `client \`${clientId}\` refused the message`);
    case 'unconfirmed':
      return new ServiceError('GatewayTimeoutException', `client \`${clientId}\` has not acknowledged in time`);
  }
}
