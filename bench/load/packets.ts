/** The few MQTT 3.1.1 packets a load generator sends, encoded once and patched in place. */

/** Bytes of payload that carry the measurement: send time (float64 ms), publisher (uint32), sequence (uint32). */
export const stampSize = 16;

export function connectPacket(clientId: string, keepAlive = 600): Buffer {
  const id = Buffer.from(clientId);
  const body = Buffer.concat([
    Buffer.from([
      0,
      4,
      0x4d,
      0x51,
      0x54,
      0x54,
      4,
      0x02,
      keepAlive >> 8,
      keepAlive & 0xff,
      id.length >> 8,
      id.length & 0xff,
    ]),
    id,
  ]);
  return Buffer.concat([Buffer.from([0x10]), remainingLength(body.length), body]);
}

export function subscribePacket(filter: string, qos: 0 | 1): Buffer {
  const text = Buffer.from(filter);
  const body = Buffer.concat([Buffer.from([0, 1, text.length >> 8, text.length & 0xff]), text, Buffer.from([qos])]);
  return Buffer.concat([Buffer.from([0x82]), remainingLength(body.length), body]);
}

/** A whole PUBLISH at QoS 1. */
export function publishPacket(topic: string, payload: Buffer, packetId: number): Buffer {
  const name = Buffer.from(topic);
  const length = remainingLength(4 + name.length + payload.length);
  const id = Buffer.from([packetId >> 8, packetId & 0xff]);
  const head = Buffer.from([0x32, ...length, name.length >> 8, name.length & 0xff]);
  return Buffer.concat([head, name, id, payload]);
}

export const pubackPacket = (packetId: number): Buffer => Buffer.from([0x40, 0x02, packetId >> 8, packetId & 0xff]);

export const disconnectPacket = Buffer.from([0xe0, 0x00]);

/** One PUBLISH with room for a packet id (QoS 1) and a stamp; the offsets say where to patch. */
export interface PublishTemplate {
  readonly bytes: Buffer;
  readonly packetIdOffset: number;
  readonly stampOffset: number;
}

export function publishTemplate(topic: string, qos: 0 | 1, payloadSize: number): PublishTemplate {
  const name = Buffer.from(topic);
  const idSize = qos === 0 ? 0 : 2;
  const length = remainingLength(2 + name.length + idSize + payloadSize);
  const header = Buffer.concat([
    Buffer.from([qos === 0 ? 0x30 : 0x32]),
    length,
    Buffer.from([name.length >> 8, name.length & 0xff]),
    name,
  ]);
  const bytes = Buffer.concat([header, Buffer.alloc(idSize), Buffer.alloc(Math.max(payloadSize, stampSize), 0x2e)]);
  return { bytes, packetIdOffset: header.length, stampOffset: header.length + idSize };
}

function remainingLength(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return Buffer.from(bytes);
}
