/** A time in which a target is left alone: it has asked for that, or has just been found away. */
import type { Clock } from '@thingd/core';
import { away } from './sink.ts';

export class Pause {
  readonly #clock: Clock;
  #until = 0;
  #reason = '';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From now on for so many milliseconds. */
  begin(milliseconds: number, reason: string): void {
    const until = this.#clock.now() + milliseconds;
    if (until < this.#until) return;
    this.#until = until;
    this.#reason = reason;
  }

  /** Throws a transient `ActionFailure` with the reason while it lasts. */
  check(): void {
    if (this.#clock.now() < this.#until) throw away(this.#reason);
  }
}
