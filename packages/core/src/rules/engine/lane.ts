/** One action's turns: how many of its invocations are attempted at once, and which wait for their next attempt. */
import type { Timers } from '../../timers.ts';

/** Attempts of one action at the same time. */
const concurrency = 16;

export class Lane {
  readonly #timers: Timers;
  readonly #ready: (() => Promise<void>)[] = [];
  /** Waiting for their next attempt, longest first, with how to call their timer off. */
  readonly #resting = new Map<() => Promise<void>, () => void>();
  readonly #running = new Set<Promise<void>>();
  #closed = false;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Runs `attempt` when it is its turn. It never rejects. */
  push(attempt: () => Promise<void>): void {
    if (this.#closed) return;
    this.#ready.push(attempt);
    this.#next();
  }

  /** Runs `attempt` after `delay` ms, or when the target has shown that it is back. */
  pushAfter(delay: number, attempt: () => Promise<void>): void {
    if (this.#closed) return;
    const cancel = this.#timers.after(delay, () => {
      this.#resting.delete(attempt);
      this.push(attempt);
    });
    this.#resting.set(attempt, cancel);
  }

  /** The target works: each success calls two of those that rest, so that a backlog goes as fast as it succeeds. */
  wake(): void {
    for (let count = 0; count < 2; count++) {
      const [oldest] = this.#resting;
      if (oldest === undefined) return;
      const [attempt, cancel] = oldest;
      cancel();
      this.#resting.delete(attempt);
      this.push(attempt);
    }
  }

  /** Resolves when no attempt is under way any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#resting.values()) cancel();
    this.#resting.clear();
    this.#ready.length = 0;
    await Promise.all(this.#running);
  }

  #next(): void {
    while (this.#running.size < concurrency) {
      const attempt = this.#ready.shift();
      if (attempt === undefined) return;
      const running = attempt().finally(() => {
        this.#running.delete(running);
        this.#next();
      });
      this.#running.add(running);
    }
  }
}
