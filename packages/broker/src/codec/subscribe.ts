/** SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK. Whether a filter makes sense is `topic/`'s question. [MQTT5 3.8 to 3.11] */
import type { ProtocolVersion, QoS, Suback, Subscribe, SubscribeRequest, Unsuback, Unsubscribe } from './packet.ts';
import { decodeProperties, encodeProperties } from './properties.ts';
import { Carrier } from './property-table.ts';
import type { PacketReader } from './reader.ts';
import { malformed, protocolError } from './reason-code.ts';
import { checkReasonCode } from './reason-code-table.ts';
import type { PacketWriter } from './writer.ts';

const NO_LOCAL = 0x04;
const RETAIN_AS_PUBLISHED = 0x08;
const FAILURE_3_1_1 = 0x80;

export function decodeSubscribe(reader: PacketReader, version: ProtocolVersion): Subscribe {
  const packetId = reader.packetId();
  const properties = version === 5 ? decodeProperties(reader, Carrier.subscribe) : undefined;
  if (properties?.subscriptionIdentifiers !== undefined && properties.subscriptionIdentifiers.length > 1) {
    throw protocolError('a SUBSCRIBE has more than one subscription identifier'); // [MQTT5 3.8.2.1.2]
  }
  if (reader.remaining === 0) throw protocolError('a SUBSCRIBE has no filter'); // [MQTT-3.8.3-2]
  const requests: SubscribeRequest[] = [];
  while (reader.remaining > 0) requests.push(decodeRequest(reader, version));
  return { type: 'subscribe', packetId, requests, properties };
}

function decodeRequest(reader: PacketReader, version: ProtocolVersion): SubscribeRequest {
  const filter = reader.string();
  const options = reader.byte();
  const qos = options & 3;
  if (version === 4) {
    if (options > 2) throw malformed('a SUBSCRIBE asks for a QoS other than 0, 1 or 2'); // [MQTT 3.1.1: MQTT-3.8.3-4]
    return { filter, qos: qos as QoS, noLocal: false, retainAsPublished: false, retainHandling: 0 };
  }
  const retainHandling = (options >> 4) & 3;
  const noLocal = (options & NO_LOCAL) !== 0;
  if (options > 0x3f) throw malformed('a reserved subscription option is set'); // [MQTT-3.8.3-5]
  if (qos === 3) throw protocolError('a SUBSCRIBE asks for QoS 3'); // [MQTT5 3.8.3.1]
  if (retainHandling === 3) throw protocolError('a SUBSCRIBE asks for retain handling 3'); // [MQTT5 3.8.3.1]
  if (noLocal && filter.startsWith('$share/')) {
    throw protocolError('no-local is set on a shared subscription'); // [MQTT-3.8.3-4]
  }
  return {
    filter,
    qos: qos as QoS,
    noLocal,
    retainAsPublished: (options & RETAIN_AS_PUBLISHED) !== 0,
    retainHandling: retainHandling as 0 | 1 | 2,
  };
}

export function encodeSubscribe(writer: PacketWriter, packet: Subscribe, version: ProtocolVersion): Buffer {
  writer.begin();
  writer.uint16(packet.packetId);
  if (version === 5) encodeProperties(writer, packet.properties, Carrier.subscribe);
  for (const request of packet.requests) {
    writer.string(request.filter);
    writer.byte(version === 5 ? optionsOf(request) : request.qos);
  }
  return writer.finish(0x82);
}

function optionsOf({ qos, noLocal, retainAsPublished, retainHandling }: SubscribeRequest): number {
  return qos | (noLocal ? NO_LOCAL : 0) | (retainAsPublished ? RETAIN_AS_PUBLISHED : 0) | (retainHandling << 4);
}

export function decodeSuback(reader: PacketReader, version: ProtocolVersion): Suback {
  const packetId = reader.packetId();
  const properties = version === 5 ? decodeProperties(reader, Carrier.suback) : undefined;
  const reasonCodes: number[] = [];
  while (reader.remaining > 0) {
    const code = reader.byte();
    if (version === 5) checkReasonCode('suback', code);
    else if (code > 2 && code !== FAILURE_3_1_1) throw protocolError(`a SUBACK has the reserved return code ${code}`);
    reasonCodes.push(code);
  }
  return { type: 'suback', packetId, reasonCodes, properties };
}

/** In 3.1.1 every refusal is 0x80. [MQTT 3.1.1: 3.9.3] */
export function encodeSuback(writer: PacketWriter, packet: Suback, version: ProtocolVersion): Buffer {
  writer.begin();
  writer.uint16(packet.packetId);
  if (version === 5) encodeProperties(writer, packet.properties, Carrier.suback);
  for (const code of packet.reasonCodes) writer.byte(version === 5 ? code : Math.min(code, FAILURE_3_1_1));
  return writer.finish(0x90);
}

export function decodeUnsubscribe(reader: PacketReader, version: ProtocolVersion): Unsubscribe {
  const packetId = reader.packetId();
  const properties = version === 5 ? decodeProperties(reader, Carrier.unsubscribe) : undefined;
  if (reader.remaining === 0) throw protocolError('an UNSUBSCRIBE has no filter'); // [MQTT-3.10.3-2]
  const filters: string[] = [];
  while (reader.remaining > 0) filters.push(reader.string());
  return { type: 'unsubscribe', packetId, filters, properties };
}

export function encodeUnsubscribe(writer: PacketWriter, packet: Unsubscribe, version: ProtocolVersion): Buffer {
  writer.begin();
  writer.uint16(packet.packetId);
  if (version === 5) encodeProperties(writer, packet.properties, Carrier.unsubscribe);
  for (const filter of packet.filters) writer.string(filter);
  return writer.finish(0xa2);
}

export function decodeUnsuback(reader: PacketReader, version: ProtocolVersion): Unsuback {
  const packetId = reader.packetId();
  const reasonCodes: number[] = [];
  if (version === 4) return { type: 'unsuback', packetId, reasonCodes, properties: undefined };
  const properties = decodeProperties(reader, Carrier.unsuback);
  while (reader.remaining > 0) {
    const code = reader.byte();
    checkReasonCode('unsuback', code);
    reasonCodes.push(code);
  }
  return { type: 'unsuback', packetId, reasonCodes, properties };
}

/** In 3.1.1 it has no payload. [MQTT 3.1.1: 3.11.3] */
export function encodeUnsuback(writer: PacketWriter, packet: Unsuback, version: ProtocolVersion): Buffer {
  writer.begin();
  writer.uint16(packet.packetId);
  if (version === 5) {
    encodeProperties(writer, packet.properties, Carrier.unsuback);
    for (const code of packet.reasonCodes) writer.byte(code);
  }
  return writer.finish(0xb0);
}
