/** Bytes of one packet → the packet as a value. The one place that knows which number is which packet. [MQTT5 2.1.2] */
import { decodeAcknowledgement } from './acknowledge.ts';
import { decodeConnack, decodeConnect } from './connect.ts';
import { decodeAuth, decodeDisconnect } from './disconnect.ts';
import type { Packet, ProtocolVersion } from './packet.ts';
import { decodePublish } from './publish.ts';
import { PacketReader } from './reader.ts';
import { malformed } from './reason-code.ts';
import { decodeSuback, decodeSubscribe, decodeUnsuback, decodeUnsubscribe } from './subscribe.ts';

export { decodePublish } from './publish.ts';

/** The flags each packet type demands in the low half of its first byte; PUBLISH has its own. [MQTT5 2.1.3] */
const flagsOfType = [0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0] as const;

/**
 * The packet whose body is `buffer[start..end)`. Binary fields are views of `buffer`.
 *
 * Both directions decode: what a client may not send is the connection's question. A CONNECT ignores `version` and carries
 * its own. Throws `MqttError` and nothing else, whatever the bytes.
 */
export function decodePacket(
  firstByte: number,
  buffer: Buffer,
  start: number,
  end: number,
  version: ProtocolVersion,
): Packet {
  const type = firstByte >> 4;
  if (type === 3) return decodePublish(firstByte, buffer, start, end, version);
  if ((firstByte & 0x0f) !== flagsOfType[type]) throw malformed('reserved flags are set'); // [MQTT-2.1.3-1]
  const reader = new PacketReader(buffer, start, end);
  const packet = decodeBody(type, reader, version);
  reader.expectEnd();
  return packet;
}

function decodeBody(type: number, reader: PacketReader, version: ProtocolVersion): Packet {
  switch (type) {
    case 1:
      return decodeConnect(reader);
    case 2:
      return decodeConnack(reader, version);
    case 4:
      return decodeAcknowledgement(reader, 'puback', version);
    case 5:
      return decodeAcknowledgement(reader, 'pubrec', version);
    case 6:
      return decodeAcknowledgement(reader, 'pubrel', version);
    case 7:
      return decodeAcknowledgement(reader, 'pubcomp', version);
    case 8:
      return decodeSubscribe(reader, version);
    case 9:
      return decodeSuback(reader, version);
    case 10:
      return decodeUnsubscribe(reader, version);
    case 11:
      return decodeUnsuback(reader, version);
    case 12:
      return { type: 'pingreq' };
    case 13:
      return { type: 'pingresp' };
    case 14:
      return decodeDisconnect(reader, version);
    case 15:
      return decodeAuth(reader, version);
    default:
      throw malformed('packet type 0 is reserved');
  }
}
