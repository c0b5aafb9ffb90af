/** Removes what has been deleted, in the background, again and again until it is done; what is due is in the store, so also after a restart. */
import type { Fleet } from './fleet.ts';
import type { Store } from './store.ts';

const minute = 60_000;

/** Milliseconds before the next attempt: a second, doubled each time, an hour at most. */
export const backoff = (attempts: number): number => Math.min(1000 * 2 ** attempts, 60 * minute);

export interface DeletionsOptions {
  readonly store: Store;
  readonly fleet: Pick<Fleet, 'remove'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly failed: (id: string, error: unknown) => void;
}

export class Deletions {
  readonly #options: DeletionsOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: DeletionsOptions) {
    this.#options = options;
  }

  /** Removes what is due, then waits for what comes next. Ask again whenever something was scheduled. */
  wake(): void {
    if (this.#closed || this.#running) return;
    clearTimeout(this.#timer);
    const next = this.#options.store.nextDeletion();
    if (next === undefined) return;
    // Timers overflow after 24 days, and clocks are set: never sleep longer than a minute without looking.
    const delay = Math.min(Math.max(next - this.#options.now(), 0), minute);
    this.#timer = setTimeout(() => {
      this.#running = this.runDue().finally(() => {
        this.#running = undefined;
        this.wake();
      });
    }, delay).unref();
  }

  /** One attempt at everything that is due. */
  async runDue(): Promise<void> {
    const { store, fleet, now, failed } = this.#options;
    for (const { id, certificateId, attempts } of store.dueDeletions(now())) {
      if (this.#closed) return;
      try {
        await fleet.remove(id, certificateId);
        store.forget(id);
      } catch (error) {
        store.retryDeletion(id, now() + backoff(attempts), String(error));
        failed(id, error);
      }
    }
  }

  /** Ends after the removal under way. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }
}
