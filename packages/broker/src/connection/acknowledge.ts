/** PUBACK, PUBREC, PUBREL and PUBCOMP: the rest of a QoS 1 or 2 exchange, in both directions. [MQTT5 4.3] */
import type { Acknowledgement } from '../codec/packet.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { Connection } from './connection.ts';

export const pubackByte = 0x40;
export const pubrecByte = 0x50;
export const pubrelByte = 0x62;
export const pubcompByte = 0x70;

/** What the client answers to the broker's publishes. */
export function handleAcknowledgement(connection: Connection, packet: Acknowledgement): void {
  const { outbound } = connection.session;
  const { packetId, reasonCode } = packet;
  if (packet.type === 'puback') return outbound.acknowledged(packetId, reasonCode);
  if (packet.type === 'pubcomp') return outbound.completed(packetId);
  const { journal } = connection.broker;
  const before = journal.position;
  const answer = outbound.received(packetId, reasonCode);
  if (answer === undefined) return;
  if (answer !== ReasonCode.success && connection.version === 5) {
    connection.send({ type: 'pubrel', packetId, reasonCode: answer, properties: undefined });
  } else {
    connection.acknowledge(pubrelByte, packetId, journal.position !== before);
  }
}

/** The client lets go of a packet id it published with; the id is free once this is stored. [MQTT-4.3.3-12] */
export function handlePubrel(connection: Connection, { packetId }: Acknowledgement): void {
  const { session, broker } = connection;
  const { journal } = broker;
  const before = journal.position;
  const known = session.received.delete(packetId);
  if (known && session.durable) journal.completed(session, packetId);
  // An unknown id may be one whose release is just being stored: then it is answered like the first time.
  if (known || connection.version === 4 || (session.durable && !journal.idle)) {
    connection.acknowledge(pubcompByte, packetId, journal.position !== before);
  } else {
    const reasonCode = ReasonCode.packetIdentifierNotFound;
    connection.send({ type: 'pubcomp', packetId, reasonCode, properties: undefined });
  }
}
