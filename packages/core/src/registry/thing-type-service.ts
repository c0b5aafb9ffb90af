/** Use-cases of thing types. */
import { randomUUID } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey } from '../realm.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import { checkTags, type Tag } from '../tags/tag.ts';
import { deleteAllTags, putTags } from '../tags/tag-store.ts';
import { awsRegistryLimits, type RegistryLimits } from './limits.ts';
import { listThings } from './thing-store.ts';
import {
  checkProperties,
  normalizeProperties,
  type ThingType,
  type ThingTypeProperties,
  thingTypeArn,
} from './thing-type.ts';
import {
  deleteThingType,
  insertThingType,
  listThingTypes,
  readThingType,
  replaceThingType,
} from './thing-type-store.ts';

export interface CreateThingType {
  readonly thingTypeName: string;
  readonly thingTypeProperties?: ThingTypeProperties | undefined;
  readonly tags?: readonly Tag[] | undefined;
}

const thingTypeListing: Listing<ThingType> = {
  name: 'thing types',
  order: ['string'],
  position: type => [type.thingTypeName],
};

export class ThingTypes {
  readonly #domain: Domain;
  readonly #limits: RegistryLimits;

  constructor(domain: Domain, limits: RegistryLimits = awsRegistryLimits) {
    this.#domain = domain;
    this.#limits = limits;
  }

  /**
   * Creating a type again with the same properties returns the present one (AWS: CreateThingType). Throws
   * `ResourceAlreadyExistsException` if they differ.
   */
  async create(realm: Realm, input: CreateThingType): Promise<ThingType> {
    const { store, clock, changes } = this.#domain;
    const { thingTypeName, tags = [] } = input;
    const properties = this.#checked(input.thingTypeProperties);
    checkTags(tags, this.#limits);
    return retryStale(async () => {
      const present = await readThingType(store, realmKey(realm), thingTypeName);
      if (present) return sameThingType(realm, present, properties);
      const thingTypeId = randomUUID();
      const type = { thingTypeName, thingTypeId, properties, createdAt: clock.now(), deprecatedAt: undefined };
      await store.commit([
        insertThingType(store, realmKey(realm), type),
        ...putTags(store, realmKey(realm), thingTypeArn(realm, thingTypeName), tags),
      ]);
      changes.emit({ kind: 'thingType', realm, operation: 'created', thingType: type });
      return type;
    });
  }

  /** Throws `ResourceNotFoundException`. */
  async describe(realm: Realm, thingTypeName: string): Promise<ThingType> {
    const type = await readThingType(this.#domain.store, realmKey(realm), thingTypeName);
    if (!type) throw new ServiceError('ResourceNotFoundException', `thing type \`${thingTypeName}\` not found`);
    return type;
  }

  /** Types by name, or the one named. */
  list(realm: Realm, filter: PageRequest & { thingTypeName?: string | undefined }): Promise<Page<ThingType>> {
    return readPage(thingTypeListing, filter, (after, limit) =>
      listThingTypes(this.#domain.store, realmKey(realm), filter, after, limit),
    );
  }

  /** Replaces the properties given; those left out stay. Throws `ResourceNotFoundException`. */
  async update(realm: Realm, thingTypeName: string, properties: ThingTypeProperties | undefined): Promise<ThingType> {
    const given = Object.fromEntries(Object.entries(properties ?? {}).filter(([, value]) => value !== undefined));
    return this.#change(realm, thingTypeName, present => ({
      ...present,
      properties: this.#checked({ ...present.properties, ...given }),
    }));
  }

  /** No new thing can have a deprecated type. With `undo` they can again. Throws `ResourceNotFoundException`. */
  async deprecate(realm: Realm, thingTypeName: string, undo = false): Promise<ThingType> {
    return this.#change(realm, thingTypeName, present => ({
      ...present,
      deprecatedAt: undo ? undefined : (present.deprecatedAt ?? this.#domain.clock.now()),
    }));
  }

  /**
   * Throws `ResourceNotFoundException`, and `InvalidRequestException` unless the type has been deprecated for
   * `limits.thingTypeDeletionWait` and no thing is of it (AWS: DeleteThingType).
   */
  async delete(realm: Realm, thingTypeName: string): Promise<void> {
    const { store, clock, changes } = this.#domain;
    return retryStale(async () => {
      const type = await this.describe(realm, thingTypeName);
      const { deprecatedAt } = type;
      if (deprecatedAt === undefined) throw undeletable(thingTypeName, 'it is not deprecated');
      if (clock.now() - deprecatedAt < this.#limits.thingTypeDeletionWait) {
        const minutes = this.#limits.thingTypeDeletionWait / 60_000;
        // AWS's words: Terraform waits when it reads them.
        throw new ServiceError(
          'InvalidRequestException',
          `Cannot delete thing type : ${thingTypeName}. Please wait for ${minutes} minutes after deprecation and then retry.`,
        );
      }
      if ((await listThings(store, realmKey(realm), { thingTypeName }, undefined, 1)).length > 0) {
        throw undeletable(thingTypeName, 'things are associated with it');
      }
      await store.commit([
        deleteThingType(store, realmKey(realm), { ...type, deprecatedAt }),
        deleteAllTags(store, realmKey(realm), thingTypeArn(realm, thingTypeName)),
      ]);
      changes.emit({ kind: 'thingType', realm, operation: 'deleted', thingType: type });
    });
  }

  #change(realm: Realm, thingTypeName: string, change: (present: ThingType) => ThingType): Promise<ThingType> {
    const { store, changes } = this.#domain;
    return retryStale(async () => {
      const present = await this.describe(realm, thingTypeName);
      const type = change(present);
      await store.commit([replaceThingType(store, realmKey(realm), present, type)]);
      changes.emit({ kind: 'thingType', realm, operation: 'updated', thingType: type });
      return type;
    });
  }

  #checked(properties: ThingTypeProperties | undefined): ThingTypeProperties {
    const normalized = normalizeProperties(properties);
    checkProperties(normalized, this.#limits);
    return normalized;
  }
}

function sameThingType(realm: Realm, present: ThingType, properties: ThingTypeProperties): ThingType {
  if (JSON.stringify(present.properties) === JSON.stringify(properties)) return present;
  throw new ServiceError(
    'ResourceAlreadyExistsException',
    `Thing type ${present.thingTypeName} already exists in account with different properties`,
    { resourceId: present.thingTypeId, resourceArn: thingTypeArn(realm, present.thingTypeName) },
  );
}

const undeletable = (thingTypeName: string, why: string) =>
  new ServiceError('InvalidRequestException', `cannot delete thing type \`${thingTypeName}\`: ${why}`);
