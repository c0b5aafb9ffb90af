/**
 * MQTT bytes by hand, so that a test can also send what no client would. Nothing here is shared with the server's codec:
 * two readings of the specification keep each other honest.
 */

export type Version = 4 | 5;

const byte = (value: number): Buffer => Buffer.from([value]);

export function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Variable byte integer. [MQTT5 1.5.5] */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return Buffer.from(bytes);
}

/** Length-prefixed string or binary data. */
export function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint16(bytes.length), bytes]);
}

/** A control packet: first byte, length, body. */
export function packet(firstByte: number, ...body: readonly Buffer[]): Buffer {
  const whole = Buffer.concat(body);
  return Buffer.concat([byte(firstByte), varint(whole.length), whole]);
}

const noBytes = Buffer.alloc(0);
const propertyBlock = (version: Version, properties: Buffer = noBytes): Buffer =>
  version === 5 ? Buffer.concat([varint(properties.length), properties]) : noBytes;

export interface ConnectOptions {
  readonly version?: Version;
  readonly cleanStart?: boolean;
  readonly keepAlive?: number;
  readonly properties?: Buffer;
  readonly will?: { readonly topic: string; readonly payload: string; readonly qos?: 0 | 1 };
}

export function connect(clientId: string, options: ConnectOptions = {}): Buffer {
  const { version = 4, cleanStart = true, keepAlive = 60, properties, will } = options;
  const flags = (cleanStart ? 0x02 : 0) | (will ? 0x04 | ((will.qos ?? 0) << 3) : 0);
  return packet(
    0x10,
    text('MQTT'),
    Buffer.from([version, flags]),
    uint16(keepAlive),
    propertyBlock(version, properties),
    text(clientId),
    ...(will ? [propertyBlock(version), text(will.topic), text(will.payload)] : []),
  );
}

export interface PublishOptions {
  readonly version?: Version;
  readonly qos?: 0 | 1 | 2;
  readonly packetId?: number;
  readonly retain?: boolean;
  readonly dup?: boolean;
  readonly properties?: Buffer;
}

export function publish(topic: string | Buffer, payload: string | Buffer, options: PublishOptions = {}): Buffer {
  const { version = 4, qos = 0, packetId = 1, retain = false, dup = false, properties } = options;
  return packet(
    0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0),
    text(topic),
    qos > 0 ? uint16(packetId) : noBytes,
    propertyBlock(version, properties),
    Buffer.from(payload),
  );
}

export function subscribe(
  packetId: number,
  filters: readonly string[],
  qos: 0 | 1 | 2 = 0,
  version: Version = 4,
): Buffer {
  const requests = filters.map(filter => Buffer.concat([text(filter), byte(qos)]));
  return packet(0x82, uint16(packetId), propertyBlock(version), ...requests);
}

export function unsubscribe(packetId: number, filters: readonly string[], version: Version = 4): Buffer {
  return packet(0xa2, uint16(packetId), propertyBlock(version), ...filters.map(text));
}

export const puback = (packetId: number): Buffer => packet(0x40, uint16(packetId));
export const pingreq = (): Buffer => packet(0xc0);
export const disconnect = (): Buffer => packet(0xe0);

// biome-ignore format: in the order of the packet type's four bits
const names = [
  'reserved', 'connect', 'connack', 'publish', 'puback', 'pubrec', 'pubrel', 'pubcomp',
  'subscribe', 'suback', 'unsubscribe', 'unsuback', 'pingreq', 'pingresp', 'disconnect', 'auth',
] as const;

export type PacketName = (typeof names)[number];

export interface Received {
  readonly type: PacketName;
  /** The low four bits of the first byte. */
  readonly flags: number;
  readonly body: Buffer;
}

/** Takes one packet off the front of `bytes`, or answers undefined when it is not all there. */
export function takePacket(bytes: Buffer): { readonly packet: Received; readonly rest: Buffer } | undefined {
  let length = 0;
  for (let index = 1; index < 5; index += 1) {
    const digit = bytes[index];
    if (digit === undefined) return undefined;
    length += (digit & 0x7f) * 128 ** (index - 1);
    if (digit & 0x80) continue;
    const start = index + 1;
    if (bytes.length < start + length) return undefined;
    return {
      packet: { type: names[bytes[0]! >> 4]!, flags: bytes[0]! & 0x0f, body: bytes.subarray(start, start + length) },
      rest: bytes.subarray(start + length),
    };
  }
  throw new Error('the server sent a remaining length of more than four bytes');
}

/** Topic, packet id and payload of a PUBLISH the server sent. */
export function readPublish(
  received: Received,
  version: Version,
): { topic: string; packetId: number; payload: string } {
  const { body, flags } = received;
  let offset = 2 + body.readUInt16BE(0);
  const topic = body.toString('utf8', 2, offset);
  let packetId = 0;
  if ((flags & 0x06) !== 0) {
    packetId = body.readUInt16BE(offset);
    offset += 2;
  }
  if (version === 5) {
    if (body[offset]! > 127) throw new Error('a property block of more than 127 bytes is not expected in a test');
    offset += 1 + body[offset]!;
  }
  return { topic, packetId, payload: body.toString('utf8', offset) };
}
