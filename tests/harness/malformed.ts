/** Packets no client may send, of every kind, with the clause each breaks and the reason code MQTT 5 answers. */
import { connect, packet, publish, subscribe, text, uint16, unsubscribe, type Version } from './packets.ts';

export interface Malformed {
  readonly title: string;
  readonly version: Version;
  /** Sent after a successful CONNECT; otherwise first on the connection. */
  readonly connected: boolean;
  readonly bytes: Buffer;
  /** In MQTT 5 the code of the DISCONNECT or CONNACK; undefined where the connection is closed without a word. */
  readonly reasonCode: number | undefined;
  readonly clause: string;
}

const hex = (bytes: string): Buffer => Buffer.from(bytes.replaceAll(' ', ''), 'hex');
const malformedPacket = 0x81;
const protocolError = 0x82;

type Row = readonly [title: string, clause: string, reasonCode: number, bytes: Buffer];

/** Broken in both versions: what stands where MQTT 5 has properties comes from `version`. */
// biome-ignore format: a row a packet
const inBoth = (version: Version): readonly Row[] => [
  ['packet type 0', 'MQTT-2.1.2', malformedPacket, hex('00 00')],
  ['a remaining length of five bytes', '2.1.4', malformedPacket, hex('30 ff ff ff ff 01')],
  ['PUBLISH with QoS 3', 'MQTT-3.3.1-4', malformedPacket, packet(0x36, text('a'), uint16(1))],
  ['PUBLISH to a filter with +', 'MQTT-3.3.2-2', 0x90, publish('a/+', 'x', { version })],
  ['PUBLISH to a filter with #', 'MQTT-3.3.2-2', 0x90, publish('a/#', 'x', { version })],
  ['PUBLISH to a topic that is not UTF-8', 'MQTT-1.5.4-1', malformedPacket, publish(hex('61 c3 28'), 'x', { version })],
  ['PUBLISH to a topic with U+0000', 'MQTT-1.5.4-2', malformedPacket, publish('a\0b', 'x', { version })],
  ['PUBLISH whose topic is longer than the packet', '3.3.2.1', malformedPacket, packet(0x30, hex('00 09 61'))],
  ['PUBLISH with packet id 0 at QoS 1', 'MQTT-2.2.1-3', protocolError, publish('a', 'x', { version, qos: 1, packetId: 0 })],
  ['PUBACK without a packet id', '3.4.2', malformedPacket, packet(0x40)],
  ['PUBREL with flags 0', 'MQTT-3.6.1-1', malformedPacket, packet(0x60, uint16(1))],
  ['SUBSCRIBE with flags 0', 'MQTT-3.8.1-1', malformedPacket, packet(0x80, subscribe(1, ['a'], 0, version).subarray(2))],
  ['SUBSCRIBE without filters', 'MQTT-3.8.3-2', protocolError, subscribe(1, [], 0, version)],
  ['SUBSCRIBE with QoS 3', 'MQTT-3.8.3-5', protocolError, subscribe(1, ['a'], 3 as 2, version)],
  ['SUBSCRIBE with packet id 0', 'MQTT-2.2.1-3', protocolError, subscribe(0, ['a'], 0, version)],
  ['UNSUBSCRIBE without filters', 'MQTT-3.10.3-2', protocolError, unsubscribe(1, [], version)],
  ['UNSUBSCRIBE with flags 0', 'MQTT-3.10.1-1', malformedPacket, packet(0xa0, unsubscribe(1, ['a'], version).subarray(2))],
  ['PINGREQ with flags', '3.12.1', malformedPacket, hex('c1 00')],
  ['PINGREQ with a body', '3.12.1', malformedPacket, hex('c0 01 00')],
  ['DISCONNECT with flags', 'MQTT-3.14.1-1', malformedPacket, hex('e1 00')],
  ['CONNACK from a client', '2.1.2', protocolError, hex(version === 5 ? '20 03 00 00 00' : '20 02 00 00')],
  ['SUBACK from a client', '2.1.2', protocolError, packet(0x90, uint16(1), hex(version === 5 ? '00 00' : '00'))],
  ['UNSUBACK from a client', '2.1.2', protocolError, packet(0xb0, uint16(1), hex(version === 5 ? '00 00' : ''))],
  ['PINGRESP from a client', '2.1.2', protocolError, hex('d0 00')],
  ['a second CONNECT', 'MQTT-3.1.0-2', protocolError, connect('again', { version })],
];

