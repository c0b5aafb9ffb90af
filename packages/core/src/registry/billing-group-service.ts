/** Use-cases of billing groups. */
import { randomUUID } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey } from '../realm.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import { checkTags, type Tag } from '../tags/tag.ts';
import { deleteAllTags, putTags } from '../tags/tag-store.ts';
import { type BillingGroup, type BillingGroupProperties, billingGroupArn } from './billing-group.ts';
import {
  claimBillingGroup,
  deleteBillingGroup,
  insertBillingGroup,
  listBillingGroups,
  listThingsInBillingGroup,
  moveToBillingGroup,
  readBillingGroup,
  replaceBillingGroup,
} from './billing-group-store.ts';
import { awsRegistryLimits, type RegistryLimits } from './limits.ts';
import type { Thing } from './thing.ts';
import { readThing } from './thing-store.ts';

export interface CreateBillingGroup {
  readonly billingGroupName: string;
  readonly billingGroupProperties?: BillingGroupProperties | undefined;
  readonly tags?: readonly Tag[] | undefined;
}

export interface UpdateBillingGroup {
  readonly billingGroupName: string;
  readonly billingGroupProperties: BillingGroupProperties;
  readonly expectedVersion?: number | undefined;
}

const groupListing: Listing<BillingGroup> = {
  name: 'billing groups',
  order: ['string'],
  position: group => [group.billingGroupName],
};
const thingListing: Listing<string> = {
  name: 'things of a billing group',
  order: ['string'],
  position: name => [name],
};

export class BillingGroups {
  readonly #domain: Domain;
  readonly #limits: RegistryLimits;

  constructor(domain: Domain, limits: RegistryLimits = awsRegistryLimits) {
    this.#domain = domain;
    this.#limits = limits;
  }

