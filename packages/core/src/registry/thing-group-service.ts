/** Use-cases of static thing groups; describing and listing are those of dynamic ones too. */
import { randomUUID } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { deletePolicyAttachmentsOf } from '../policy/policy-attachment-store.ts';
import { type Realm, realmKey } from '../realm.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import type { Store } from '../store/store.ts';
import { checkTags, type Tag } from '../tags/tag.ts';
import { deleteAllTags, putTags } from '../tags/tag-store.ts';
import { type Attributes, checkAttributes, sameAttributes, updateAttributes } from './attributes.ts';
import { awsRegistryLimits, type RegistryLimits } from './limits.ts';
import { checkStatic, type ThingGroup, type ThingGroupProperties, thingGroupArn } from './thing-group.ts';
import {
  countChildGroups,
  deleteThingGroup,
  insertThingGroup,
  listThingGroups,
  readPath,
  readThingGroup,
  replaceThingGroup,
  type ThingGroupFilter,
} from './thing-group-store.ts';

export interface CreateThingGroup {
  readonly thingGroupName: string;
  readonly parentGroupName?: string | undefined;
  readonly thingGroupProperties?: ThingGroupProperties | undefined;
  readonly tags?: readonly Tag[] | undefined;
}

export interface UpdateThingGroup {
  readonly thingGroupName: string;
  readonly thingGroupProperties: ThingGroupProperties;
  readonly expectedVersion?: number | undefined;
}

/** A group and the names of those above it, its root first. */
export interface ThingGroupInPlace {
  readonly group: ThingGroup;
  readonly ancestors: readonly string[];
}

const groupListing: Listing<ThingGroup> = {
  name: 'thing groups',
  order: ['string'],
  position: group => [group.thingGroupName],
};

export class ThingGroups {
  readonly #domain: Domain;
  readonly #limits: RegistryLimits;

  constructor(domain: Domain, limits: RegistryLimits = awsRegistryLimits) {
    this.#domain = domain;
    this.#limits = limits;
  }

