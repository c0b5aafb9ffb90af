/** PUBLISH from the client: the broker's main street. [MQTT5 3.3, 4.3] */
import { decodePublish } from '../codec/decode.ts';
import type { Properties, Publish, UserProperties } from '../codec/packet.ts';
import { MqttError, protocolError, ReasonCode } from '../codec/reason-code.ts';
import type { Profile } from '../profile.ts';
import { Publication } from '../router/publication.ts';
import type { Route } from '../router/route.ts';
import type { Session } from '../session/session.ts';
import { checkTopicName } from '../topic/topic.ts';
import { pubackByte, pubrecByte } from './acknowledge.ts';
import type { Connection } from './connection.ts';
import { reasonOfDenial, reasonProperties } from './reason.ts';
import { checkTopicLimits } from './topic-limits.ts';

/** The PUBLISH that is `buffer[packetStart..end)`. Throws `MqttError` for what ends the connection. */
export function handlePublish(
  connection: Connection,
  firstByte: number,
  buffer: Buffer,
  packetStart: number,
  bodyStart: number,
  end: number,
): void {
  const { broker, session } = connection;
  const packet = decodePublish(firstByte, buffer, bodyStart, end, connection.version);
  const { qos, packetId } = packet;
  const topic = packet.properties === undefined ? packet.topic : resolveTopic(connection, packet);
  checkPublish(connection, packet);
  if (qos === 2 && session.received.has(packetId)) return repeatPubrec(connection, packet);
  if (connection.rate?.isOverPublishes(connection.readAt)) return discard(connection, packet, topic);

  const route = session.realm.routeFor(topic, connection.routes, connection.clientId);
  if (!mayPass(connection, packet, route)) return;
  const publication = toPublication(connection, packet, topic, buffer, packetStart, bodyStart, end);
  const { journal } = broker;
  const before = journal.position;
  const handled = session.realm.route(publication, route);
  if (qos === 2) noteReceived(session, packetId, handled);
  if (handled !== undefined) return acknowledgeHandled(connection, packet, handled);
  if (qos !== 0) connection.acknowledge(qos === 1 ? pubackByte : pubrecByte, packetId, journal.position !== before);
}

/** Whether the message may be routed; if not, the client has been answered. */
function mayPass(connection: Connection, packet: Publish, route: Route): boolean {
  const { broker, session } = connection;
  const { retain, payload, properties } = packet;
  if (!route.checked) {
    const fault = faultOfTopic(broker.profile, route.topic);
    if (fault !== undefined) {
      refuse(connection, packet, fault.reasonCode, fault.message, 'CLIENT_ERROR');
      return false;
    }
    route.checked = true;
  }
  if (!route.mayPublish(connection.authorizer, retain)) {
    deny(connection, packet, route.topic);
    return false;
  }
  if (retain && !session.realm.retained.hasRoom({ topic: route.topic, payload, properties })) {
    refuse(connection, packet, ReasonCode.quotaExceeded, 'no more messages can be retained', 'CLIENT_ERROR');
    return false;
  }
  return true;
}

/** The message in the packet, with the packet's own bytes where they may be forwarded as they are. */
function toPublication(
  connection: Connection,
  { topic: ownTopic, payload, qos, retain, dup, properties }: Publish,
  topic: string,
  buffer: Buffer,
  packetStart: number,
  bodyStart: number,
  end: number,
): Publication {
  const { readAt, publisher, version, authorizer } = connection;
  const { userProperties: added } = authorizer;
  const travels = added === undefined ? travelling(properties) : withUserProperties(travelling(properties), added);
  const publication = new Publication(topic, payload, qos, retain, travels, readAt, publisher, false);
  // DUP says something about this hop alone, an alias too. [MQTT-3.3.1-3]
  if (ownTopic.length > 0 && !dup && properties?.topicAlias === undefined && added === undefined) {
    const idOffset = bodyStart - packetStart + 2 + ((buffer[bodyStart]! << 8) | buffer[bodyStart + 1]!);
    publication.fromPacket(version, buffer, packetStart, end, idOffset);
  }
  return publication;
}

/** The topic, be it in the packet or behind an alias. [MQTT-3.3.2-7..12] */
function resolveTopic(connection: Connection, { topic, properties }: Publish): string {
  const alias = properties!.topicAlias;
  if (properties!.subscriptionIdentifiers !== undefined) throw protocolError('PUBLISH with a subscription identifier'); // [MQTT-3.3.4-6]
  if (alias === undefined) return topic;
  if (alias > connection.broker.profile.topicAliasMaximum) {
    throw new MqttError(ReasonCode.topicAliasInvalid, `topic alias ${alias} is above the maximum`);
  }
  connection.inboundAliases ??= new Map();
  if (topic.length > 0) {
    connection.inboundAliases.set(alias, topic);
    return topic;
  }
  const known = connection.inboundAliases.get(alias);
  if (known === undefined) throw protocolError(`topic alias ${alias} was never set`); // [MQTT5 3.3.4]
  return known;
}

/** What ends the connection whatever the topic. */
function checkPublish(connection: Connection, { qos, retain, payload, packetId, properties }: Publish): void {
  const { profile } = connection.broker;
  if (qos > profile.maximumQoS) throw new MqttError(ReasonCode.qosNotSupported, `QoS ${qos} is not supported`); // [MQTT-3.2.2-11]
  if (retain && !profile.retainAvailable) throw new MqttError(ReasonCode.retainNotSupported, 'retain is not supported'); // [MQTT-3.2.2-14]
  if (profile.maxPayloadBytes > 0 && payload.length > profile.maxPayloadBytes) {
    throw new MqttError(ReasonCode.packetTooLarge, `a payload has at most ${profile.maxPayloadBytes} bytes`);
  }
  if (properties?.userProperties !== undefined) checkUserProperties(properties.userProperties, profile);
  if (qos !== 0 && connection.version === 5) {
    const { received } = connection.session;
    const unacknowledged = connection.unacknowledged + received.size - connection.receivedBefore;
    if (unacknowledged >= profile.receiveMaximum && !received.has(packetId)) {
      throw new MqttError(
        ReasonCode.receiveMaximumExceeded,
        `more than ${profile.receiveMaximum} publishes unacknowledged`,
      ); // [MQTT-3.3.4-7]
    }
  }
}

