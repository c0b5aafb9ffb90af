/** A packet as a value → its bytes. */
import { encodeAcknowledgement } from './acknowledge.ts';
import { encodeConnack, encodeConnect } from './connect.ts';
import { encodeAuth, encodeDisconnect } from './disconnect.ts';
import type { Packet, ProtocolVersion, Publish } from './packet.ts';
import { encodePublish } from './publish.ts';
import { encodeSuback, encodeSubscribe, encodeUnsuback, encodeUnsubscribe } from './subscribe.ts';
import { writer } from './writer.ts';

export { type EncodedPublish, encodePublish, type PublishFields } from './publish.ts';

/**
 * The bytes of one packet, the caller's to keep. What 3.1.1 has no room for (properties, most reason codes) is left out.
 *
 * A CONNECT is written in its own `protocolVersion`. A value no packet can hold throws `RangeError` or `TypeError`.
 */
export function encodePacket(packet: Packet, version: ProtocolVersion): Buffer {
  switch (packet.type) {
    case 'connect':
      return encodeConnect(writer, packet);
    case 'connack':
      return encodeConnack(writer, packet, version);
    case 'publish':
      return encodeWholePublish(packet, version);
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return encodeAcknowledgement(writer, packet, version);
    case 'subscribe':
      return encodeSubscribe(writer, packet, version);
    case 'suback':
      return encodeSuback(writer, packet, version);
    case 'unsubscribe':
      return encodeUnsubscribe(writer, packet, version);
    case 'unsuback':
      return encodeUnsuback(writer, packet, version);
    case 'pingreq':
      return Buffer.from([0xc0, 0]);
    case 'pingresp':
      return Buffer.from([0xd0, 0]);
    case 'disconnect':
      return encodeDisconnect(writer, packet, version);
    case 'auth':
      return encodeAuth(writer, packet, version);
    default:
      return packet satisfies never;
  }
}

function encodeWholePublish(packet: Publish, version: ProtocolVersion): Buffer {
  const { bytes, packetIdOffset } = encodePublish(packet, version);
  if (packetIdOffset !== -1) bytes.writeUInt16BE(packet.packetId, packetIdOffset);
  return bytes;
}
