/**
 * One message while it is being delivered: encoded once per shape, however many receive it, and copied at most once,
 * however many keep it.
 *
 * A shape is version, QoS and retain flag together; what depends on the receiver (subscription identifiers, a topic alias,
 * time already waited) is encoded for it alone. Where the publisher's own packet has the shape wanted its bytes are
 * forwarded as they came.
 */
import { encodePublish } from '../codec/encode.ts';
import type { Properties, ProtocolVersion, QoS } from '../codec/packet.ts';
import { type Message, type Publisher, propertyBytes } from './message.ts';

/** Bytes of a PUBLISH: `bytes[start..end)`, its packet id `idOffset` after `start`. */
export interface Encoded {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly idOffset: number;
}

const shapeOf = (version: ProtocolVersion, qos: QoS, retain: boolean): number =>
  (version === 5 ? 6 : 0) + qos * 2 + (retain ? 1 : 0);

/** What a kept message costs beside its topic, payload and properties; an estimate for the queue's byte bound. */
const overheadBytes = 100;

const none = Buffer.alloc(0);

export class Publication implements Encoded {
  readonly topic: string;
  payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  properties: Properties | undefined;
  readonly publishedAt: number;
  readonly publisher: Publisher;
  #shapes: (Encoded | undefined)[] | undefined;
  #sourceShape = -1;
  // The publisher's packet, so that a publication is its own encoding in that shape.
  bytes: Buffer = none;
  start = 0;
  end = 0;
  idOffset = 0;
  #kept: boolean;
  #message: Message | undefined;

  /** `kept` says that payload and properties are nobody's read buffer. */
  constructor(
    topic: string,
    payload: Buffer,
    qos: QoS,
    retain: boolean,
    properties: Properties | undefined,
    publishedAt: number,
    publisher: Publisher,
    kept: boolean,
  ) {
    this.topic = topic;
    this.payload = payload;
    this.qos = qos;
    this.retain = retain;
    this.properties = properties;
    this.publishedAt = publishedAt;
    this.publisher = publisher;
    this.#kept = kept;
  }

  static of(message: Message): Publication {
    const { topic, payload, qos, retain, properties, publishedAt, publisher } = message;
    const publication = new Publication(topic, payload, qos, retain, properties, publishedAt, publisher, true);
    publication.#message = message;
    return publication;
  }

  get size(): number {
    return this.payload.length + this.topic.length + propertyBytes(this.properties) + overheadBytes;
  }

  /** Whether its message expiry interval has passed. [MQTT-3.3.2-5] */
  isExpired(now: number): boolean {
    const interval = this.properties?.messageExpiryInterval;
    return interval !== undefined && now - this.publishedAt >= interval * 1000;
  }

  /** Whole seconds it has waited in the broker. */
  waited(now: number): number {
    return Math.max(0, Math.floor((now - this.publishedAt) / 1000));
  }

  /** The publisher's own packet, `buffer[start..end)`, good for receivers of the same version, QoS and retain flag. */
  fromPacket(version: ProtocolVersion, buffer: Buffer, start: number, end: number, idOffset: number): void {
    this.#sourceShape = shapeOf(version, this.qos, this.retain);
    this.bytes = buffer;
    this.start = start;
    this.end = end;
    this.idOffset = idOffset;
  }

  encoded(version: ProtocolVersion, qos: QoS, retain: boolean): Encoded {
    const shape = shapeOf(version, qos, retain);
    if (shape === this.#sourceShape) return this;
    this.#shapes ??= new Array<Encoded | undefined>(12).fill(undefined);
    const known = this.#shapes[shape];
    if (known !== undefined) return known;
    const encoded = this.encodeFor(version, qos, retain, this.properties);
    this.#shapes[shape] = encoded;
    return encoded;
  }

  encodeFor(
    version: ProtocolVersion,
    qos: QoS,
    retain: boolean,
    properties: Properties | undefined,
    topic = this.topic,
  ): Encoded {
    const fields = {
      topic,
      payload: this.payload,
      qos,
      retain,
      dup: false,
      properties: version === 5 ? properties : undefined,
    };
    const { bytes, packetIdOffset } = encodePublish(fields, version);
    return { bytes, start: 0, end: bytes.length, idOffset: packetIdOffset };
  }

  /** Makes it independent of the read buffer, with one copy; call before keeping it beyond the current turn. */
  keep(): this {
    if (this.#kept) return this;
    this.#kept = true;
    if (this.#sourceShape === -1) {
      this.payload = Buffer.from(this.payload);
    } else {
      // The payload ends a PUBLISH, so one copy of the packet serves for both.
      this.bytes = Buffer.from(this.bytes.subarray(this.start, this.end));
      this.start = 0;
      this.end = this.bytes.length;
      this.payload = this.bytes.subarray(this.end - this.payload.length);
    }
    if (this.properties?.correlationData !== undefined) {
      this.properties = { ...this.properties, correlationData: Buffer.from(this.properties.correlationData) };
    }
    return this;
  }

  /** The message for those who keep it: handlers, the store, retained messages. */
  get message(): Message {
    this.keep();
    this.#message ??= {
      topic: this.topic,
      payload: this.payload,
      qos: this.qos,
      retain: this.retain,
      properties: this.properties,
      publishedAt: this.publishedAt,
      publisher: this.publisher,
    };
    return this.#message;
  }
}
