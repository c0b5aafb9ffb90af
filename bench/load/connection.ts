/** One raw MQTT connection of the generator: no client library, so that the generator costs less than what it measures. */
import { connect, type Socket } from 'node:net';
import { connectPacket, subscribePacket } from './packets.ts';

/** Called with the bounds of one whole packet; `body` is where the variable header starts. */
export type PacketListener = (firstByte: number, buffer: Buffer, body: number, end: number) => void;

/** All connections read into this one buffer: what arrives is used before the next read. */
const readBuffer = Buffer.allocUnsafe(256 * 1024);

export class LoadConnection {
  readonly socket: Socket;
  onPacket: PacketListener = () => {};
  #tail: Buffer | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Resolves after CONNACK; rejects if the broker refuses or closes. */
  static open(port: number, clientId: string): Promise<LoadConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer: readBuffer,
          callback: length => {
            connection.#read(readBuffer.subarray(0, length));
            return true;
          },
        },
      });
      const connection = new LoadConnection(socket);
      connection.onPacket = (firstByte, buffer, body) => {
        if (firstByte === 0x20 && buffer[body + 1] === 0) resolve(connection);
        else reject(new Error(`${clientId} was refused`));
      };
      socket.once('connect', () => socket.write(connectPacket(clientId)));
      socket.once('error', reject);
      socket.once('close', () => reject(new Error(`${clientId} was closed`)));
    });
  }

  /** Resolves after SUBACK. */
  subscribe(filter: string, qos: 0 | 1): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onPacket = (firstByte, buffer, body) => {
        if (firstByte !== 0x90) return;
        if (buffer[body + 2] === qos) resolve();
        else reject(new Error(`SUBSCRIBE ${filter} was refused`));
      };
      this.socket.write(subscribePacket(filter, qos));
    });
  }

  #read(chunk: Buffer): void {
    let buffer = chunk;
    if (this.#tail !== undefined) {
      buffer = Buffer.concat([this.#tail, chunk]);
      this.#tail = undefined;
    }
    let at = 0;
    while (buffer.length - at >= 2) {
      let length = 0;
      let shift = 0;
      let cursor = at + 1;
      let byte = 0x80;
      while (byte & 0x80 && cursor < buffer.length) {
        byte = buffer[cursor++]!;
        length |= (byte & 0x7f) << shift;
        shift += 7;
      }
      if (byte & 0x80 || cursor + length > buffer.length) break;
      this.onPacket(buffer[at]!, buffer, cursor, cursor + length);
      at = cursor + length;
    }
    if (at < buffer.length) this.#tail = Buffer.from(buffer.subarray(at));
  }
}
