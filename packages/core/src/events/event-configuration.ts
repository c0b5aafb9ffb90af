/** Which kinds of event a realm publishes. *AWS: Event messages, "Enable events for AWS IoT"*. */
import type { Domain } from '../domain.ts';
import { type Realm, realmKey } from '../realm.ts';
import { putEventConfiguration, readEventConfigurations } from './event-configuration-store.ts';

/**
 * The kinds of AWS's model. Lifecycle events and just-in-time registrations are none of them: those are always published. For
 * `POLICY`, `CERTIFICATE` and `CA_CERTIFICATE` AWS describes no event message (unverified), so their switches are kept and switch
 * nothing.
 */
export const eventTypes = [
  'THING',
  'THING_GROUP',
  'THING_TYPE',
  'THING_GROUP_MEMBERSHIP',
  'THING_GROUP_HIERARCHY',
  'THING_TYPE_ASSOCIATION',
  'JOB',
  'JOB_EXECUTION',
  'POLICY',
  'CERTIFICATE',
  'CA_CERTIFICATE',
] as const;

export type EventType = (typeof eventTypes)[number];

export interface EventConfigurationsOfRealm {
  readonly enabled: Readonly<Record<EventType, boolean>>;
  /** Milliseconds since the epoch; undefined until something is set for the first time. */
  readonly createdAt: number | undefined;
  readonly modifiedAt: number | undefined;
}

export class EventConfigurations {
  readonly #domain: Pick<Domain, 'store' | 'clock'>;
  /** What each change in the registry asks; read once, and again after an update. */
  readonly #enabled = new Map<string, Promise<Readonly<Record<EventType, boolean>>>>();

  constructor(domain: Pick<Domain, 'store' | 'clock'>) {
    this.#domain = domain;
  }

  /** Sets the kinds given; the others stay as they are (AWS: UpdateEventConfigurations). */
  async update(realm: Realm, given: { readonly [Type in EventType]?: boolean }): Promise<void> {
    const { store, clock } = this.#domain;
    const key = realmKey(realm);
    const now = clock.now();
    const set = eventTypes.filter(type => given[type] !== undefined);
    if (set.length === 0) return;
    await store.commit(set.map(type => putEventConfiguration(store, key, type, given[type]!, now)));
    this.#enabled.delete(key);
  }

  async describe(realm: Realm): Promise<EventConfigurationsOfRealm> {
    const rows = await readEventConfigurations(this.#domain.store, realmKey(realm));
    const on = new Set(rows.filter(row => row.enabled).map(row => row.eventType));
    return {
      enabled: Object.fromEntries(eventTypes.map(type => [type, on.has(type)])) as Record<EventType, boolean>,
      createdAt: rows.length > 0 ? Math.min(...rows.map(row => row.createdAt)) : undefined,
      modifiedAt: rows.length > 0 ? Math.max(...rows.map(row => row.modifiedAt)) : undefined,
    };
  }

  async isEnabled(realm: Realm, type: EventType): Promise<boolean> {
    const key = realmKey(realm);
    const known = this.#enabled.get(key);
    if (known !== undefined) return (await known)[type];
    const read = this.describe(realm).then(({ enabled }) => enabled);
    this.#enabled.set(key, read);
    // A failed read is not an answer to keep.
    read.catch(() => this.#enabled.delete(key));
    return (await read)[type];
  }
}