  /**
   * Creating a group again with the same parent, description and attributes returns the present one (AWS: CreateThingGroup).
   * Throws `ResourceAlreadyExistsException` if it differs, `InvalidRequestException` for an unknown parent or one that can
   * have no (more) children.
   */
  async create(realm: Realm, input: CreateThingGroup): Promise<ThingGroup> {
    const { store, clock, changes } = this.#domain;
    const { thingGroupName, parentGroupName, tags = [] } = input;
    const description = input.thingGroupProperties?.thingGroupDescription || undefined;
    const attributes = updateAttributes({}, input.thingGroupProperties?.attributePayload);
    this.#checkAttributes(attributes);
    checkTags(tags, this.#limits);
    return retryStale(async () => {
      const present = await readThingGroup(store, realmKey(realm), thingGroupName);
      if (present) return sameGroup(realm, present, { parentGroupName, description, attributes });
      if (parentGroupName !== undefined) await this.#checkParent(realm, parentGroupName);
      const group: ThingGroup = {
        thingGroupName,
        thingGroupId: randomUUID(),
        parentGroupName,
        description,
        attributes,
        version: 1,
        createdAt: clock.now(),
      };
      await store.commit([
        insertThingGroup(store, realmKey(realm), group),
        ...putTags(store, realmKey(realm), thingGroupArn(realm, thingGroupName), tags),
      ]);
      changes.emit({ kind: 'thingGroup', realm, thingGroupName, operation: 'created', group });
      return group;
    });
  }

  /** Throws `ResourceNotFoundException`. */
  async describe(realm: Realm, thingGroupName: string): Promise<ThingGroupInPlace> {
    const group = await this.#require(realm, thingGroupName);
    const path = await readPath(this.#domain.store, realmKey(realm), thingGroupName);
    return { group, ancestors: path.slice(0, -1) };
  }

  /**
   * Throws `ResourceNotFoundException`, `InvalidRequestException` for a dynamic group and, unless the group has
   * `expectedVersion`, `VersionConflictException`.
   */
  async update(realm: Realm, input: UpdateThingGroup): Promise<ThingGroup> {
    const { store, changes } = this.#domain;
    const { thingGroupName, thingGroupProperties, expectedVersion } = input;
    return retryStale(async () => {
      const present = await this.#require(realm, thingGroupName);
      checkStatic(present);
      checkVersion(present, expectedVersion);
      const attributes = updateAttributes(present.attributes, thingGroupProperties.attributePayload);
      this.#checkAttributes(attributes);
      const description = thingGroupProperties.thingGroupDescription ?? present.description;
      const group = { ...present, description: description || undefined, attributes, version: present.version + 1 };
      await store.commit([replaceThingGroup(store, realmKey(realm), group)]);
      changes.emit({ kind: 'thingGroup', realm, thingGroupName, operation: 'updated', group });
      return group;
    });
  }

  /**
   * Its things leave it and its policies are detached; deleting a group that does not exist succeeds. Throws
   * `InvalidRequestException` for a dynamic group and while it has child groups, `VersionConflictException` unless it has `expectedVersion`
   * (AWS: static thing groups, "Delete a thing group").
   */
  async delete(realm: Realm, thingGroupName: string, expectedVersion?: number): Promise<void> {
    const { store, changes } = this.#domain;
    return retryStale(async () => {
      const group = await readThingGroup(store, realmKey(realm), thingGroupName);
      if (!group) return;
      checkStatic(group);
      checkVersion(group, expectedVersion);
      if ((await countChildGroups(store, realmKey(realm), thingGroupName)) > 0) {
        throw invalid(
          `Cannot delete thing group : ${thingGroupName} when there are still child groups attached to it.`,
        );
      }
      const arn = thingGroupArn(realm, thingGroupName);
      await store.commit([
        deleteThingGroup(store, realmKey(realm), group),
        deletePolicyAttachmentsOf(store, realmKey(realm), arn),
        deleteAllTags(store, realmKey(realm), arn),
      ]);
      changes.emit({ kind: 'thingGroup', realm, thingGroupName, operation: 'deleted', group });
    });
  }

  /** Groups by name. Throws `ResourceNotFoundException` for an unknown parent. */
  async list(realm: Realm, filter: ThingGroupFilter & PageRequest): Promise<Page<ThingGroup>> {
    if (filter.parentGroup !== undefined) await this.#require(realm, filter.parentGroup);
    return readPage(groupListing, filter, (after, limit) =>
      listThingGroups(this.#domain.store, realmKey(realm), filter, after, limit),
    );
  }

  #require(realm: Realm, thingGroupName: string): Promise<ThingGroup> {
    return requireThingGroup(this.#domain.store, realm, thingGroupName);
  }

  async #checkParent(realm: Realm, parentGroupName: string): Promise<void> {
    const { store } = this.#domain;
    const { groupDepth, directChildGroups } = this.#limits;
    const parent = await readThingGroup(store, realmKey(realm), parentGroupName);
    if (parent?.query) throw invalid(`parent group \`${parentGroupName}\` is dynamic, and stands in no hierarchy`);
    const path = await readPath(store, realmKey(realm), parentGroupName);
    if (path.length === 0) throw invalid(`parent group \`${parentGroupName}\` does not exist`);
    if (path.length >= groupDepth) throw invalid(`a hierarchy of groups has at most ${groupDepth} levels`);
    if ((await countChildGroups(store, realmKey(realm), parentGroupName)) >= directChildGroups) {
      throw invalid(`group \`${parentGroupName}\` already has ${directChildGroups} child groups`);
    }
  }

  #checkAttributes(attributes: Attributes): void {
    checkAttributes(attributes, { count: this.#limits.attributesOfGroup, bytes: this.#limits.attributeBytes });
  }
}

/** Throws `ResourceNotFoundException`. */
export async function requireThingGroup(store: Store, realm: Realm, thingGroupName: string): Promise<ThingGroup> {
  const group = await readThingGroup(store, realmKey(realm), thingGroupName);
  if (!group) throw new ServiceError('ResourceNotFoundException', `thing group \`${thingGroupName}\` not found`);
  return group;
}

function sameGroup(
  realm: Realm,
  present: ThingGroup,
  wanted: Pick<ThingGroup, 'parentGroupName' | 'description' | 'attributes'>,
): ThingGroup {
  const same =
    present.query === undefined &&
    present.parentGroupName === wanted.parentGroupName &&
    present.description === wanted.description &&
    sameAttributes(present.attributes, wanted.attributes);
  if (same) return present;
  throw groupExists(realm, present);
}

export const groupExists = (realm: Realm, present: ThingGroup): ServiceError =>
  new ServiceError(
    'ResourceAlreadyExistsException',
    `Thing Group ${present.thingGroupName} already exists in current account with different properties`,
    { resourceId: present.thingGroupId, resourceArn: thingGroupArn(realm, present.thingGroupName) },
  );

export function checkVersion(group: ThingGroup, expectedVersion: number | undefined): void {
  if (expectedVersion === undefined || expectedVersion === group.version) return;
  throw new ServiceError(
    'VersionConflictException',
    `thing group \`${group.thingGroupName}\` has version ${group.version}, not the expected ${expectedVersion}`,
  );
}

const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
