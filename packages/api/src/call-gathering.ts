/**
 * Has calls that come close together be carried out together. Everything one of them needs — code and data in the processor's caches,
 * the store's thread, a commit on disk — then serves them all (`bench/registry.ts`). A call that comes while no other is under way
 * begins at once, so who makes one call after another waits for nothing.
 */
import { systemTimers, type Timers } from '@thingd/core';

/** Milliseconds between two beginnings, which is how long a call waits at most: little beside what a call from afar takes. */
const interval = 4;

export class CallGathering {
  readonly #timers: Timers;
  #underWay = 0;
  /** Resolves at the next beginning, for the calls that wait for it. */
  #beginning: PromiseWithResolvers<void> | undefined;
  /** Calls have begun less than an interval ago. */
  #hasBegun = false;

  constructor(timers: Timers = systemTimers) {
    this.#timers = timers;
  }

  async run<T>(call: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      if (!this.#hasBegun) this.#begin();
      else if (this.#underWay > 1) await this.#next();
      return await call();
    } finally {
      this.#underWay -= 1;
    }
  }

  #next(): Promise<void> {
    this.#beginning ??= Promise.withResolvers();
    return this.#beginning.promise;
  }

  #begin(): void {
    this.#hasBegun = true;
    this.#timers.after(interval, () => {
      this.#hasBegun = false;
      if (this.#beginning === undefined) return;
      const { resolve } = this.#beginning;
      this.#beginning = undefined;
      this.#begin();
      resolve();
    });
  }
}