// biome-ignore format: a row a packet
const inVersion5: readonly Row[] = [
  ['PUBLISH with an unknown property', '2.2.2.2', malformedPacket, publish('a', 'x', { version: 5, properties: hex('7f 00') })],
  ['PUBLISH with a property of CONNECT', '2.2.2.2', malformedPacket, publish('a', 'x', { version: 5, properties: hex('11 00000001') })],
  ['PUBLISH with a property twice', '2.2.2.2', protocolError, publish('a', 'x', { version: 5, properties: hex('01 00 01 00') })],
  ['PUBLISH with properties longer than the packet', '2.2.2.1', malformedPacket, packet(0x30, text('a'), hex('7f 01'))],
  ['PUBLISH with topic alias 0', 'MQTT-3.3.2-8', protocolError, publish('a', 'x', { version: 5, properties: hex('23 0000') })],
  ['PUBLISH with a topic alias beyond the maximum', 'MQTT-3.3.2-9', 0x94, publish('a', 'x', { version: 5, properties: hex('23 ffff') })],
  ['PUBLISH by an alias nobody set', '3.3.4', protocolError, publish('', 'x', { version: 5, properties: hex('23 0003') })],
  ['PUBLISH without topic or alias', '3.3.2.1', protocolError, publish('', 'x', { version: 5 })],
  ['PUBLISH with a subscription identifier', 'MQTT-3.3.4-6', protocolError, publish('a', 'x', { version: 5, properties: hex('0b 01') })],
  ['PUBLISH with a wildcard in its response topic', 'MQTT-3.3.2-14', 0x90, publish('a', 'x', { version: 5, properties: Buffer.concat([hex('08'), text('r/#')]) })],
  ['SUBSCRIBE with retain handling 3', '3.8.3.1', protocolError, packet(0x82, uint16(1), hex('00'), text('a'), hex('30'))],
  ['SUBSCRIBE with reserved option bits', 'MQTT-3.8.3-5', malformedPacket, packet(0x82, uint16(1), hex('00'), text('a'), hex('c0'))],
  ['SUBSCRIBE no-local to a shared subscription', 'MQTT-3.8.3-4', protocolError, packet(0x82, uint16(1), hex('00'), text('$share/g/a'), hex('04'))],
  ['AUTH without an authentication method', 'MQTT-4.12.0-6', protocolError, hex('f0 00')],
  ['DISCONNECT that brings back a session expiry', 'MQTT-3.14.2-2', protocolError, hex('e0 07 00 05 11 00000064')],
];

const inVersion4: readonly Row[] = [['AUTH, which 3.1.1 does not have', 'MQTT-2.2.2-2', malformedPacket, hex('f0 00')]];

type First = readonly [title: string, version: Version, clause: string, reasonCode: number | undefined, bytes: Buffer];

/** First packets; the reason code is that of a CONNACK, undefined where no CONNACK can be given. */
// biome-ignore format: a row a packet
const insteadOfConnect: readonly First[] = [
  ['PUBLISH before CONNECT', 4, 'MQTT-3.1.0-1', undefined, publish('a', 'x')],
  ['PINGREQ before CONNECT', 4, 'MQTT-3.1.0-1', undefined, hex('c0 00')],
  ['SUBSCRIBE before CONNECT', 5, 'MQTT-3.1.0-1', undefined, subscribe(1, ['a'], 0, 5)],
  ['DISCONNECT before CONNECT', 4, 'MQTT-3.1.0-1', undefined, hex('e0 00')],
  ['another protocol name', 4, 'MQTT-3.1.2-1', 0x01, packet(0x10, text('MQTX'), hex('04 02 003c'), text('a'))],
  ['protocol level 3 with the name MQTT', 4, 'MQTT-3.1.2-2', 0x01, packet(0x10, text('MQTT'), hex('03 02 003c'), text('a'))],
  ['protocol level 6', 4, 'MQTT-3.1.2-2', 0x01, packet(0x10, text('MQTT'), hex('06 02 003c 00'), text('a'))],
  ['CONNECT with the reserved flag', 4, 'MQTT-3.1.2-3', undefined, packet(0x10, text('MQTT'), hex('04 03 003c'), text('a'))],
  ['CONNECT with will QoS 3', 4, 'MQTT-3.1.2-14', undefined, packet(0x10, text('MQTT'), hex('04 1e 003c'), text('a'), text('w'), text('x'))],
  ['CONNECT with will QoS and no will', 4, 'MQTT-3.1.2-11', undefined, packet(0x10, text('MQTT'), hex('04 0a 003c'), text('a'))],
  ['CONNECT with a password and no user name', 4, 'MQTT-3.1.2-22', undefined, packet(0x10, text('MQTT'), hex('04 42 003c'), text('a'), text('p'))],
  ['CONNECT that ends in its client id', 4, '3.1.3.1', undefined, packet(0x10, text('MQTT'), hex('04 02 003c 0009 61'))],
  ['CONNECT with bytes left over', 4, '3.1', undefined, packet(0x10, text('MQTT'), hex('04 02 003c'), text('a'), hex('00'))],
  ['CONNECT with receive maximum 0', 5, '3.1.2.11.3', protocolError, connect('a', { version: 5, properties: hex('21 0000') })],
  ['CONNECT with maximum packet size 0', 5, '3.1.2.11.4', protocolError, connect('a', { version: 5, properties: hex('27 00000000') })],
  ['CONNECT with an authentication method', 5, 'MQTT-4.12.0-1', 0x8c, connect('a', { version: 5, properties: Buffer.concat([hex('15'), text('SCRAM')]) })],
  ['CONNECT with authentication data alone', 5, '3.1.2.11.10', protocolError, connect('a', { version: 5, properties: hex('16 0001 61') })],
  ['no client id and a session to keep', 4, 'MQTT-3.1.3-8', 0x02, connect('', { cleanStart: false })],
  ['a will with wildcards', 4, 'MQTT-3.1.3-11', undefined, connect('a', { will: { topic: 'w/#', payload: 'x' } })],
];

const afterConnect = (version: Version, rows: readonly Row[]): readonly Malformed[] =>
  rows.map(([title, clause, reasonCode, bytes]) => ({
    title,
    version,
    connected: true,
    bytes,
    // 3.1.1 has no server DISCONNECT: the connection just closes. [MQTT-4.8.0-1]
    reasonCode: version === 5 ? reasonCode : undefined,
    clause,
  }));

export const malformed: readonly Malformed[] = [
  ...afterConnect(4, [...inBoth(4), ...inVersion4]),
  ...afterConnect(5, [...inBoth(5), ...inVersion5]),
  ...insteadOfConnect.map(([title, version, clause, reasonCode, bytes]) => ({
    title,
    version,
    connected: false,
    bytes,
    reasonCode,
    clause,
  })),
];
