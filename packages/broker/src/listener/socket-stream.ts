/** A TCP or TLS socket as a `ByteStream`. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Origin } from '../connection/authenticator.ts';
import type { ByteStream, StreamReceiver } from '../connection/stream.ts';
import { shareReads } from './shared-read.ts';

export class SocketStream implements ByteStream {
  readonly socket: Socket;
  readonly #sharesReads: boolean;
  #receiver: StreamReceiver | undefined;

  /** `isAccepted` says that a server with `pauseOnConnect` has just accepted this plain socket, so that it can be replaced. */
  constructor(socket: Socket, isAccepted = false) {
    const shared = isAccepted ? shareReads(socket, chunk => this.#receiver?.read(chunk)) : undefined;
    this.#sharesReads = shared !== undefined;
    this.socket = shared ?? socket;
    this.socket.setNoDelay(true);
    // A peer that closes its side with its last packet still reads what is written at the end of this turn.
    this.socket.allowHalfOpen = true;
  }

  get writableLength(): number {
    return this.socket.writableLength;
  }

  attach(receiver: StreamReceiver): void {
    const { socket } = this;
    this.#receiver = receiver;
    if (!this.#sharesReads) socket.on('data', chunk => receiver.read(chunk)).resume();
    socket.on('drain', () => receiver.drained());
    socket.on('end', () => receiver.ended());
    // What went wrong with a socket changes nothing for MQTT: `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => receiver.closed());
  }

  write(bytes: Buffer): void {
    if (this.socket.writable) this.socket.write(bytes);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** What a listener knows about a plain socket's other end. */
export function originOf(listener: string, socket: Socket): Origin {
  return {
    listener,
    remoteAddress: socket.remoteAddress ?? '',
    remotePort: socket.remotePort ?? 0,
    localAddress: socket.localAddress ?? '',
    localPort: socket.localPort ?? 0,
    secure: false,
    serverName: undefined,
    alpnProtocol: undefined,
    peerCertificate: undefined,
    identity: undefined,
  };
}

/** What a listener knows about a TLS socket's other end once the handshake is done. */
export function secureOriginOf(listener: string, socket: TLSSocket): Origin {
  const serverName = (socket as { servername?: string | false }).servername;
  return {
    ...originOf(listener, socket),
    secure: true,
    serverName: serverName || undefined,
    alpnProtocol: socket.alpnProtocol || undefined,
    peerCertificate: socket.getPeerX509Certificate()?.raw,
  };
}
