/** Answers of a service that are good for a while: asked for once, however many wait, and kept within bounds of age and number. */
import type { Clock } from '@thingd/core';

export interface KeptAnswersOptions {
  readonly clock: Clock;
  /** Milliseconds. */
  readonly age: number;
  readonly capacity: number;
}

interface Kept<T> {
  readonly answer: Promise<T>;
  readonly askedAt: number;
}

export class KeptAnswers<T> {
  readonly #options: KeptAnswersOptions;
  /** Oldest first. */
  readonly #kept = new Map<string, Kept<T>>();

  constructor(options: KeptAnswersOptions) {
    this.#options = options;
  }

  /** What `ask` answered when it was last asked for this key, if that is not too long ago. A failure is not kept. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const { clock, age, capacity } = this.#options;
    const now = clock.now();
    const known = this.#kept.get(key);
    if (known !== undefined && now - known.askedAt < age) return known.answer;
    this.#kept.delete(key);
    const asked = { answer: ask(), askedAt: now };
    this.#kept.set(key, asked);
    asked.answer.catch(() => {
      if (this.#kept.get(key) === asked) this.#kept.delete(key);
    });
    if (this.#kept.size > capacity) {
      const [oldest] = this.#kept.keys();
      this.#kept.delete(oldest!);
    }
    return asked.answer;
  }
}
