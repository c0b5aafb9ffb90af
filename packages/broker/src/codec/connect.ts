/** CONNECT and CONNACK. [MQTT5 3.1, 3.2] */
import type { Connack, Connect, ProtocolVersion, QoS, Will } from './packet.ts';
import { decodeProperties, encodeProperties } from './properties.ts';
import { Carrier } from './property-table.ts';
import type { PacketReader } from './reader.ts';
import {
  connackReturnCode,
  MqttError,
  malformed,
  protocolError,
  ReasonCode,
  reasonCodeOfReturnCode,
} from './reason-code.ts';
import { checkReasonCode } from './reason-code-table.ts';
import type { PacketWriter } from './writer.ts';

const CLEAN_START = 0x02;
const WILL = 0x04;
const WILL_RETAIN = 0x20;
const PASSWORD = 0x40;
const USERNAME = 0x80;

/**
 * Throws `MqttError(unsupportedProtocolVersion)` for another protocol name or level, before anything else is read, since
 * what follows may mean something else there. [MQTT-3.1.2-1, MQTT-3.1.2-2]
 */
export function decodeConnect(reader: PacketReader): Connect {
  const { version, isMqtt31 } = decodeProtocol(reader);
  const flags = reader.byte();
  if ((flags & 1) !== 0) throw malformed('the reserved CONNECT flag is set'); // [MQTT-3.1.2-3]
  if (version === 4 && (flags & (USERNAME | PASSWORD)) === PASSWORD) {
    throw malformed('a CONNECT has a password without a user name'); // [MQTT 3.1.1: MQTT-3.1.2-22]
  }
  const keepAlive = reader.uint16();
  const properties = version === 5 ? decodeProperties(reader, Carrier.connect) : undefined;
  if (properties?.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw protocolError('a CONNECT has authentication data without a method'); // [MQTT5 3.1.2.11.10]
  }
  const clientId = reader.string();
  const will = decodeWill(reader, flags, version);
  const username = (flags & USERNAME) !== 0 ? reader.string() : undefined;
  const password = (flags & PASSWORD) !== 0 ? reader.binary() : undefined;
  return {
    type: 'connect',
    protocolVersion: version,
    ...(isMqtt31 ? { isMqtt31 } : undefined),
    clientId,
    cleanStart: (flags & CLEAN_START) !== 0,
    keepAlive,
    username,
    password,
    will,
    properties,
  };
}

function decodeProtocol(reader: PacketReader): { version: ProtocolVersion; isMqtt31: boolean } {
  const name = reader.string();
  const level = reader.byte();
  if (name === 'MQTT' && (level === 4 || level === 5)) return { version: level, isMqtt31: false };
  if (name === 'MQIsdp' && level === 3) return { version: 4, isMqtt31: true };
  throw new MqttError(ReasonCode.unsupportedProtocolVersion, `protocol \`${name}\` level ${level} is not supported`);
}

function decodeWill(reader: PacketReader, flags: number, version: ProtocolVersion): Will | undefined {
  const qos = (flags >> 3) & 3;
  const retain = (flags & WILL_RETAIN) !== 0;
  if ((flags & WILL) === 0) {
    if (qos !== 0) throw malformed('a CONNECT has a will QoS without a will'); // [MQTT-3.1.2-11]
    if (retain) throw malformed('a CONNECT has will retain without a will'); // [MQTT-3.1.2-13]
    return undefined;
  }
  if (qos === 3) throw malformed('a will has QoS 3'); // [MQTT-3.1.2-12]
  const properties = version === 5 ? decodeProperties(reader, Carrier.will) : undefined;
  const topic = reader.topicName();
  if (topic.length === 0) throw new MqttError(ReasonCode.topicNameInvalid, 'a will has an empty topic'); // [MQTT-4.7.3-1]
  return { topic, payload: reader.binary(), qos: qos as QoS, retain, properties };
}

export function encodeConnect(writer: PacketWriter, packet: Connect): Buffer {
  const { protocolVersion: version, will, username, password } = packet;
  writer.begin();
  writer.string(packet.isMqtt31 ? 'MQIsdp' : 'MQTT');
  writer.byte(packet.isMqtt31 ? 3 : version);
  let flags = packet.cleanStart ? CLEAN_START : 0;
  if (will !== undefined) flags |= WILL | (will.qos << 3) | (will.retain ? WILL_RETAIN : 0);
  if (username !== undefined) flags |= USERNAME;
  if (password !== undefined) flags |= PASSWORD;
  writer.byte(flags);
  writer.uint16(packet.keepAlive);
  if (version === 5) encodeProperties(writer, packet.properties, Carrier.connect);
  writer.string(packet.clientId);
  if (will !== undefined) {
    if (version === 5) encodeProperties(writer, will.properties, Carrier.will);
    writer.string(will.topic);
    writer.binary(will.payload);
  }
  if (username !== undefined) writer.string(username);
  if (password !== undefined) writer.binary(password);
  return writer.finish(0x10);
}

export function decodeConnack(reader: PacketReader, version: ProtocolVersion): Connack {
  const flags = reader.byte();
  if (flags > 1) throw malformed('a reserved CONNACK flag is set'); // [MQTT-3.2.2-1]
  const sessionPresent = flags === 1;
  const code = reader.byte();
  if (version === 4) {
    const reasonCode = reasonCodeOfReturnCode(code);
    if (reasonCode === undefined) throw protocolError(`a CONNACK has the reserved return code ${code}`);
    return { type: 'connack', sessionPresent, reasonCode, properties: undefined };
  }
  checkReasonCode('connack', code);
  return { type: 'connack', sessionPresent, reasonCode: code, properties: decodeProperties(reader, Carrier.connack) };
}

export function encodeConnack(writer: PacketWriter, packet: Connack, version: ProtocolVersion): Buffer {
  writer.begin();
  writer.byte(packet.sessionPresent ? 1 : 0);
  writer.byte(version === 5 ? packet.reasonCode : connackReturnCode(packet.reasonCode));
  if (version === 5) encodeProperties(writer, packet.properties, Carrier.connack);
  return writer.finish(0x20);
}
