/**
 * Keeps dynamic groups filled: when something about a thing changes, it joins the groups it now fits and leaves those it does not;
 * when a group is made or its query changes, every thing is looked at.
 *
 * What is still to be done is remembered in this process alone, so after a start every dynamic group is gone through once.
 */
import type { Domain } from '../domain.ts';
import type { Change } from '../events/changes.ts';
import { type Realm, realmKey, realmOfKey } from '../realm.ts';
import { retryStale } from '../store/retry.ts';
import { admittedGroups, type FleetQueries } from './dynamic-group.ts';
import { activateGroup, readDynamicGroups, realmsWithDynamicGroups } from './dynamic-group-store.ts';
import { awsRegistryLimits, type RegistryLimits } from './limits.ts';
import { deleteMembership, insertMembership, listThingsInGroup, readGroupsOfThing } from './membership-store.ts';
import type { ThingGroup } from './thing-group.ts';
import { bumpMembershipVersion, readMembershipVersion } from './thing-store.ts';

export interface DynamicMembershipsOptions {
  readonly queries: FleetQueries;
  readonly limits?: RegistryLimits;
  /** A thing could not be put where it belongs: a failure of the store or of the index. */
  readonly failed: (error: unknown, where: string) => void;
}

/** Things looked at together, so that their commits are one. */
const batch = 32;
/** A query may name groups that another query fills; after this many rounds a thing stays where it is. */
const maximumRounds = 3;

/** What is to be done in a realm. */
interface Work {
  readonly realm: Realm;
  readonly things: Set<string>;
  /** Whether to go through all groups, or just those still building. */
  rebuild: 'none' | 'building' | 'all';
}

export class DynamicMemberships {
  readonly #domain: Domain;
  readonly #options: DynamicMembershipsOptions;
  readonly #limits: RegistryLimits;
  readonly #work = new Map<string, Work>();
  /** The dynamic groups of a realm, the oldest first; forgotten whenever one changes. */
  readonly #groups = new Map<string, Promise<readonly ThingGroup[]>>();
  readonly #stopListening: () => void;
  #running: Promise<void> | undefined;
  #closed = false;
  /** While this tells of memberships of its own making: `#settle` looks again by itself, so often and no more. */
  #telling = false;

  constructor(domain: Domain, options: DynamicMembershipsOptions) {
    this.#domain = domain;
    this.#options = options;
    this.#limits = options.limits ?? awsRegistryLimits;
    this.#stopListening = domain.changes.on(change => this.#hear(change));
  }

  /** Goes through the groups of every realm, as after a start. */
  async start(): Promise<void> {
    for (const key of await realmsWithDynamicGroups(this.#domain.store)) this.rebuild(realmOfKey(key));
  }

  /** Something about the thing has changed that the registry does not know: its shadow, its connectivity. */
  touch(realm: Realm, thingName: string): void {
    this.#workOf(realm).things.add(thingName);
    this.#run();
  }

  /** Something has changed about things that are not known one by one. */
  rebuild(realm: Realm): void {
    this.#workOf(realm).rebuild = 'all';
    this.#run();
  }

  /** Resolves when everything heard so far is done. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Stops listening; what is under way is finished, the rest is left to the next start. */
  async close(): Promise<void> {
    this.#stopListening();
    this.#closed = true;
    await this.settled();
  }

  #hear(change: Change): void {
    const { realm } = change;
    if (change.kind === 'thingGroup') {
      this.#groups.delete(realmKey(realm));
      if (change.group.query === undefined) {
        // Things that were in the group are in it no more, and queries may have named it.
        if (change.operation === 'deleted') this.rebuild(realm);
      } else if (change.operation !== 'deleted' && change.group.query.status !== 'ACTIVE') {
        const work = this.#workOf(realm);
        if (work.rebuild === 'none') work.rebuild = 'building';
        this.#run();
      }
    } else if (change.kind === 'billingGroupDeleted' || change.kind === 'thingIndex') this.rebuild(realm);
    else if ('thingName' in change && change.kind !== 'thingPrincipal' && !this.#telling) {
      this.touch(realm, change.thingName);
    }
  }

  #workOf(realm: Realm): Work {
    const key = realmKey(realm);
    const work = this.#work.get(key) ?? { realm, things: new Set(), rebuild: 'none' };
    this.#work.set(key, work);
    return work;
  }

  #run(): void {
    if (this.#closed) return;
    this.#running ??= this.#drain();
  }

