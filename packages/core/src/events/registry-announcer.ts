/** Tells of the registry's changes on the reserved event topics, in their order, as far as the realm has switched them on. */
import { randomUUID } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { type Realm, realmKey } from '../realm.ts';
import type { ThingGroup } from '../registry/thing-group.ts';
import { readPath, readThingGroup } from '../registry/thing-group-store.ts';
import { readThing } from '../registry/thing-store.ts';
import type { Change } from './changes.ts';
import type { EventConfigurations, EventType } from './event-configuration.ts';
import {
  type EventStamp,
  type RegistryEvent,
  thingEvent,
  thingGroupEvent,
  thingGroupHierarchyEvent,
  thingGroupMembershipEvent,
  thingTypeAssociationEvents,
  thingTypeEvent,
} from './registry-events.ts';

export interface RegistryAnnouncerOptions {
  readonly configurations: EventConfigurations;
  readonly publish: (realm: Realm, topic: string, payload: object) => void;
  /** An event could not be made: a failure of the store. */
  readonly failed: (error: unknown) => void;
}

/** The kinds of event a change may lead to. */
const eventTypesOf: { readonly [Kind in Change['kind']]?: readonly EventType[] } = {
  thing: ['THING', 'THING_TYPE_ASSOCIATION'],
  thingType: ['THING_TYPE'],
  thingGroup: ['THING_GROUP', 'THING_GROUP_HIERARCHY'],
  thingGroupMembership: ['THING_GROUP_MEMBERSHIP'],
};

export class RegistryAnnouncer {
  readonly #domain: Domain;
  readonly #options: RegistryAnnouncerOptions;
  readonly #stopListening: () => void;
  /** Resolves when every change so far has been told of. */
  #told: Promise<void> = Promise.resolve();

  constructor(domain: Domain, options: RegistryAnnouncerOptions) {
    this.#domain = domain;
    this.#options = options;
    this.#stopListening = domain.changes.on(change => this.#enqueue(change));
  }

  /** Stops listening and finishes what has been heard. */
  async close(): Promise<void> {
    this.#stopListening();
    await this.#told;
  }

  #enqueue(change: Change): void {
    const kinds = eventTypesOf[change.kind];
    if (kinds === undefined) return;
    const timestamp = this.#domain.clock.now();
    this.#told = this.#told.then(async () => {
      try {
        await this.#tell(change, kinds, { timestamp, eventId: randomUUID });
      } catch (error) {
        this.#options.failed(error);
      }
    });
  }

  async #tell(change: Change, kinds: readonly EventType[], stamp: EventStamp): Promise<void> {
    const { configurations, publish } = this.#options;
    const { realm } = change;
    const enabled = await Promise.all(kinds.map(kind => configurations.isEnabled(realm, kind)));
    const wanted = kinds.filter((_, index) => enabled[index]);
    if (wanted.length === 0) return;
    for (const { eventType, topic, payload } of await this.#eventsOf(change, stamp)) {
      if (wanted.includes(eventType)) publish(realm, topic, payload);
    }
  }

  async #eventsOf(change: Change, stamp: EventStamp): Promise<RegistryEvent[]> {
    const { realm } = change;
    switch (change.kind) {
      case 'thing': {
        const { operation, thing, previous } = change;
        const associated = operation === 'deleted' ? thing.thingTypeName : previous?.thingTypeName;
        return [
          thingEvent(realm, stamp, operation, thing),
          ...thingTypeAssociationEvents(realm, stamp, thing, associated),
        ];
      }
      case 'thingType':
        return [thingTypeEvent(realm, stamp, change.operation, change.thingType)];
      case 'thingGroup': {
        const { operation, group } = change;
        const ancestors = await this.#ancestors(realm, group);
        const parent = ancestors.at(-1);
        const moves = parent !== undefined && operation !== 'updated';
        return [
          thingGroupEvent(realm, stamp, operation, group, ancestors),
          ...(moves
            ? [thingGroupHierarchyEvent(realm, stamp, operation === 'created' ? 'added' : 'removed', parent, group)]
            : []),
        ];
      }
      case 'thingGroupMembership': {
        const { store } = this.#domain;
        const group = await readThingGroup(store, realmKey(realm), change.thingGroupName);
        const thing = await readThing(store, realmKey(realm), change.thingName);
        // Either may have gone meanwhile; its own event says so.
        if (group === undefined || thing === undefined) return [];
        return [thingGroupMembershipEvent(realm, stamp, change.operation, group, thing)];
      }
      default:
        return [];
    }
  }

  async #ancestors(realm: Realm, { parentGroupName }: ThingGroup): Promise<ThingGroup[]> {
    if (parentGroupName === undefined) return [];
    const { store } = this.#domain;
    const path = await readPath(store, realmKey(realm), parentGroupName);
    const groups = await Promise.all(path.map(name => readThingGroup(store, realmKey(realm), name)));
    return groups.filter(group => group !== undefined);
  }
}
