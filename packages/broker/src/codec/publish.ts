/** PUBLISH, the packet a broker handles most: no step here that each one does not need. [MQTT5 3.3] */
import type { Properties, ProtocolVersion, Publish, QoS } from './packet.ts';
import { decodeProperties, encodeProperties } from './properties.ts';
import { Carrier } from './property-table.ts';
import { PacketReader } from './reader.ts';
import { MqttError, malformed, protocolError, ReasonCode } from './reason-code.ts';
import type { RecentTopics } from './recent-topics.ts';
import { decodeTopicName } from './text.ts';
import { variableByteIntegerLength, writer, writeVariableByteInteger } from './writer.ts';

/**
 * The PUBLISH whose body is `buffer[start..end)`; the payload is a view. Throws `MqttError`.
 *
 * A connection that passes its `recent` topics gets a name it has used before as the same string, and sooner.
 */
export function decodePublish(
  firstByte: number,
  buffer: Buffer,
  start: number,
  end: number,
  version: ProtocolVersion,
  recent?: RecentTopics,
): Publish {
  const qos = (firstByte >> 1) & 3;
  const dup = (firstByte & 8) !== 0;
  if (qos === 3) throw malformed('a PUBLISH has QoS 3'); // [MQTT-3.3.1-4]
  if (dup && qos === 0) throw malformed('a PUBLISH of QoS 0 has DUP set'); // [MQTT-3.3.1-2]
  const topicStart = start + 2;
  if (topicStart > end) throw malformed('the packet ends inside a field');
  let position = topicStart + ((buffer[start]! << 8) | buffer[start + 1]!);
  if (position > end) throw malformed('the packet ends inside a field');
  const topic =
    recent === undefined ? decodeTopicName(buffer, topicStart, position) : recent.decode(buffer, topicStart, position);
  let packetId = 0;
  if (qos !== 0) {
    if (position + 2 > end) throw malformed('the packet ends inside a field');
    packetId = (buffer[position]! << 8) | buffer[position + 1]!;
    if (packetId === 0) throw protocolError('a PUBLISH has packet id 0'); // [MQTT-2.2.1-3]
    position += 2;
  }
  let properties: Properties | undefined;
  if (version === 5) {
    if (position < end && buffer[position] === 0) {
      position += 1;
    } else {
      const reader = new PacketReader(buffer, position, end);
      properties = decodeProperties(reader, Carrier.publish);
      position = reader.position;
    }
  }
  if (topic.length === 0 && properties?.topicAlias === undefined) throw noTopic(version);
  return {
    type: 'publish',
    topic,
    qos: qos as QoS,
    retain: (firstByte & 1) !== 0,
    dup,
    packetId,
    payload: buffer.subarray(position, end),
    properties,
  };
}

function noTopic(version: ProtocolVersion): MqttError {
  return version === 5
    ? protocolError('a PUBLISH has neither a topic nor a topic alias') // [MQTT5 3.3.2.1]
    : new MqttError(ReasonCode.topicNameInvalid, 'a PUBLISH has an empty topic'); // [MQTT-4.7.3-1]
}

/** What a PUBLISH says apart from its packet id. */
export interface PublishFields {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  /** To one receiver; may hold a topic alias and subscription identifiers. */
  readonly properties: Properties | undefined;
}

export interface EncodedPublish {
  /** A packet of its own with packet id 0; DUP is bit 3 of the first byte. */
  readonly bytes: Buffer;
  /** Where its two-byte packet id is; -1 at QoS 0. */
  readonly packetIdOffset: number;
}

/** Encodes a PUBLISH once for every receiver it has the same shape for; each patches its packet id into a copy. */
export function encodePublish(fields: PublishFields, version: ProtocolVersion): EncodedPublish {
  const { topic, payload, qos, retain, dup, properties } = fields;
  const topicLength = utf8Length(topic);
  if (topicLength > 65_535) throw new RangeError(`a topic of ${topicLength} bytes does not fit a packet`);
  const section = version === 5 && properties !== undefined ? encodeSection(properties) : undefined;
  const sectionLength = section !== undefined ? section.length : version === 5 ? 1 : 0;
  const length = 2 + topicLength + (qos === 0 ? 0 : 2) + sectionLength + payload.length;
  const bytes = Buffer.allocUnsafe(1 + variableByteIntegerLength(length) + length);
  bytes[0] = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  let position = writeVariableByteInteger(bytes, 1, length);
  bytes[position] = topicLength >> 8;
  bytes[position + 1] = topicLength & 0xff;
  position += 2;
  if (topicLength === topic.length) bytes.write(topic, position, 'latin1');
  else bytes.write(topic, position, 'utf8');
  position += topicLength;
  const packetIdOffset = qos === 0 ? -1 : position;
  if (qos !== 0) {
    bytes[position] = 0;
    bytes[position + 1] = 0;
    position += 2;
  }
  if (section !== undefined) bytes.set(section, position);
  else if (sectionLength === 1) bytes[position] = 0;
  bytes.set(payload, position + sectionLength);
  return { bytes, packetIdOffset };
}

/** A view of the writer's scratch, good until the next packet is encoded. */
function encodeSection(properties: Properties): Buffer {
  writer.begin();
  encodeProperties(writer, properties, Carrier.publish);
  return writer.body();
}

function utf8Length(text: string): number {
  return Buffer.byteLength(text);
}
