/** Work done in rounds, one at a time: who asks while one is under way gets the next, which all who asked meanwhile share. */
export class Rounds {
  readonly #isDue: () => boolean;
  readonly #work: () => Promise<void>;
  #running: Promise<void> | undefined;

  /** `work` takes up everything that is due when it is called. */
  constructor(isDue: () => boolean, work: () => Promise<void>) {
    this.#isDue = isDue;
    this.#work = work;
  }

  /** Resolves when everything that was due before the call is done. */
  async settle(): Promise<void> {
    // What is being done now was taken up before; what has come since is the next round's.
    await this.#running;
    if (!this.#isDue()) return this.#running;
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }
}
