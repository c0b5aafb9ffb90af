/** Work on the same key one after the other, on different keys side by side. */
export class Serial {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Keys with work under way. */
  get size(): number {
    return this.#tails.size;
  }

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const result = before === undefined ? work() : before.then(work, work);
    this.#tails.set(key, result);
    const settled = (): void => {
      if (this.#tails.get(key) === result) this.#tails.delete(key);
    };
    result.then(settled, settled);
    return result;
  }
}
