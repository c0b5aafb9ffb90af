/** A client that writes bytes and hands out packets as they come: for order, malformed input and exact answers. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { afterAll } from 'vitest';
import { withDeadline } from './eventually.ts';
import { type ConnectOptions, connect, type PacketName, type Received, takePacket } from './packets.ts';

export class RawClient {
  readonly socket: Socket;
  /** Packets nobody has taken yet. */
  readonly received: Received[] = [];
  /** Resolves when the connection is gone, by whichever side. */
  readonly closed: Promise<void>;
  #unread: Buffer = Buffer.alloc(0);
  #arrived = Promise.withResolvers<void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', bytes => {
      this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
      for (let taken = takePacket(this.#unread); taken; taken = takePacket(this.#unread)) {
        this.received.push(taken.packet);
        this.#unread = taken.rest;
      }
      this.#wake();
    });
    socket.on('error', () => {}); // a reset is one way of being closed
    this.closed = new Promise(resolve => {
      socket.once('close', () => {
        this.#wake();
        resolve();
      });
    });
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  }

  send(...bytes: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  /** The next packet; an error when the connection closes or `within` ms pass first. */
  async any(within = 5_000, what = 'packet'): Promise<Received> {
    const arrival = async (): Promise<Received> => {
      while (this.received.length === 0) {
        if (this.socket.destroyed) throw new Error(`the server closed the connection; expected a ${what}`);
        await this.#arrived.promise;
      }
      return this.received.shift()!;
    };
    return this.received.shift() ?? withDeadline(`a ${what} arrives`, arrival(), within);
  }

  /** The next packet, which must be of this type. */
  async next(type: PacketName, within = 5_000): Promise<Received> {
    const packet = await this.any(within, `${type} packet`);
    if (packet.type !== type) {
      throw new Error(`expected ${type}, the server sent ${packet.type} ${packet.body.toString('hex')}`);
    }
    return packet;
  }

  /** Waits until the server has closed the connection. */
  async cutOff(within = 5_000): Promise<void> {
    await withDeadline('the server closes the connection', this.closed, within);
  }

  destroy(): void {
    this.socket.destroy();
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }
}

const open = new Set<Socket>();

export async function openTcp(port: number, host = '127.0.0.1'): Promise<RawClient> {
  const socket = connectTcp({ port, host, noDelay: true });
  await withDeadline('the connection is accepted', once(socket, 'connect'));
  return new RawClient(socket);
}

/** Opens a connection and exchanges CONNECT for a successful CONNACK. */
export async function openMqtt(port: number, clientId: string, options: ConnectOptions = {}): Promise<RawClient> {
  const client = await openTcp(port);
  client.send(connect(clientId, options));
  const connack = await client.next('connack');
  if (connack.body[1] !== 0) throw new Error(`refused with reason code 0x${connack.body[1]?.toString(16)}`);
  return client;
}

afterAll(() => {
  for (const socket of open) socket.destroy();
});
