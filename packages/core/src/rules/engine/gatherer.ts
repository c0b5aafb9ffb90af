/** Puts together what may go to a target together, and lets it go at the first bound that is reached. */

import type { Timers } from '../../timers.ts';
import type { BatchLimits, BatchPlace } from '../action-runner.ts';

interface Gathering<Item> {
  readonly items: Item[];
  count: number;
  bytes: number;
  readonly cancel: () => void;
}

export class Gatherer<Item> {
  readonly #timers: Timers;
  readonly #send: (items: readonly Item[]) => void;
  readonly #open = new Map<string, Gathering<Item>>();

  constructor(timers: Timers, send: (items: readonly Item[]) => void) {
    this.#timers = timers;
    this.#send = send;
  }

  /** An item that does not fit any more sends what came before it; one that is too large goes alone. */
  add(item: Item, { key, count, bytes }: BatchPlace, limits: BatchLimits): void {
    const present = this.#open.get(key);
    if (present && (present.count + count > limits.count || present.bytes + bytes > limits.bytes)) this.#close(key);
    let batch = this.#open.get(key);
    if (batch === undefined) {
      const cancel = this.#timers.after(limits.openMs, () => this.#close(key));
      batch = { items: [], count: 0, bytes: 0, cancel };
      this.#open.set(key, batch);
    }
    batch.items.push(item);
    batch.count += count;
    batch.bytes += bytes;
    if (batch.count >= limits.count || batch.bytes >= limits.bytes) this.#close(key);
  }

  /** Sends nothing more. */
  close(): void {
    for (const { cancel } of this.#open.values()) cancel();
    this.#open.clear();
  }

  #close(key: string): void {
    const batch = this.#open.get(key);
    if (batch === undefined) return;
    this.#open.delete(key);
    batch.cancel();
    this.#send(batch.items);
  }
}
