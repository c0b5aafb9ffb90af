/** From the first packet to the CONNACK: what a client asks for, whether it may, and what it gets. [MQTT5 3.1, 3.2] */
import { randomUUID } from 'node:crypto';
import { decodePacket } from '../codec/decode.ts';
import type { Connack, Connect, Properties } from '../codec/packet.ts';
import { MqttError, protocolError, ReasonCode } from '../codec/reason-code.ts';
import type { Profile } from '../profile.ts';
import { openSession } from '../session/lifecycle.ts';
import { checkTopicName } from '../topic/topic.ts';
import type { Admission, Refusal } from './authenticator.ts';
import { type Connection, Hold, Phase } from './connection.ts';
import { finalReason } from './reason.ts';
import { checkTopicLimits } from './topic-limits.ts';

/** MQTT 3.1 sets it on any packet that is sent again. [MQTT 3.1: 2.1] */
const dupFlag = 0x08;

/** Takes the first packet of a connection. Throws `MqttError` if it is no good CONNECT. */
export function beginConnect(
  connection: Connection,
  firstByte: number,
  buffer: Buffer,
  start: number,
  end: number,
): void {
  if (firstByte >> 4 !== 1) throw protocolError('the first packet is not a CONNECT'); // [MQTT-3.1.0-1]
  // Will, password and the rest live on, so they are views of a copy, not of the read buffer.
  const body = Buffer.from(buffer.subarray(start, end));
  if (body.toString('latin1', 2, 6) === 'MQTT' && body[6] === 5) connection.version = 5; // so that a bad one is answered as such
  const packet = decodePacket(firstByte, body, 0, body.length, 4);
  if (packet.type !== 'connect') throw protocolError('the first packet is not a CONNECT');
  connection.version = packet.protocolVersion;
  connection.reader.protocolVersion = packet.protocolVersion;
  if (packet.isMqtt31) connection.ignoredFlags = dupFlag;
  connection.reader.maximumPacketSize = connection.broker.profile.maxPacketBytes;
  connection.problemInformation = packet.properties?.requestProblemInformation ?? true;
  connection.maximumPacketSize = packet.properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
  const refusal = refusalOf(connection, packet);
  if (refusal !== undefined) return refuse(connection, packet, refusal);
  const connect = packet.clientId === '' ? { ...packet, clientId: randomUUID() } : packet;
  const isAssigned = connect !== packet;

  const decision = connection.broker.authenticator.authenticate(connect, connection.origin);
  if (!(decision instanceof Promise)) return decide(connection, connect, isAssigned, decision);
  connection.phase = Phase.authenticating;
  connection.hold(Hold.authenticating);
  decision
    .then(
      answer => decide(connection, connect, isAssigned, answer),
      error => {
        connection.broker.observer.failed?.(error, 'authenticator');
        const reason = 'the authenticator failed';
        refuse(connection, connect, { admitted: false, reasonCode: ReasonCode.serverUnavailable, reason });
      },
    )
    // As where the decision came at once: a fault of ours ends one connection, not the program.
    .catch(error => connection.fail(error));
}

/** What arrived instead of a CONNECT, or one that cannot be parsed. */
export function refuseBadConnect(connection: Connection, refusal: Refusal): void {
  const { broker } = connection;
  broker.observer.connectFailed?.(undefined, connection.origin, refusal);
  // 3.1.1 has an answer for one fault only: a version we do not speak. [MQTT-3.1.2-2]
  if (refusal.reasonCode === ReasonCode.unsupportedProtocolVersion || connection.version === 5) {
    connection.send({ type: 'connack', sessionPresent: false, reasonCode: refusal.reasonCode, properties: undefined });
  }
  connection.end({ disconnectReason: 'CLIENT_ERROR', reasonCode: refusal.reasonCode, reason: refusal.reason });
}

function decide(connection: Connection, connect: Connect, isAssigned: boolean, decision: Admission | Refusal): void {
  if (connection.phase === Phase.ended) return;
  if (!decision.admitted) return refuse(connection, connect, decision);
  const wasHeld = connection.phase === Phase.authenticating;
  accept(connection, connect, isAssigned, decision);
  if (!wasHeld || !connection.isConnected) return;
  connection.release(Hold.authenticating);
  connection.replayEarly();
}

