/** One subscriber: reads stamps, credits publishers, and counts what is lost, repeated or not its own. */
import type { LoadConnection } from './connection.ts';
import type { Publisher } from './publisher.ts';

export interface Tally {
  delivered: number;
  lost: number;
  duplicated: number;
  misrouted: number;
  /** Latencies in ms, sampled one in sixteen. */
  latencies: number[];
}

export const emptyTally = (): Tally => ({ delivered: 0, lost: 0, duplicated: 0, misrouted: 0, latencies: [] });

export class Subscriber {
  readonly connection: LoadConnection;
  readonly #publishers: readonly Publisher[];
  readonly #mine: (publisher: number) => boolean;
  readonly #tally: Tally;
  readonly #onCredit: (publisher: Publisher) => void;
  /** The next sequence number expected of each publisher. */
  readonly #expected: Uint32Array;
  #acks = Buffer.allocUnsafe(4096);
  #ackLength = 0;

  constructor(
    connection: LoadConnection,
    publishers: readonly Publisher[],
    mine: (publisher: number) => boolean,
    tally: Tally,
    onCredit: (publisher: Publisher) => void,
  ) {
    this.connection = connection;
    this.#publishers = publishers;
    this.#mine = mine;
    this.#tally = tally;
    this.#onCredit = onCredit;
    this.#expected = new Uint32Array(publishers.length);
    connection.onPacket = (firstByte, buffer, body) => {
      if (firstByte >> 4 === 3) this.#received(firstByte, buffer, body);
    };
  }

  #received(firstByte: number, buffer: Buffer, body: number): void {
    let stamp = body + 2 + buffer.readUInt16BE(body);
    if (firstByte & 0x06) {
      this.#acknowledge(buffer[stamp]!, buffer[stamp + 1]!);
      stamp += 2;
    }
    const tally = this.#tally;
    const index = buffer.readUInt32BE(stamp + 8);
    const publisher = this.#publishers[index];
    if (publisher === undefined || !this.#mine(index)) {
      tally.misrouted++;
      return;
    }
    const sequence = buffer.readUInt32BE(stamp + 12);
    const expected = this.#expected[index]!;
    if (sequence < expected) {
      tally.duplicated++;
      return;
    }
    tally.lost += sequence - expected;
    this.#expected[index] = sequence + 1;
    tally.delivered++;
    if ((tally.delivered & 15) === 0) tally.latencies.push(performance.now() - buffer.readDoubleBE(stamp));
    publisher.credited += 1 + sequence - expected;
    this.#onCredit(publisher);
  }

  /** Collects PUBACKs; `flush` sends them as one write. */
  #acknowledge(high: number, low: number): void {
    if (this.#ackLength + 4 > this.#acks.length) this.flush();
    this.#acks[this.#ackLength] = 0x40;
    this.#acks[this.#ackLength + 1] = 2;
    this.#acks[this.#ackLength + 2] = high;
    this.#acks[this.#ackLength + 3] = low;
    this.#ackLength += 4;
  }

  flush(): void {
    if (this.#ackLength === 0) return;
    this.connection.socket.write(this.#acks.subarray(0, this.#ackLength));
    this.#acks = Buffer.allocUnsafe(4096);
    this.#ackLength = 0;
  }
}
