/** Use-cases of dynamic thing groups; what they have in common with static ones, those of `ThingGroups` do. */
import { randomUUID } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey } from '../realm.ts';
import { retryStale } from '../store/retry.ts';
import { checkTags, type Tag } from '../tags/tag.ts';
import { deleteAllTags, putTags } from '../tags/tag-store.ts';
import { type Attributes, checkAttributes, sameAttributes, updateAttributes } from './attributes.ts';
import {
  type DynamicQuery,
  defaultIndexName,
  defaultQueryVersion,
  type FleetQueries,
  type FleetQuery,
} from './dynamic-group.ts';
import { countDynamicGroups, expectRoomForGroup } from './dynamic-group-store.ts';
import { awsRegistryLimits, type RegistryLimits } from './limits.ts';
import { type ThingGroup, type ThingGroupProperties, thingGroupArn } from './thing-group.ts';
import { checkVersion, groupExists, requireThingGroup } from './thing-group-service.ts';
import { deleteThingGroup, insertThingGroup, readThingGroup, replaceThingGroup } from './thing-group-store.ts';

export interface CreateDynamicThingGroup extends Partial<Omit<FleetQuery, 'queryString'>> {
  readonly thingGroupName: string;
  readonly queryString: string;
  readonly thingGroupProperties?: ThingGroupProperties | undefined;
  readonly tags?: readonly Tag[] | undefined;
}

export interface UpdateDynamicThingGroup extends Partial<FleetQuery> {
  readonly thingGroupName: string;
  readonly thingGroupProperties: ThingGroupProperties;
  readonly expectedVersion?: number | undefined;
}

/** A group as created or updated: it is certain that it has a query. */
export type DynamicThingGroup = ThingGroup & { readonly query: DynamicQuery };

export class DynamicThingGroups {
  readonly #domain: Domain;
  readonly #queries: FleetQueries;
  readonly #limits: RegistryLimits;

  constructor(domain: Domain, queries: FleetQueries, limits: RegistryLimits = awsRegistryLimits) {
    this.#domain = domain;
    this.#queries = queries;
    this.#limits = limits;
  }

