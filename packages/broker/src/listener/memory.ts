/** A connection without a socket: a test, or a client in the same process, writes bytes and reads what comes back. */
import type { Broker } from '../broker.ts';
import type { Origin } from '../connection/authenticator.ts';
import type { ByteStream, StreamReceiver } from '../connection/stream.ts';

const origin: Origin = {
  listener: 'memory',
  remoteAddress: '127.0.0.1',
  remotePort: 0,
  localAddress: '127.0.0.1',
  localPort: 0,
  secure: false,
  serverName: undefined,
  alpnProtocol: undefined,
  peerCertificate: undefined,
  identity: undefined,
};

export class MemoryStream implements ByteStream {
  /** What the broker has written and `take` has not taken. */
  #written: Buffer[] = [];
  #receiver: StreamReceiver | undefined;
  #held: Buffer[] = [];
  #paused = false;
  /** While false the peer takes nothing: written bytes count as waiting. */
  reading = true;
  /** The broker has said goodbye, or cut the connection. */
  ended = false;

  /** Connects to `broker`. */
  static connect(broker: Broker, from: Partial<Origin> = {}): MemoryStream {
    const stream = new MemoryStream();
    broker.accept(stream, { ...origin, ...from });
    return stream;
  }

  /** Sends bytes to the broker. */
  send(bytes: Buffer): void {
    if (this.ended) return;
    if (this.#paused) this.#held.push(bytes);
    else this.#receiver?.read(bytes);
  }

  /** Everything the broker has written since the last call; the peer has read it then. */
  take(): Buffer {
    const taken = Buffer.concat(this.#written);
    this.#written = [];
    if (!this.ended && taken.length > 0 && !this.reading) this.#receiver?.drained();
    return taken;
  }

  /** The peer sends nothing more, and still reads. */
  finish(): void {
    this.#receiver?.ended();
  }

  /** The peer is gone without a word. */
  lose(): void {
    this.ended = true;
    this.#receiver?.closed();
  }

  get paused(): boolean {
    return this.#paused;
  }

  get writableLength(): number {
    return this.reading ? 0 : this.#written.reduce((length, bytes) => length + bytes.length, 0);
  }

  attach(receiver: StreamReceiver): void {
    this.#receiver = receiver;
  }

  write(bytes: Buffer): void {
    if (!this.ended) this.#written.push(Buffer.from(bytes));
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const held = this.#held;
    this.#held = [];
    for (const bytes of held) this.send(bytes);
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.ended) return;
    this.ended = true;
    this.#receiver?.closed();
  }
}
