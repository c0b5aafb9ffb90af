/**
 * Requests to shadows, in their order: those to one shadow one after the other, those to different shadows side by side.
 *
 * While a shadow's commit is under way the requests that arrive for it wait; then all of them are decided, each upon the one before,
 * and committed as one. So a shadow that many write at once costs one commit a round trip, not one a request.
 */
import { StaleWrite, type Store, type Write } from '../store/store.ts';
import type { ShadowCache } from './shadow-cache.ts';
import { readShadow, type ShadowKey, type ShadowRecord, saveShadow } from './shadow-store.ts';

/** What a request makes of a shadow, decided without waiting for anything. */
export interface Decision<T> {
  readonly result: T;
  /** The shadow afterwards; undefined leaves it as it is. */
  readonly next?: ShadowRecord;
  /** What is to be written beside the shadow itself: its history. */
  readonly writes?: readonly Write[];
}

/** Called once, or again from the stored state if another process was quicker. */
export type Decide<T> = (record: ShadowRecord) => Decision<T>;

interface Request {
  readonly decide: Decide<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A larger group would make its first request wait for the last one's work. */
const groupLimit = 64;

export class ShadowQueue {
  readonly #store: Store;
  readonly #cache: ShadowCache;
  /** Shadows with a group under way, and what waits for it. */
  readonly #waiting = new Map<string, Request[]>();

  constructor(store: Store, cache: ShadowCache) {
    this.#store = store;
    this.#cache = cache;
  }

  /** Resolves when the decision is durable. */
  request<T>(key: ShadowKey, decide: Decide<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const request = { decide, resolve, reject } as Request;
      const id = idOf(key);
      const waiting = this.#waiting.get(id);
      if (waiting !== undefined) {
        waiting.push(request);
        return;
      }
      this.#waiting.set(id, []);
      this.#work(id, key, [request]);
    });
  }

  async #work(id: string, key: ShadowKey, first: readonly Request[]): Promise<void> {
    for (let group = first; group.length > 0; group = this.#waiting.get(id)!.splice(0, groupLimit)) {
      try {
        const results = await this.#commit(id, key, group);
        for (let i = 0; i < group.length; i++) group[i]!.resolve(results[i]);
      } catch (error) {
        this.#cache.delete(id);
        for (const request of group) request.reject(error);
      }
    }
    this.#waiting.delete(id);
  }

  /** Decides and commits a group, and starts over from the stored state when another process was quicker. */
  async #commit(id: string, key: ShadowKey, group: readonly Request[]): Promise<unknown[]> {
    for (;;) {
      let record = this.#cache.get(id);
      if (record === undefined) {
        record = await readShadow(this.#store, key);
        this.#cache.set(id, record);
      }
      const decided = decideAll(record, group);
      if (decided.last === record) return decided.results;
      const writes = [saveShadow(this.#store, key, decided.last, record), ...decided.writes];
      try {
        await this.#store.commit(writes);
      } catch (error) {
        if (!(error instanceof StaleWrite)) throw error;
        this.#cache.delete(id);
        continue;
      }
      this.#cache.set(id, decided.last);
      return decided.results;
    }
  }
}

function decideAll(first: ShadowRecord, group: readonly Request[]) {
  let last = first;
  const writes: Write[] = [];
  const results: unknown[] = [];
  for (const { decide } of group) {
    const decision = decide(last);
    results.push(decision.result);
    if (decision.next !== undefined) last = decision.next;
    if (decision.writes !== undefined) writes.push(...decision.writes);
  }
  return { last, writes, results };
}

const idOf = ({ realm, thingName, shadowName }: ShadowKey): string => `${realm}/${thingName}/${shadowName}`;
