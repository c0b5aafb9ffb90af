/**
 * Lets calls begin one in each turn of the event loop, so that between two of them everything else that is ready is served: on a
 * broker's thread a burst of calls does not hold up messages for longer than one of them takes.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;

  /** Resolves when it is the caller's turn, in the order of the calls; at once if nobody has had this one. */
  async take(): Promise<void> {
    if (this.#isTaken) return new Promise(resolve => this.#waiting.push(resolve));
    this.#isTaken = true;
    setImmediate(this.#next);
  }

  readonly #next = (): void => {
    const begin = this.#waiting.shift();
    if (begin === undefined) {
      this.#isTaken = false;
      return;
    }
    setImmediate(this.#next);
    begin();
  };
}