  /**
   * Creating a group again with the same description returns the present one (AWS: CreateBillingGroup). Throws
   * `ResourceAlreadyExistsException` if it differs.
   */
  async create(realm: Realm, input: CreateBillingGroup): Promise<BillingGroup> {
    const { store, clock } = this.#domain;
    const { billingGroupName, tags = [] } = input;
    const description = input.billingGroupProperties?.billingGroupDescription || undefined;
    checkTags(tags, this.#limits);
    return retryStale(async () => {
      const present = await readBillingGroup(store, realmKey(realm), billingGroupName);
      if (present) return sameBillingGroup(realm, present, description);
      const billingGroupId = randomUUID();
      const group = { billingGroupName, billingGroupId, description, version: 1, createdAt: clock.now() };
      await store.commit([
        insertBillingGroup(store, realmKey(realm), group),
        ...putTags(store, realmKey(realm), billingGroupArn(realm, billingGroupName), tags),
      ]);
      return group;
    });
  }

  /** Throws `ResourceNotFoundException`. */
  async describe(realm: Realm, billingGroupName: string): Promise<BillingGroup> {
    const group = await readBillingGroup(this.#domain.store, realmKey(realm), billingGroupName);
    if (!group) throw notFound(`billing group \`${billingGroupName}\` not found`);
    return group;
  }

  /** Throws `ResourceNotFoundException` and, unless the group has `expectedVersion`, `VersionConflictException`. */
  update(realm: Realm, input: UpdateBillingGroup): Promise<BillingGroup> {
    const { store } = this.#domain;
    const { billingGroupName, billingGroupProperties, expectedVersion } = input;
    return retryStale(async () => {
      const present = await this.describe(realm, billingGroupName);
      checkVersion(present, expectedVersion);
      const description = billingGroupProperties.billingGroupDescription ?? present.description;
      const group = { ...present, description: description || undefined, version: present.version + 1 };
      await store.commit([replaceBillingGroup(store, realmKey(realm), group)]);
      return group;
    });
  }

  /**
   * Its things leave it; deleting a group that does not exist succeeds. Throws `VersionConflictException` unless it has
   * `expectedVersion` (AWS: DeleteBillingGroup, which knows no conflict with things and no missing group).
   */
  delete(realm: Realm, billingGroupName: string, expectedVersion?: number): Promise<void> {
    const { store, changes } = this.#domain;
    return retryStale(async () => {
      const group = await readBillingGroup(store, realmKey(realm), billingGroupName);
      if (!group) return;
      checkVersion(group, expectedVersion);
      await store.commit([
        ...deleteBillingGroup(store, realmKey(realm), group),
        deleteAllTags(store, realmKey(realm), billingGroupArn(realm, billingGroupName)),
      ]);
      changes.emit({ kind: 'billingGroupDeleted', realm, billingGroupName });
    });
  }

  /** Groups by name. */
  list(
    realm: Realm,
    filter: PageRequest & { readonly namePrefixFilter?: string | undefined },
  ): Promise<Page<BillingGroup>> {
    return readPage(groupListing, filter, (after, limit) =>
      listBillingGroups(this.#domain.store, realmKey(realm), filter, after, limit),
    );
  }

  /** Names of a group's things. Throws `ResourceNotFoundException`. */
  async things(realm: Realm, billingGroupName: string, request: PageRequest): Promise<Page<string>> {
    await this.describe(realm, billingGroupName);
    return readPage(thingListing, request, (after, limit) =>
      listThingsInBillingGroup(this.#domain.store, realmKey(realm), billingGroupName, after, limit),
    );
  }

  /**
   * Adding a thing again changes nothing. Throws `ResourceNotFoundException` for an unknown thing or group,
   * `InvalidRequestException` if the thing is in another group: it can be in one (AWS: quotas, "billing groups per thing").
   */
  add(realm: Realm, thingName: string, billingGroupName: string): Promise<void> {
    return retryStale(async () => {
      await this.describe(realm, billingGroupName);
      const from = (await this.#thing(realm, thingName)).billingGroupName;
      if (from === billingGroupName) return;
      if (from !== undefined) {
        const message = `thing \`${thingName}\` is in billing group \`${from}\` already; remove it from there first`;
        throw new ServiceError('InvalidRequestException', message);
      }
      await this.#move(realm, thingName, { from, to: billingGroupName });
    });
  }

  /** Removing a thing that is not in the group changes nothing. Throws `ResourceNotFoundException` for an unknown thing or group. */
  remove(realm: Realm, thingName: string, billingGroupName: string): Promise<void> {
    return retryStale(async () => {
      await this.describe(realm, billingGroupName);
      const from = (await this.#thing(realm, thingName)).billingGroupName;
      if (from === billingGroupName) await this.#move(realm, thingName, { from, to: undefined });
    });
  }

  async #move(realm: Realm, thingName: string, move: Parameters<typeof moveToBillingGroup>[3]): Promise<void> {
    const { store, changes } = this.#domain;
    const claim = move.to === undefined ? [] : [claimBillingGroup(store, realmKey(realm), move.to)];
    await store.commit([...claim, moveToBillingGroup(store, realmKey(realm), thingName, move)]);
    changes.emit({ kind: 'thingBillingGroup', realm, thingName, billingGroupName: move.to });
  }

  async #thing(realm: Realm, thingName: string): Promise<Thing> {
    const thing = await readThing(this.#domain.store, realmKey(realm), thingName);
    if (!thing) throw notFound(`thing \`${thingName}\` not found`);
    return thing;
  }
}

function sameBillingGroup(realm: Realm, present: BillingGroup, description: string | undefined): BillingGroup {
  if (present.description === description) return present;
  throw new ServiceError(
    'ResourceAlreadyExistsException',
    `Billing group ${present.billingGroupName} already exists in account with different properties`,
    { resourceId: present.billingGroupId, resourceArn: billingGroupArn(realm, present.billingGroupName) },
  );
}

function checkVersion(group: BillingGroup, expectedVersion: number | undefined): void {
  if (expectedVersion === undefined || expectedVersion === group.version) return;
  throw new ServiceError(
    'VersionConflictException',
    `billing group \`${group.billingGroupName}\` has version ${group.version}, not the expected ${expectedVersion}`,
  );
}

const notFound = (message: string) => new ServiceError('ResourceNotFoundException', message);
