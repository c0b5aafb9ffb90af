/** How often each shadow was asked for in the current second. Remembers no second but the current one, so nothing grows. */
export class RequestRate {
  readonly #perSecond: number;
  readonly #counts = new Map<string, number>();
  #second = 0;

  /** 0 allows everything. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Counts a request at `now`, in ms, and tells whether it is within the limit. */
  allows(key: string, now: number): boolean {
    if (this.#perSecond === 0) return true;
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#counts.clear();
    }
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count <= this.#perSecond;
  }
}
