/** Use-cases of putting things into static groups and taking them out. */
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey } from '../realm.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import { awsRegistryLimits, type RegistryLimits } from './limits.ts';
import { deleteMembership, insertMembership, listGroupsOfThing, listThingsInGroup } from './membership-store.ts';
import { readPaths, thingGroupExists } from './thing-group-store.ts';
import { bumpMembershipVersion, readMembershipVersion } from './thing-store.ts';

export interface MembershipChange {
  readonly thingName: string;
  readonly add?: readonly string[] | undefined;
  readonly remove?: readonly string[] | undefined;
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
   * `ResourceNotFoundException` for an unknown thing or group, `InvalidRequestException` if the thing would be in more groups
   * than it may, or in two of one hierarchy (AWS: static thing groups, "Add a thing to a thing group").
   */
  async change(realm: Realm, { thingName, add = [], remove = [] }: MembershipChange): Promise<void> {
    const { store, clock, changes } = this.#domain;
    const key = realmKey(realm);
    return retryStale(async () => {
      const version = await readMembershipVersion(store, key, thingName);
      if (version === undefined) throw notFound(`thing \`${thingName}\` not found`);
      for (const name of new Set([...add, ...remove])) await this.#checkGroup(realm, name);
      const present = await listGroupsOfThing(store, key, thingName);
      const leaving = [...new Set(remove)].filter(name => present.includes(name));
      const staying = present.filter(name => !leaving.includes(name));
      const joining = [...new Set(add)].filter(name => !staying.includes(name));
      if (leaving.length + joining.length === 0) return;
      if (joining.length > 0) await this.#checkMemberships(realm, thingName, [...staying, ...joining]);
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
    await this.#checkGroup(realm, thingGroupName);
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

  async #checkGroup(realm: Realm, thingGroupName: string): Promise<void> {
    if (await thingGroupExists(this.#domain.store, realmKey(realm), thingGroupName)) return;
    throw notFound(`thing group \`${thingGroupName}\` not found`);
  }
}

const notFound = (message: string) => new ServiceError('ResourceNotFoundException', message);
const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
