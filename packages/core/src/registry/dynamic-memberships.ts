/**
 * Keeps dynamic groups filled: when something about a thing changes, it joins the groups it now fits and leaves those it does not;
 * when a group is made or its query changes, every thing is looked at.
 *
 * What is still to be done is remembered in this process alone, so after a start every dynamic group is gone through once.
 */
import { retryDelay } from '../backoff.ts';
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import type { Change } from '../events/changes.ts';
import { type Realm, realmKey, realmOfKey } from '../realm.ts';
import { retryStale } from '../store/retry.ts';
import type { Write } from '../store/store.ts';
import { systemTimers, type Timers } from '../timers.ts';
import { admittedGroups, type FleetQueries } from './dynamic-group.ts';
import { readDynamicGroups, realmsWithDynamicGroups, setGroupStatus } from './dynamic-group-store.ts';
import { awsRegistryLimits, type RegistryLimits } from './limits.ts';
import { deleteMembership, insertMembership, listThingsInGroup, readGroupsOfThing } from './membership-store.ts';
import type { ThingGroup } from './thing-group.ts';
import { bumpMembershipVersion, readMembershipVersion } from './thing-store.ts';

export interface DynamicMembershipsOptions {
  readonly queries: FleetQueries;
  readonly limits?: RegistryLimits;
  /**
   * A thing could not be put where it belongs, by a failure of the store or of the index, which is tried again; or a group's query
   * cannot be read, and the group keeps what it has until it is given another.
   */
  readonly failed: (error: unknown, where: string) => void;
  readonly timers?: Timers;
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
  rebuild: (typeof extents)[number];
}

const none: ReadonlySet<string> = new Set();
const extents = ['none', 'building', 'all'] as const;

function addWork(
  work: Work,
  { things, rebuild }: Pick<Work, 'rebuild'> & { readonly things: ReadonlySet<string> },
): void {
  for (const thing of things) work.things.add(thing);
  if (extents.indexOf(rebuild) > extents.indexOf(work.rebuild)) work.rebuild = rebuild;
}

export class DynamicMemberships {
  readonly #domain: Domain;
  readonly #options: DynamicMembershipsOptions;
  readonly #limits: RegistryLimits;
  readonly #work = new Map<string, Work>();
  /** What failed and waits for another attempt. */
  readonly #waiting = new Map<string, Work>();
  /** Attempts in a row at what failed. */
  #failures = 0;
  #callOffRetry: (() => void) | undefined;
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
    this.#callOffRetry?.();
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
        addWork(this.#workOf(realm), { things: none, rebuild: 'building' });
        this.#run();
      }
    } else if (change.kind === 'billingGroupDeleted' || change.kind === 'thingIndex') this.rebuild(realm);
    else if ('thingName' in change && change.kind !== 'thingPrincipal' && !this.#telling) {
      this.touch(realm, change.thingName);
    }
  }

  #workOf(realm: Realm, works = this.#work): Work {
    const key = realmKey(realm);
    const work = works.get(key) ?? { realm, things: new Set(), rebuild: 'none' };
    works.set(key, work);
    return work;
  }

  /** The work to add to what is to be tried again. */
  #later(realm: Realm): Work {
    const { timers = systemTimers } = this.#options;
    this.#callOffRetry ??= timers.after(retryDelay(++this.#failures, Math.random()), () => this.#tryAgain());
    return this.#workOf(realm, this.#waiting);
  }

  #tryAgain(): void {
    this.#callOffRetry = undefined;
    for (const waiting of this.#waiting.values()) addWork(this.#workOf(waiting.realm), waiting);
    this.#waiting.clear();
    this.#run();
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
        addWork(this.#later(work.realm), work);
      }
    }
    if (this.#waiting.size === 0) this.#failures = 0;
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
    const statuses: Write[] = [];
    for (const group of rebuilt) {
      const isFilled = await this.#attemptGroup(realm, group);
      statuses.push(setGroupStatus(store, realmKey(realm), group, isFilled ? 'ACTIVE' : 'REBUILDING'));
    }
    await store.commit(statuses);
    this.#groups.delete(realmKey(realm));
  }

  /** One group that cannot be filled must not keep the others from it. */
  async #attemptGroup(realm: Realm, group: ThingGroup): Promise<boolean> {
    try {
      await this.#rebuildGroup(realm, group);
      return true;
    } catch (error) {
      this.#options.failed(error, `dynamic thing group \`${group.thingGroupName}\``);
      const isUnreadable = error instanceof ServiceError && error.name === 'InvalidQueryException';
      if (!isUnreadable) addWork(this.#later(realm), { things: none, rebuild: 'building' });
      return false;
    }
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
          this.#later(realm).things.add(thingName);
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
      const dynamic = present.filter(group => group.query !== undefined).map(group => group.thingGroupName);
      const names = groups.map(group => group.thingGroupName);
      // Where nobody can tell, it stays as it is.
      const fitting = names.filter((name, index) => fits[index] ?? dynamic.includes(name));
      const wanted = new Set(admittedGroups(fitting, staticGroups, this.#limits.groupsOfThing));
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
