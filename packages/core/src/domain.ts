/** What every use-case of the domain is given. */
import type { Clock } from './clock.ts';
import type { Changes } from './events/changes.ts';
import type { Store } from './store/store.ts';

export interface Domain {
  readonly store: Store;
  readonly clock: Clock;
  readonly changes: Changes;
}
