/** Does some work as each minute begins. Minutes are the clock's, so that work of several programs falls together. */
import { type Clock, systemTimers, type Timers } from '@thingd/core';

export interface MinutesOptions {
  readonly clock: Clock;
  readonly timers?: Timers;
  /** Must not reject, and should end soon when it is aborted. A minute that begins while the work of an earlier one lasts is left out. */
  readonly work: (signal: AbortSignal) => Promise<void>;
}

const minute = 60_000;

export class Minutes {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #work: (signal: AbortSignal) => Promise<void>;
  readonly #stopping = new AbortController();
  #cancel: () => void;
  #working: Promise<void> = Promise.resolve();
  /** The minute that has been seen to, counted from the epoch. */
  #last: number;

  constructor({ clock, timers = systemTimers, work }: MinutesOptions) {
    this.#clock = clock;
    this.#timers = timers;
    this.#work = work;
    this.#last = this.#minute();
    this.#cancel = this.#wait();
  }

  /** Resolves when the work under way is done. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancel();
    await this.#working;
  }

  #minute(): number {
    return Math.floor(this.#clock.now() / minute);
  }

  #wait(): () => void {
    return this.#timers.after(minute - (this.#clock.now() % minute), () => this.#begin());
  }

  #begin(): void {
    const now = this.#minute();
    // A timer may be a little early.
    const isNew = now > this.#last;
    this.#last = now;
    this.#working = (isNew ? this.#work(this.#stopping.signal) : Promise.resolve()).finally(() => {
      if (!this.#stopping.signal.aborted) this.#cancel = this.#wait();
    });
  }
}
