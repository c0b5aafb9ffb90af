import type { Timers } from '../timers.ts';

/** Timers that go off when time is moved past them. */
export class ManualTimers implements Timers {
  #now = 0;
  readonly #pending = new Set<{ readonly at: number; readonly callback: () => void }>();

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.#now + milliseconds, callback };
    this.#pending.add(timer);
    return () => this.#pending.delete(timer);
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
    for (const timer of [...this.#pending].sort((a, b) => a.at - b.at)) {
      if (timer.at > this.#now) continue;
      this.#pending.delete(timer);
      timer.callback();
    }
  }
}
