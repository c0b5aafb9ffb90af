/** A store for tests of what waits for the store. */
import { turn } from '../listener/client.testing.ts';
import { MemoryStore } from './memory-store.ts';
import type { StoreChange } from './store.ts';

/** A store that writes when told to, as a disk would: what is not written yet, a crash loses. */
export class SteppedStore extends MemoryStore {
  #pending: (() => void)[] = [];
  /** Changes of all writes so far, by kind. */
  readonly kinds: string[] = [];
  fault: Error | undefined;

  override write(changes: readonly StoreChange[]): Promise<void> {
    if (this.fault !== undefined) return Promise.reject(this.fault);
    // As the contract says, changes are read now; they become durable later.
    const frozen = changes.map(change =>
      change.kind === 'queued' ? { ...change, delivery: { ...plain(change.delivery) } } : change,
    );
    this.kinds.push(...changes.map(({ kind }) => kind));
    return new Promise(resolve => {
      this.#pending.push(() => void super.write(frozen).then(resolve));
    });
  }

  get waiting(): number {
    return this.#pending.length;
  }

  /** Writes what waits, and what that sets off, to the end. */
  async settle(): Promise<void> {
    await turn();
    while (this.#pending.length > 0) {
      this.#pending.shift()!();
      await turn();
    }
  }

  crash(): void {
    this.#pending = [];
  }
}

const plain = (delivery: Extract<StoreChange, { kind: 'queued' }>['delivery']): typeof delivery => {
  const { sequence, message, qos, retain, subscriptionIdentifiers, sharedFilter, packetId, released } = delivery;
  return { sequence, message, qos, retain, subscriptionIdentifiers, sharedFilter, packetId, released };
};
