/** One action's turns: how many of its calls are attempted at once, and which wait for their next attempt. */
import type { Timers } from '../../timers.ts';

/** Attempts of one action at the same time. */
const concurrency = 16;

/** Attempts a call: true if that goes on, until it tells the lane that it has `ended`. */
export type Attempting<Call> = (call: Call, lane: Lane<Call>) => boolean;

export class Lane<Call> {
  readonly #timers: Timers;
  readonly #attempt: Attempting<Call>;
  readonly #ready: Call[] = [];
  /** Waiting for their next attempt, longest first, with how to call their timer off. */
  readonly #resting = new Map<Call, () => void>();
  #running = 0;
  /** Whether `#next` is at work. */
  #passesOn = false;
  #idle: (() => void) | undefined;
  #closed = false;

  constructor(timers: Timers, attempt: Attempting<Call>) {
    this.#timers = timers;
    this.#attempt = attempt;
  }

  /** Attempts `call` when it is its turn. */
  push(call: Call): void {
    if (this.#closed) return;
    this.#ready.push(call);
    this.#next();
  }

  /** Attempts `call` after `delay` ms, or when the target has shown that it is back. */
  pushAfter(delay: number, call: Call): void {
    if (this.#closed) return;
    const cancel = this.#timers.after(delay, () => {
      this.#resting.delete(call);
      this.push(call);
    });
    this.#resting.set(call, cancel);
  }

  /** The target works: each success calls two of those that rest, so that a backlog goes as fast as it succeeds. */
  wake(): void {
    if (this.#closed) return;
    for (let count = 0; count < 2 && this.#resting.size > 0; count++) {
      const [oldest] = this.#resting;
      const [call, cancel] = oldest!;
      cancel();
      this.#resting.delete(call);
      this.#ready.push(call);
    }
    this.#next();
  }

  /** An attempt that went on is over. */
  ended(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#idle?.();
    this.#next();
  }

  /** Resolves when no attempt is under way any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#resting.values()) cancel();
    this.#resting.clear();
    this.#ready.length = 0;
    if (this.#running === 0) return;
    await new Promise<void>(resolve => {
      this.#idle = resolve;
    });
  }

  /** Attempts that end at once wake others: those have their turn here too, rather than one within the other. */
  #next(): void {
    if (this.#passesOn) return;
    this.#passesOn = true;
    try {
      while (this.#ready.length > 0 && this.#running < concurrency) {
        if (this.#attempt(this.#ready.shift()!, this)) this.#running += 1;
      }
    } finally {
      this.#passesOn = false;
    }
  }
}
