/** A message → the bytes this client gets: the shape all share where that fits, its own where something is the client's alone. */
import type { Properties, QoS } from '../codec/packet.ts';
import type { Encoded, Publication } from '../router/publication.ts';
import type { Connection } from './connection.ts';

/**
 * Writes a PUBLISH to the client; `packetId` is 0 at QoS 0. False if the packet is larger than the client accepts, which
 * counts as delivered. [MQTT-3.1.2-24, MQTT-3.1.2-25]
 */
export function sendPublish(
  connection: Connection,
  publication: Publication,
  qos: QoS,
  retain: boolean,
  identifiers: readonly number[] | undefined,
  packetId: number,
  dup: boolean,
): boolean {
  const own = connection.version === 5 && isOwn(connection, publication, identifiers);
  const encoded = own
    ? encodeOwn(connection, publication, qos, retain, identifiers)
    : publication.encoded(connection.version, qos, retain);
  if (encoded === undefined || encoded.end - encoded.start > connection.maximumPacketSize) {
    connection.dropped(publication.topic, 'packetTooLarge');
    return false;
  }
  connection.output.copy(encoded.bytes, encoded.start, encoded.end, encoded.idOffset, packetId, dup);
  connection.broker.metrics.messagesOut += 1;
  return true;
}

function isOwn(connection: Connection, publication: Publication, identifiers: readonly number[] | undefined): boolean {
  return (
    identifiers !== undefined ||
    connection.outboundAliases !== undefined ||
    (publication.properties?.messageExpiryInterval !== undefined && publication.waited(connection.broker.now()) > 0)
  );
}

function encodeOwn(
  connection: Connection,
  publication: Publication,
  qos: QoS,
  retain: boolean,
  identifiers: readonly number[] | undefined,
): Encoded | undefined {
  const properties: Properties = { ...publication.properties };
  if (identifiers !== undefined) properties.subscriptionIdentifiers = identifiers;
  if (properties.messageExpiryInterval !== undefined) {
    // What is left of it is what the receiver is told. [MQTT-3.3.2-6]
    properties.messageExpiryInterval = Math.max(
      0,
      properties.messageExpiryInterval - publication.waited(connection.broker.now()),
    );
  }
  const aliases = connection.outboundAliases;
  const known = aliases?.get(publication.topic);
  if (aliases === undefined || (known === undefined && aliases.size >= connection.outboundAliasMaximum)) {
    return publication.encodeFor(5, qos, retain, properties, publication.topic);
  }
  properties.topicAlias = known ?? aliases.size + 1;
  const topic = known === undefined ? publication.topic : '';
  const encoded = publication.encodeFor(5, qos, retain, properties, topic);
  // An alias the client never hears of must not be used.
  if (encoded.end > connection.maximumPacketSize) return undefined;
  if (known === undefined) aliases.set(publication.topic, properties.topicAlias);
  return encoded;
}
