/** DISCONNECT and AUTH: a reason code and properties, both of which may be left out. [MQTT5 3.14, 3.15] */
import type { Auth, Disconnect, Properties, ProtocolVersion } from './packet.ts';
import { decodeProperties, encodeProperties } from './properties.ts';
import { Carrier } from './property-table.ts';
import type { PacketReader } from './reader.ts';
import { malformed, ReasonCode } from './reason-code.ts';
import { checkReasonCode } from './reason-code-table.ts';
import type { PacketWriter } from './writer.ts';

export function decodeDisconnect(reader: PacketReader, version: ProtocolVersion): Disconnect {
  if (version === 4) return { type: 'disconnect', reasonCode: ReasonCode.normalDisconnection, properties: undefined };
  return decodeReason(reader, 'disconnect');
}

export function decodeAuth(reader: PacketReader, version: ProtocolVersion): Auth {
  if (version === 4) throw malformed('MQTT 3.1.1 has no packet of type 15');
  return decodeReason(reader, 'auth');
}

function decodeReason<T extends 'disconnect' | 'auth'>(
  reader: PacketReader,
  type: T,
): { type: T; reasonCode: number; properties: Properties | undefined } {
  let reasonCode: number = ReasonCode.success;
  let properties: Properties | undefined;
  if (reader.remaining > 0) {
    reasonCode = reader.byte();
    checkReasonCode(type, reasonCode);
    if (reader.remaining > 0) properties = decodeProperties(reader, Carrier[type]);
  }
  return { type, reasonCode, properties };
}

export function encodeDisconnect(writer: PacketWriter, packet: Disconnect, version: ProtocolVersion): Buffer {
  writer.begin();
  if (version === 5) encodeReason(writer, packet);
  return writer.finish(0xe0);
}

export function encodeAuth(writer: PacketWriter, packet: Auth, version: ProtocolVersion): Buffer {
  if (version === 4) throw new TypeError('MQTT 3.1.1 has no AUTH packet');
  writer.begin();
  encodeReason(writer, packet);
  return writer.finish(0xf0);
}

function encodeReason(writer: PacketWriter, { type, reasonCode, properties }: Disconnect | Auth): void {
  if (reasonCode === ReasonCode.success && properties === undefined) return;
  writer.byte(reasonCode);
  if (properties !== undefined) encodeProperties(writer, properties, Carrier[type]);
}
