/** Use-cases of putting things into static groups and taking them out; the lists show dynamic ones too. */
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey } from '../realm.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import { awsRegistryLimits, type RegistryLimits } from './limits.ts';
import {
  deleteMembership,
  insertMembership,
  listGroupsOfThing,
  listThingsInGroup,
  readGroupsOfThing,
} from './membership-store.ts';
import { byAge, checkStatic, type ThingGroup } from './thing-group.ts';
import { requireThingGroup } from './thing-group-service.ts';
import { readPaths } from './thing-group-store.ts';
import { bumpMembershipVersion, readMembershipVersion } from './thing-store.ts';

export interface MembershipChange {
  readonly thingName: string;
  readonly add?: readonly string[] | undefined;
  readonly remove?: readonly string[] | undefined;
  /** Where the thing is in as many groups as it may be: whether it leaves its newest dynamic groups to make room. */
  readonly overrideDynamicGroups?: boolean | undefined;
}

const groupListing: Listing<string> = { name: 'groups of a thing', order: ['string'], position: name => [name] };
const thingListing: Listing<string> = { name: 'things of a group', order: ['string'], position: name => [name] };

export class ThingGroupMemberships {
  readonly #domain: Domain;
  readonly #limits: RegistryLimits;

  constructor(domain: Domain, limits: RegistryLimits = awsRegistryLimits) {
    this.#domain = domain;
    this.#limits = limits;
  }

  /**
   * Takes a thing out of groups and puts it into others, all at once; what is so already is passed over. Throws
   * `ResourceNotFoundException` for an unknown thing or group, `InvalidRequestException` for a dynamic group, and if the thing
   * would be in more groups than it may, or in two of one hierarchy (AWS: static thing groups, "Add a thing to a thing group";
   * dynamic thing groups, "With overrideDynamicGroups enabled").
   */
  async change(
    realm: Realm,
    { thingName, add = [], remove = [], overrideDynamicGroups }: MembershipChange,
  ): Promise<void> {
    const { store, clock, changes } = this.#domain;
    const key = realmKey(realm);
    return retryStale(async () => {
      const version = await readMembershipVersion(store, key, thingName);
      if (version === undefined) throw notFound(`thing \`${thingName}\` not found`);
      for (const name of new Set([...add, ...remove])) checkStatic(await this.#group(realm, name));
      const present = await readGroupsOfThing(store, key, thingName);
      const names = present.map(group => group.thingGroupName);
      const leaving = [...new Set(remove)].filter(name => names.includes(name));
      const staying = names.filter(name => !leaving.includes(name));
      const joining = [...new Set(add)].filter(name => !staying.includes(name));
      if (leaving.length + joining.length === 0) return;
      if (joining.length > 0) {
        const excess = staying.length + joining.length - this.#limits.groupsOfThing;
        const yielding = overrideDynamicGroups ? newestDynamic(present, excess) : [];
        const kept = staying.filter(name => !yielding.includes(name));
        await this.#checkMemberships(realm, thingName, [...kept, ...joining]);
        leaving.push(...yielding);
      }
      await store.commit([
        bumpMembershipVersion(store, key, thingName, version),
        ...leaving.map(name => deleteMembership(store, key, name, thingName)),
        ...joining.map(name => insertMembership(store, key, name, thingName, clock.now())),
      ]);
      const told = { kind: 'thingGroupMembership', realm, thingName } as const;
      for (const thingGroupName of leaving) changes.emit({ ...told, thingGroupName, operation: 'removed' });
      for (const thingGroupName of joining) changes.emit({ ...told, thingGroupName, operation: 'added' });
    });
  }

  /** Names of the groups a thing is directly in. Throws `ResourceNotFoundException`. */
  async ofThing(realm: Realm, thingName: string, request: PageRequest): Promise<Page<string>> {
    const { store } = this.#domain;
    if ((await readMembershipVersion(store, realmKey(realm), thingName)) === undefined) {
      throw notFound(`thing \`${thingName}\` not found`);
    }
    return readPage(groupListing, request, (after, limit) =>
      listGroupsOfThing(store, realmKey(realm), thingName, after, limit),
    );
  }

  /** Names of a group's things, with `recursive` of those in the groups below it too. Throws `ResourceNotFoundException`. */
  async ofGroup(
    realm: Realm,
    thingGroupName: string,
    request: PageRequest & { recursive?: boolean | undefined },
  ): Promise<Page<string>> {
    await this.#group(realm, thingGroupName);
    const { recursive } = request;
    return readPage(thingListing, request, (after, limit) =>
      listThingsInGroup(this.#domain.store, realmKey(realm), { thingGroupName, recursive }, after, limit),
    );
  }

  async #checkMemberships(realm: Realm, thingName: string, groups: readonly string[]): Promise<void> {
    const { groupsOfThing } = this.#limits;
    if (groups.length > groupsOfThing) {
      throw invalid(
        `thing \`${thingName}\` would be in ${groups.length} groups, more than the ${groupsOfThing} it may be in`,
      );
    }
    const byRoot = new Map<string, string>();
    for (const [name, [root]] of await readPaths(this.#domain.store, realmKey(realm), groups)) {
      const other = byRoot.get(root!);
      if (other !== undefined) {
        throw invalid(`thing \`${thingName}\` cannot be in \`${other}\` and \`${name}\`, which are of one hierarchy`);
      }
      byRoot.set(root!, name);
    }
  }

  #group(realm: Realm, thingGroupName: string): Promise<ThingGroup> {
    return requireThingGroup(this.#domain.store, realm, thingGroupName);
  }
}

/** Names of the dynamic groups among `groups` that were created last: `count` of them, or as many as there are. */
function newestDynamic(groups: readonly ThingGroup[], count: number): string[] {
  const dynamic = groups.filter(group => group.query !== undefined).sort(byAge);
  return dynamic.slice(Math.max(0, dynamic.length - Math.max(0, count))).map(group => group.thingGroupName);
}

const notFound = (message: string) => new ServiceError('ResourceNotFoundException', message);
const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
