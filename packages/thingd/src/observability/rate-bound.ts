/** At most so many of something a second: log lines that a stranger could cause at will. */
export class RateBound {
  readonly #perSecond: number;
  readonly #now: () => number;
  #second = Number.NaN;
  #used = 0;

  /** `now` answers milliseconds, from anywhere. */
  constructor(perSecond: number, now = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  allows(): boolean {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#used = 0;
    }
    this.#used += 1;
    return this.#used <= this.#perSecond;
  }
}