function checkUserProperties(userProperties: NonNullable<Properties['userProperties']>, profile: Profile): void {
  if (profile.maxUserPropertyBytes === 0) return;
  let bytes = 0;
  for (const [name, value] of userProperties) bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  if (bytes > profile.maxUserPropertyBytes) {
    throw new MqttError(ReasonCode.quotaExceeded, `user properties have at most ${profile.maxUserPropertyBytes} bytes`);
  }
}

function faultOfTopic(profile: Profile, topic: string): MqttError | undefined {
  try {
    checkTopicName(topic);
    checkTopicLimits(profile, topic, ReasonCode.topicNameInvalid);
    return undefined;
  } catch (error) {
    if (error instanceof MqttError) return error;
    throw error;
  }
}

/** The properties that go on with the message: all but the alias, which was between this client and the broker. */
function travelling(properties: Properties | undefined): Properties | undefined {
  if (properties?.topicAlias === undefined) return properties;
  const { topicAlias: _, ...rest } = properties;
  return Object.keys(rest).length > 0 ? rest : undefined;
}

const withUserProperties = (properties: Properties | undefined, added: UserProperties): Properties => ({
  ...properties,
  userProperties: properties?.userProperties === undefined ? added : [...properties.userProperties, ...added],
});

/** The message is here already: only its PUBREC was lost, or is still to come. [MQTT-4.3.3-10] */
function repeatPubrec(connection: Connection, packet: Publish): void {
  const handled = connection.session.received.get(packet.packetId);
  if (handled === undefined) connection.acknowledge(pubrecByte, packet.packetId, false);
  else acknowledgeHandled(connection, packet, handled);
}

/**
 * Notes a QoS 2 packet id. It is stored when the message has been handled: after a crash before that, and after a failure, the client's
 * repetition is handled anew.
 */
function noteReceived(session: Session, packetId: number, handled: Promise<unknown> | undefined): void {
  const { received, realm } = session;
  const store = (): void => {
    if (session.durable) realm.broker.journal.received(session, packetId);
  };
  received.set(packetId, handled);
  if (handled === undefined) return store();
  handled.then(
    () => {
      if (received.get(packetId) !== handled) return;
      received.set(packetId, undefined);
      store();
    },
    () => {
      if (received.get(packetId) === handled) received.delete(packetId);
    },
  );
}

/** A handler takes its time: the acknowledgement follows it, and what was stored meanwhile. */
function acknowledgeHandled(connection: Connection, packet: Publish, handled: Promise<unknown>): void {
  const { broker } = connection;
  const { qos, packetId, topic } = packet;
  const { turn } = broker.flusher;
  if (qos === 1) connection.awaitAcknowledgement();
  handled.then(
    () => {
      if (qos !== 0 && connection.mayAnswer) {
        connection.acknowledge(qos === 1 ? pubackByte : pubrecByte, packetId, !broker.journal.idle, turn);
      }
      if (qos === 1) connection.acknowledged();
    },
    error => {
      broker.handlerFailed(error, topic);
      // 3.1.1 cannot be told: without an acknowledgement its client sends the message again after it reconnects.
      if (qos !== 0 && connection.version === 5 && connection.mayAnswer) {
        answer(connection, packet, ReasonCode.implementationSpecificError, 'the message could not be handled');
      }
      if (qos === 1) connection.acknowledged();
    },
  );
}

function deny(connection: Connection, packet: Publish, topic: string): void {
  const { broker } = connection;
  broker.metrics.publishDenied += 1;
  broker.observer.denied?.(connection, 'publish', topic);
  refuse(connection, packet, ReasonCode.notAuthorized, reasonOfDenial(connection, 'publish', topic), 'AUTH_ERROR');
}

function discard(connection: Connection, packet: Publish, topic: string): void {
  connection.dropped(topic, 'rateExceeded');
  if (connection.version === 5 && packet.qos !== 0) {
    answer(connection, packet, ReasonCode.quotaExceeded, 'publishing too fast');
  }
}

/** Refuses one message in the way the client's version and the profile have for it. */
function refuse(
  connection: Connection,
  packet: Publish,
  reasonCode: ReasonCode,
  reason: string,
  disconnectReason: 'AUTH_ERROR' | 'CLIENT_ERROR',
): void {
  const { publishDenied311, publishDeniedQoS0 } = connection.broker.profile;
  const { qos, packetId } = packet;
  if (connection.version === 5) {
    if (qos !== 0) return answer(connection, packet, reasonCode, reason);
    if (publishDeniedQoS0 === 'discard') return;
  } else if (publishDenied311 === 'discard') {
    if (qos !== 0) connection.acknowledge(qos === 1 ? pubackByte : pubrecByte, packetId, false);
    return;
  }
  connection.end({ disconnectReason, reasonCode, reason });
}

/** PUBACK or PUBREC with a reason code; the packet id is free again. [MQTT5 4.3.2, 4.3.3] */
function answer(connection: Connection, { qos, packetId }: Publish, reasonCode: ReasonCode, reason: string): void {
  const properties = reasonProperties(connection, reason);
  connection.send({ type: qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode, properties });
}
