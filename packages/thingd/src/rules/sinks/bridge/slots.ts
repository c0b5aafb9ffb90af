/** Turns for a bounded number at a time; who comes when they are taken waits, first come first served. */
import { away } from '../sink.ts';

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

export class Slots {
  readonly #longestQueue: number;
  readonly #waiting: Waiting[] = [];
  #free: number;
  #closed: Error | undefined;

  constructor(count: number, longestQueue: number) {
    this.#free = count;
    this.#longestQueue = longestQueue;
  }

  /** Rejects with a transient `ActionFailure` when too many wait, and with the reason once it is closed. */
  async take(): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    if (this.#waiting.length >= this.#longestQueue)
      throw away(`${this.#longestQueue} messages wait for acknowledgements`);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ resolve, reject });
    return promise;
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next.resolve();
  }

  close(reason: Error): void {
    this.#closed = reason;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }
}
