/** PUBACK, PUBREC, PUBREL and PUBCOMP: one layout, four meanings. [MQTT5 3.4 to 3.7] */
import type { Acknowledgement, Properties, ProtocolVersion } from './packet.ts';
import { decodeProperties, encodeProperties } from './properties.ts';
import { Carrier } from './property-table.ts';
import type { PacketReader } from './reader.ts';
import { ReasonCode } from './reason-code.ts';
import { checkReasonCode } from './reason-code-table.ts';
import type { PacketWriter } from './writer.ts';

const firstBytes = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;

export function decodeAcknowledgement(
  reader: PacketReader,
  type: Acknowledgement['type'],
  version: ProtocolVersion,
): Acknowledgement {
  const packetId = reader.packetId();
  let reasonCode: number = ReasonCode.success;
  let properties: Properties | undefined;
  // Success is left out when nothing follows it, and so is an empty property section. [MQTT5 3.4.2.1, 3.4.2.2.1]
  if (version === 5 && reader.remaining > 0) {
    reasonCode = reader.byte();
    if (reasonCode !== ReasonCode.success) checkReasonCode(type, reasonCode);
    if (reader.remaining > 0) properties = decodeProperties(reader, Carrier[type]);
  }
  return { type, packetId, reasonCode, properties };
}

export function encodeAcknowledgement(writer: PacketWriter, packet: Acknowledgement, version: ProtocolVersion): Buffer {
  writer.begin();
  writer.uint16(packet.packetId);
  if (version === 5 && (packet.reasonCode !== ReasonCode.success || packet.properties !== undefined)) {
    writer.byte(packet.reasonCode);
    if (packet.properties !== undefined) encodeProperties(writer, packet.properties, Carrier[packet.type]);
  }
  return writer.finish(firstBytes[packet.type]);
}