  /**
   * Creating a group again with the same query, description and attributes returns the present one. Throws
   * `InvalidQueryException`, `InvalidRequestException` while indexing is off, `ResourceAlreadyExistsException` for a group of
   * that name that differs, `LimitExceededException` (AWS: CreateDynamicThingGroup).
   */
  async create(realm: Realm, input: CreateDynamicThingGroup): Promise<DynamicThingGroup> {
    const { store, clock, changes } = this.#domain;
    const { thingGroupName, tags = [] } = input;
    const description = input.thingGroupProperties?.thingGroupDescription || undefined;
    const attributes = updateAttributes({}, input.thingGroupProperties?.attributePayload);
    this.#checkAttributes(attributes);
    checkTags(tags, this.#limits);
    const query: DynamicQuery = { ...queryOf(input), status: 'BUILDING' };
    await this.#queries.check(realm, query);
    return retryStale(async () => {
      const present = await readThingGroup(store, realmKey(realm), thingGroupName);
      if (present) return sameDynamicGroup(realm, present, { description, attributes, query });
      await this.#checkRoom(realm);
      const group = {
        thingGroupName,
        thingGroupId: randomUUID(),
        parentGroupName: undefined,
        description,
        attributes,
        query,
        version: 1,
        createdAt: clock.now(),
      };
      await store.commit([
        insertThingGroup(store, realmKey(realm), group),
        expectRoomForGroup(store, realmKey(realm), group, this.#limits.dynamicGroups),
        ...putTags(store, realmKey(realm), thingGroupArn(realm, thingGroupName), tags),
      ]);
      changes.emit({ kind: 'thingGroup', realm, thingGroupName, operation: 'created', group });
      return group;
    });
  }

  /**
   * What is left out stays. Throws `ResourceNotFoundException`, `InvalidRequestException` for a static group,
   * `InvalidQueryException` and, unless the group has `expectedVersion`, `VersionConflictException`.
   */
  async update(realm: Realm, input: UpdateDynamicThingGroup): Promise<DynamicThingGroup> {
    const { store, changes } = this.#domain;
    const { thingGroupName, thingGroupProperties, expectedVersion } = input;
    return retryStale(async () => {
      const present = await requireThingGroup(store, realm, thingGroupName);
      checkDynamic(present);
      checkVersion(present, expectedVersion);
      const wanted = queryOf({ ...present.query, ...given(input) });
      const changed = !sameQuery(present.query, wanted);
      if (changed) await this.#queries.check(realm, wanted);
      const attributes = updateAttributes(present.attributes, thingGroupProperties.attributePayload);
      this.#checkAttributes(attributes);
      const description = thingGroupProperties.thingGroupDescription ?? present.description;
      const group = {
        ...present,
        description: description || undefined,
        attributes,
        query: changed ? { ...wanted, status: 'REBUILDING' as const } : present.query,
        version: present.version + 1,
      };
      await store.commit([replaceThingGroup(store, realmKey(realm), group)]);
      changes.emit({ kind: 'thingGroup', realm, thingGroupName, operation: 'updated', group });
      return group;
    });
  }

  /**
   * Deleting a group that does not exist succeeds. Throws `InvalidRequestException` for a static group, `VersionConflictException`
   * unless it has `expectedVersion`.
   */
  delete(realm: Realm, thingGroupName: string, expectedVersion?: number): Promise<void> {
    const { store, changes } = this.#domain;
    return retryStale(async () => {
      const group = await readThingGroup(store, realmKey(realm), thingGroupName);
      if (!group) return;
      checkDynamic(group);
      checkVersion(group, expectedVersion);
      await store.commit([
        deleteThingGroup(store, realmKey(realm), group),
        deleteAllTags(store, realmKey(realm), thingGroupArn(realm, thingGroupName)),
      ]);
      changes.emit({ kind: 'thingGroup', realm, thingGroupName, operation: 'deleted', group });
    });
  }

  async #checkRoom(realm: Realm): Promise<void> {
    const { dynamicGroups } = this.#limits;
    if ((await countDynamicGroups(this.#domain.store, realmKey(realm))) < dynamicGroups) return;
    throw new ServiceError('LimitExceededException', `there are ${dynamicGroups} dynamic thing groups already`);
  }

  #checkAttributes(attributes: Attributes): void {
    checkAttributes(attributes, { count: this.#limits.attributesOfGroup, bytes: this.#limits.attributeBytes });
  }
}

const queryOf = (input: Partial<FleetQuery> & Pick<FleetQuery, 'queryString'>): FleetQuery => ({
  indexName: input.indexName ?? defaultIndexName,
  queryString: input.queryString,
  queryVersion: input.queryVersion ?? defaultQueryVersion,
});

/** The members of a query that are there. */
const given = ({ indexName, queryString, queryVersion }: Partial<FleetQuery>): Partial<FleetQuery> => ({
  ...(indexName !== undefined && { indexName }),
  ...(queryString !== undefined && { queryString }),
  ...(queryVersion !== undefined && { queryVersion }),
});

const sameQuery = (a: FleetQuery, b: FleetQuery): boolean =>
  a.indexName === b.indexName && a.queryString === b.queryString && a.queryVersion === b.queryVersion;

function sameDynamicGroup(
  realm: Realm,
  present: ThingGroup,
  wanted: Pick<DynamicThingGroup, 'description' | 'attributes' | 'query'>,
): DynamicThingGroup {
  const { query } = present;
  const same =
    query !== undefined &&
    sameQuery(query, wanted.query) &&
    present.description === wanted.description &&
    sameAttributes(present.attributes, wanted.attributes);
  if (same) return { ...present, query };
  throw groupExists(realm, present);
}

function checkDynamic(group: ThingGroup): asserts group is DynamicThingGroup {
  if (group.query) return;
  throw new ServiceError('InvalidRequestException', `thing group \`${group.thingGroupName}\` is not dynamic`);
}
