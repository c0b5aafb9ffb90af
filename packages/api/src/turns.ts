/**
 * Lets pieces of work take turns with everything else that the thread does: one piece each time round the event loop, after all
 * sockets were looked at. Calls that arrive together, or whose commits end together, would else be carried out in a row, and a
 * message would wait behind all of them (`bench/registry.ts`).
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  readonly #first: () => void;

  /** `first` is done before each piece: what the sockets brought would else be written after it. */
  constructor(first: () => void) {
    this.#first = first;
  }

  /** Resolves when it is the caller's turn: to do what it has to do until it waits for something else. */
  take(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    if (this.#waiting.length === 1) setImmediate(this.#give);
    return promise;
  }

  readonly #give = (): void => {
    this.#first();
    this.#waiting.shift()!();
    if (this.#waiting.length > 0) setImmediate(this.#give);
  };
}
