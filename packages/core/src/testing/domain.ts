/** A domain for tests: empty tables in memory, and a clock that stands still until it is moved. */
import { Changes } from '../events/changes.ts';
import type { Realm } from '../realm.ts';
import type { PrincipalDirectory } from '../registry/principal.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { migrate } from '../store/migrations.ts';
import { schema } from '../store/schema.ts';

export const realm: Realm = { accountId: '123456789012', region: 'eu-west-1' };

export class ManualClock {
  #now = Date.UTC(2026, 0, 1);

  now(): number {
    return this.#now;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

export interface TestDomain {
  readonly store: MemoryStore;
  readonly clock: ManualClock;
  readonly changes: Changes;
}

export async function openDomain(): Promise<TestDomain> {
  const clock = new ManualClock();
  const store = new MemoryStore();
  await migrate(store, schema, clock);
  return { store, clock, changes: new Changes() };
}

/** Certificates as the registry sees them: all exist but those named. */
export const certificatesBut = (...missing: readonly string[]): PrincipalDirectory => ({
  exists: async (_, certificateArn) => !missing.includes(certificateArn),
  claim: async () => [],
});

/** How each of several racing calls ended, `done` or the error's name, sorted. */
export async function outcomes(calls: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map(result => (result.status === 'fulfilled' ? 'done' : result.reason.name)).sort();
}