function refuse(connection: Connection, connect: Connect, refusal: Refusal): void {
  const { broker } = connection;
  if (connection.phase === Phase.ended) return;
  const { reasonCode, reason } = refusal;
  broker.metrics.connectDenied += 1;
  broker.observer.connectFailed?.(connect, connection.origin, refusal);
  connection.send({ type: 'connack', sessionPresent: false, reasonCode, properties: finalReason(connection, reason) });
  connection.end({ disconnectReason: 'AUTH_ERROR', reasonCode, reason });
}

/** What the profile and the protocol refuse, whoever it is. */
function refusalOf(connection: Connection, connect: Connect): Refusal | undefined {
  const { profile, metrics } = connection.broker;
  const { clientId, will, properties, protocolVersion, isMqtt31, cleanStart } = connect;
  const refusal = (reasonCode: ReasonCode, reason: string): Refusal => ({ admitted: false, reasonCode, reason });
  if (isMqtt31 && !profile.mqtt31Available) {
    return refusal(ReasonCode.unsupportedProtocolVersion, 'MQTT 3.1 is not supported'); // [MQTT-3.1.2-2]
  }
  if (properties?.authenticationMethod !== undefined) {
    return refusal(ReasonCode.badAuthenticationMethod, 'enhanced authentication is not supported'); // [MQTT-4.12.0-1]
  }
  if (profile.maxConnections > 0 && metrics.connections >= profile.maxConnections) {
    return refusal(ReasonCode.serverBusy, `at most ${profile.maxConnections} clients may be connected`);
  }
  if (clientId === '' && isMqtt31) return refusal(ReasonCode.clientIdentifierNotValid, 'MQTT 3.1 needs a client id');
  if (clientId === '' && protocolVersion === 4 && !cleanStart) {
    return refusal(ReasonCode.clientIdentifierNotValid, 'a client without a client id needs a clean session'); // [MQTT-3.1.3-8]
  }
  if (profile.maxClientIdBytes > 0 && Buffer.byteLength(clientId) > profile.maxClientIdBytes) {
    const reason = `a client id has at most ${profile.maxClientIdBytes} bytes`;
    return refusal(ReasonCode.clientIdentifierNotValid, reason);
  }
  if (will === undefined) return undefined;
  if (will.qos > profile.maximumQoS) return refusal(ReasonCode.qosNotSupported, `a will of QoS ${will.qos}`); // [MQTT-3.2.2-12]
  if (will.retain && !profile.retainAvailable) return refusal(ReasonCode.retainNotSupported, 'a retained will'); // [MQTT-3.2.2-13]
  if (profile.maxPayloadBytes > 0 && will.payload.length > profile.maxPayloadBytes) {
    return refusal(ReasonCode.packetTooLarge, `a payload has at most ${profile.maxPayloadBytes} bytes`);
  }
  try {
    checkTopicName(will.topic);
    checkTopicLimits(profile, will.topic, ReasonCode.topicNameInvalid);
    return undefined;
  } catch (error) {
    if (error instanceof MqttError) return refusal(error.reasonCode, error.message);
    throw error;
  }
}