  async #drain(): Promise<void> {
    // What is heard in the turn that began this comes with it.
    await undefined;
    while (this.#work.size > 0 && !this.#closed) {
      const [key, work] = this.#work.entries().next().value!;
      this.#work.delete(key);
      try {
        const groups = await this.#groupsOf(work.realm);
        if (groups.length > 0) await this.#fill(work, groups);
      } catch (error) {
        this.#options.failed(error, `dynamic thing groups of ${key}`);
      }
    }
    // Together with the last look at the work, so that nothing heard in between is left lying.
    this.#running = undefined;
  }

  #groupsOf(realm: Realm): Promise<readonly ThingGroup[]> {
    const key = realmKey(realm);
    let groups = this.#groups.get(key);
    if (!groups) {
      groups = readDynamicGroups(this.#domain.store, key);
      this.#groups.set(key, groups);
      groups.catch(() => this.#groups.delete(key));
    }
    return groups;
  }

  async #fill({ realm, things, rebuild }: Work, groups: readonly ThingGroup[]): Promise<void> {
    const { store } = this.#domain;
    await this.#settleAll(realm, [...things]);
    const rebuilt = groups.filter(({ query }) => rebuild === 'all' || query?.status !== 'ACTIVE');
    if (rebuild === 'none' || rebuilt.length === 0) return;
    for (const group of rebuilt) await this.#rebuildGroup(realm, group);
    await store.commit(rebuilt.map(group => activateGroup(store, realmKey(realm), group)));
    this.#groups.delete(realmKey(realm));
  }

  /** Looks at the things in the group, and at those that should be. */
  async #rebuildGroup(realm: Realm, group: ThingGroup): Promise<void> {
    const { thingGroupName, query } = group;
    const members = (after: string | undefined) =>
      listThingsInGroup(
        this.#domain.store,
        realmKey(realm),
        { thingGroupName },
        after === undefined ? after : [after],
        batch,
      );
    const fitting = (after: string | undefined) => this.#options.queries.things(realm, query!, after, batch);
    for (const read of [members, fitting]) {
      let names: readonly string[] = [];
      do {
        names = await read(names.at(-1));
        await this.#settleAll(realm, names);
      } while (names.length === batch && !this.#closed);
    }
  }

  async #settleAll(realm: Realm, thingNames: readonly string[]): Promise<void> {
    for (let start = 0; start < thingNames.length; start += batch) {
      const settling = thingNames.slice(start, start + batch).map(async thingName => {
        try {
          for (let round = 0; round < maximumRounds && (await this.#settle(realm, thingName)); round++);
        } catch (error) {
          this.#options.failed(error, `dynamic thing groups of thing \`${thingName}\``);
        }
      });
      await Promise.all(settling);
    }
  }

  /** Puts the thing into the groups it belongs to; answers whether anything was to be done. */
  #settle(realm: Realm, thingName: string): Promise<boolean> {
    const { store, clock } = this.#domain;
    const key = realmKey(realm);
    return retryStale(async () => {
      const groups = await this.#groupsOf(realm);
      const version = await readMembershipVersion(store, key, thingName);
      if (version === undefined) return false;
      const fits = await this.#options.queries.fits(
        realm,
        thingName,
        groups.map(group => group.query!),
      );
      const present = await readGroupsOfThing(store, key, thingName);
      const staticGroups = present.filter(group => group.query === undefined).length;
      const fitting = groups.filter((_, index) => fits[index]).map(group => group.thingGroupName);
      const wanted = new Set(admittedGroups(fitting, staticGroups, this.#limits.groupsOfThing));
      const dynamic = present.filter(group => group.query !== undefined).map(group => group.thingGroupName);
      const leaving = dynamic.filter(name => !wanted.has(name));
      const joining = [...wanted].filter(name => !dynamic.includes(name));
      if (leaving.length + joining.length === 0) return false;
      await store.commit([
        bumpMembershipVersion(store, key, thingName, version),
        ...leaving.map(name => deleteMembership(store, key, name, thingName)),
        ...joining.map(name => insertMembership(store, key, name, thingName, clock.now())),
      ]);
      this.#tell(realm, thingName, leaving, joining);
      return true;
    });
  }

  #tell(realm: Realm, thingName: string, leaving: readonly string[], joining: readonly string[]): void {
    const { changes } = this.#domain;
    const told = { kind: 'thingGroupMembership', realm, thingName } as const;
    this.#telling = true;
    for (const thingGroupName of leaving) changes.emit({ ...told, thingGroupName, operation: 'removed' });
    for (const thingGroupName of joining) changes.emit({ ...told, thingGroupName, operation: 'added' });
    this.#telling = false;
  }
}
