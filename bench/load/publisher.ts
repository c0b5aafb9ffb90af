/** One publisher: patches its PUBLISH in place, keeps a window in flight, and sends what is due in one write. */
import type { LoadConnection } from './connection.ts';
import type { PublishTemplate } from './packets.ts';

/** Bytes the socket may hold back before the publisher waits; a broker that stops reading is not fed further. */
const maximumBacklog = 1 << 20;

export class Publisher {
  readonly connection: LoadConnection;
  readonly index: number;
  /** Messages sent; the next sequence number. */
  sent = 0;
  /** Deliveries seen by subscribers, of `sent × fan`. */
  credited = 0;
  acknowledged = 0;
  readonly #template: PublishTemplate;
  readonly #qos: 0 | 1;

  constructor(connection: LoadConnection, index: number, template: PublishTemplate, qos: 0 | 1) {
    this.connection = connection;
    this.index = index;
    this.#template = template;
    this.#qos = qos;
    connection.onPacket = firstByte => {
      if (firstByte === 0x40) this.acknowledged++;
    };
  }

  get backlogged(): boolean {
    return this.connection.socket.writableLength > maximumBacklog;
  }

  /** Sends `count` messages as one write. */
  send(count: number, now: number): void {
    const { bytes, packetIdOffset, stampOffset } = this.#template;
    const out = Buffer.allocUnsafe(bytes.length * count);
    for (let i = 0; i < count; i++) {
      const at = i * bytes.length;
      bytes.copy(out, at);
      if (this.#qos === 1) out.writeUInt16BE((this.sent % 65535) + 1, at + packetIdOffset);
      out.writeDoubleBE(now, at + stampOffset);
      out.writeUInt32BE(this.index, at + stampOffset + 8);
      out.writeUInt32BE(this.sent, at + stampOffset + 12);
      this.sent++;
    }
    this.connection.socket.write(out);
  }
}