function accept(connection: Connection, connect: Connect, isAssigned: boolean, admission: Admission): void {
  const { broker } = connection;
  const { profile } = broker;
  const { clientId, cleanStart, properties } = connect;
  const { principal, authorizer } = admission;
  const realm = broker.openRealm(admission.realm);
  const { maxSessions } = profile;
  if (maxSessions > 0 && realm.sessions.size >= maxSessions && !realm.sessions.has(clientId)) {
    const reason = `at most ${maxSessions} sessions are kept`;
    return refuse(connection, connect, { admitted: false, reasonCode: ReasonCode.quotaExceeded, reason });
  }
  const connack: Connack = {
    type: 'connack',
    sessionPresent: false,
    reasonCode: ReasonCode.success,
    properties: connect.protocolVersion === 5 ? grantedTo(connect, profile, isAssigned, admission) : undefined,
  };
  if (!connection.takes(connack)) {
    const reason = 'the client takes no packet as large as its CONNACK';
    return refuse(connection, connect, { admitted: false, reasonCode: ReasonCode.packetTooLarge, reason });
  }
  realm.sessions.get(clientId)?.connection?.end({
    disconnectReason: 'DUPLICATE_CLIENTID',
    reasonCode: ReasonCode.sessionTakenOver,
    reason: 'another client connected with this client id',
  });
  const expiry = agreedExpiry(profile, connect);
  const { session, present } = openSession(realm, clientId, principal, cleanStart, expiry);
  session.connection = connection;
  broker.lostWills.forget(realm, clientId);
  if (connect.will !== undefined) broker.journal.will(session, connect.will);
  connection.session = session;
  connection.authorizer = authorizer;
  connection.principal = principal;
  connection.publisher = { clientId, principal };
  connection.cleanStart = cleanStart;
  connection.will = connect.will;
  connection.keepAlive = agreedKeepAlive(profile, connect.keepAlive);
  connection.connectedAt = connection.packetAt = connection.readAt;
  connection.receivedBefore = session.received.size;
  connection.window = Math.min(properties?.receiveMaximum ?? 65_535, profile.maxInflight);
  connection.outboundAliasMaximum = Math.min(properties?.topicAliasMaximum ?? 0, profile.maxOutboundTopicAliases);
  if (connection.outboundAliasMaximum > 0) connection.outboundAliases = new Map();
  connection.phase = Phase.connected;
  broker.entered(connection);
  // MQTT 3.1 has no such flag yet: its first byte is reserved.
  connection.send({ ...connack, sessionPresent: present && !connect.isMqtt31 });
  // What was in flight goes first: an observer that publishes would find the window of a session not yet resumed.
  if (present) session.outbound.resume(connection);
  broker.observer.connected?.(connection);
}

/** Seconds the session outlives the connection. 3.1.1 says only whether it does. [MQTT5 3.1.2.11.2] */
function agreedExpiry(profile: Profile, { protocolVersion, cleanStart, properties }: Connect): number {
  if (protocolVersion === 4) return cleanStart ? 0 : profile.persistentSessionExpiry;
  return Math.min(properties?.sessionExpiryInterval ?? 0, profile.maxSessionExpiry);
}

function agreedKeepAlive({ minKeepAlive, maxKeepAlive }: Profile, keepAlive: number): number {
  if (maxKeepAlive > 0 && (keepAlive === 0 || keepAlive > maxKeepAlive)) return maxKeepAlive;
  return keepAlive > 0 && keepAlive < minKeepAlive ? minKeepAlive : keepAlive;
}

/** What the client must know because it differs from MQTT's default or from what it asked for. [MQTT5 3.2.2.3] */
function grantedTo(connect: Connect, profile: Profile, isAssigned: boolean, admission: Admission): Properties {
  const sessionExpiryInterval = agreedExpiry(profile, connect);
  const keepAlive = agreedKeepAlive(profile, connect.keepAlive);
  const properties: Properties = {};
  if (sessionExpiryInterval !== (connect.properties?.sessionExpiryInterval ?? 0)) {
    properties.sessionExpiryInterval = sessionExpiryInterval;
  }
  if (connect.properties?.requestResponseInformation && admission.responseInformation !== undefined) {
    properties.responseInformation = admission.responseInformation; // [MQTT-3.1.2-28]
  }
  if (isAssigned) properties.assignedClientIdentifier = connect.clientId;
  if (keepAlive !== connect.keepAlive) properties.serverKeepAlive = keepAlive;
  if (profile.receiveMaximum < 65_535) properties.receiveMaximum = profile.receiveMaximum;
  if (profile.maximumQoS < 2) properties.maximumQoS = profile.maximumQoS;
  if (!profile.retainAvailable) properties.retainAvailable = false;
  if (profile.maxPacketBytes < 268_435_460) properties.maximumPacketSize = profile.maxPacketBytes;
  if (profile.topicAliasMaximum > 0) properties.topicAliasMaximum = profile.topicAliasMaximum;
  if (!profile.wildcardSubscriptionAvailable) properties.wildcardSubscriptionAvailable = false;
  if (!profile.subscriptionIdentifiersAvailable) properties.subscriptionIdentifiersAvailable = false;
  if (!profile.sharedSubscriptionAvailable) properties.sharedSubscriptionAvailable = false;
  return properties;
}
