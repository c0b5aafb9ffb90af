/** A message, or a will, as the bytes the database keeps. */
import type { Message, Properties, QoS, Will } from '@thingd/broker';

// flags u8 · publishedAt f64 · byte lengths of topic, client id and principal u16 each · of the properties u32 · the four · payload
const headerLength = 19;
const retainFlag = 0x04;

/** Appends bytes to a buffer that grows; positions are the caller's to remember. */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity: number) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    const at = this.#take(1);
    this.#buffer[at] = value;
  }

  u16(value: number): void {
    const at = this.#take(2);
    this.#buffer.writeUInt16LE(value, at);
  }

  u32(value: number): void {
    const at = this.#take(4);
    this.#buffer.writeUInt32LE(value, at);
  }

  f64(value: number): void {
    const at = this.#take(8);
    this.#buffer.writeDoubleLE(value, at);
  }

  bytes(value: Uint8Array): void {
    const at = this.#take(value.length);
    this.#buffer.set(value, at);
  }

  /** UTF-8 without a length; returns how many bytes it took. */
  text(value: string): number {
    this.#reserve(value.length * 3);
    const written = this.#buffer.write(value, this.#length, 'utf8');
    this.#length += written;
    return written;
  }

  patchU16(at: number, value: number): void {
    this.#buffer.writeUInt16LE(value, at);
  }

  patchU32(at: number, value: number): void {
    this.#buffer.writeUInt32LE(value, at);
  }

  /** A copy of what was written, in a buffer of its own; the writer starts over. */
  finish(): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(this.#length);
    copy.set(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    // One large batch must not hold its size for ever.
    if (this.#buffer.length > 4 << 20) this.#buffer = Buffer.allocUnsafeSlow(64 << 10);
    return copy;
  }

  #take(count: number): number {
    this.#reserve(count);
    const at = this.#length;
    this.#length += count;
    return at;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

export function writeMessage(writer: ByteWriter, message: Message): void {
  const at = writer.length;
  writer.u8(message.qos | (message.retain ? retainFlag : 0));
  writer.f64(message.publishedAt);
  writer.u16(0);
  writer.u16(0);
  writer.u16(0);
  writer.u32(0);
  writer.patchU16(at + 9, writer.text(message.topic));
  writer.patchU16(at + 11, writer.text(message.publisher.clientId));
  writer.patchU16(at + 13, writer.text(message.publisher.principal));
  if (message.properties !== undefined) {
    writer.patchU32(at + 15, writer.text(propertiesToText(message.properties)));
  }
  writer.bytes(message.payload);
}

export function readMessage(bytes: Uint8Array): Message {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = body.readUInt8(0);
  const topicEnd = headerLength + body.readUInt16LE(9);
  const clientIdEnd = topicEnd + body.readUInt16LE(11);
  const principalEnd = clientIdEnd + body.readUInt16LE(13);
  const propertiesEnd = principalEnd + body.readUInt32LE(15);
  return {
    topic: body.toString('utf8', headerLength, topicEnd),
    payload: body.subarray(propertiesEnd),
    qos: (flags & 0x03) as QoS,
    retain: (flags & retainFlag) !== 0,
    properties:
      propertiesEnd === principalEnd
        ? undefined
        : propertiesFromText(body.toString('utf8', principalEnd, propertiesEnd)),
    publishedAt: body.readDoubleLE(1),
    publisher: {
      clientId: body.toString('utf8', topicEnd, clientIdEnd),
      principal: body.toString('utf8', clientIdEnd, principalEnd),
    },
  };
}

const nobody = { clientId: '', principal: '' };

/** A will is kept as the message it would become, without a publisher: its session names that. */
export const writeWill = (writer: ByteWriter, will: Will): void =>
  writeMessage(writer, { ...will, publishedAt: 0, publisher: nobody });

export function readWill(bytes: Uint8Array): Will {
  const { topic, payload, qos, retain, properties } = readMessage(bytes);
  return { topic, payload, qos, retain, properties };
}

const propertiesToText = (properties: Properties): string =>
  JSON.stringify(
    properties.correlationData === undefined
      ? properties
      : { ...properties, correlationData: properties.correlationData.toString('base64') },
  );

function propertiesFromText(text: string): Properties {
  const properties = JSON.parse(text);
  if (typeof properties.correlationData === 'string') {
    properties.correlationData = Buffer.from(properties.correlationData, 'base64');
  }
  return properties;
}
