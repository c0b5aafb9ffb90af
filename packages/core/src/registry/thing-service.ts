/** Use-cases of things. */
import { randomUUID } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey } from '../realm.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import type { Write } from '../store/store.ts';
import {
  type AttributePayload,
  type Attributes,
  checkAttributes,
  sameAttributes,
  updateAttributes,
} from './attributes.ts';
import { claimBillingGroup, readBillingGroup } from './billing-group-store.ts';
import { awsRegistryLimits, type RegistryLimits } from './limits.ts';
import { type Thing, thingArn } from './thing.ts';
import { listAttachments } from './thing-principal-store.ts';
import { deleteThing, insertThing, listThings, readThing, replaceThing, type ThingFilter } from './thing-store.ts';
import { readThingType } from './thing-type-store.ts';

export interface CreateThing {
  readonly thingName: string;
  readonly thingTypeName?: string | undefined;
  readonly attributePayload?: AttributePayload | undefined;
  readonly billingGroupName?: string | undefined;
}

export interface UpdateThing extends Omit<CreateThing, 'billingGroupName'> {
  readonly expectedVersion?: number | undefined;
  readonly removeThingType?: boolean | undefined;
}

const thingListing: Listing<Thing> = { name: 'things', order: ['string'], position: thing => [thing.thingName] };

export class Things {
  readonly #domain: Domain;
  readonly #limits: RegistryLimits;

  constructor(domain: Domain, limits: RegistryLimits = awsRegistryLimits) {
    this.#domain = domain;
    this.#limits = limits;
  }

  /**
   * Creating a thing again with the same type, attributes and billing group returns the present one (AWS: CreateThing). Throws
   * `ResourceAlreadyExistsException` if it differs, `ResourceNotFoundException` for an unknown thing type or billing group.
   */
  async create(realm: Realm, input: CreateThing): Promise<Thing> {
    const { store, clock, changes } = this.#domain;
    const { thingName, thingTypeName, billingGroupName } = input;
    const attributes = updateAttributes({}, input.attributePayload);
    this.#checkAttributes(attributes, thingTypeName);
    return retryStale(async () => {
      const present = await readThing(store, realmKey(realm), thingName);
      if (present) return sameThing(realm, present, { thingTypeName, attributes, billingGroupName });
      if (thingTypeName !== undefined) await this.#checkType(realm, thingTypeName);
      const claims = billingGroupName === undefined ? [] : [await this.#claimBillingGroup(realm, billingGroupName)];
      const thing: Thing = {
        thingName,
        thingId: randomUUID(),
        thingTypeName,
        attributes,
        billingGroupName,
        version: 1,
        createdAt: clock.now(),
      };
      await store.commit([...claims, ...insertThing(store, realmKey(realm), thing)]);
      changes.emit({ kind: 'thing', realm, thingName, operation: 'created', thing });
      return thing;
    });
  }

  /** Throws `ResourceNotFoundException`. */
  async describe(realm: Realm, thingName: string): Promise<Thing> {
    const thing = await readThing(this.#domain.store, realmKey(realm), thingName);
    if (!thing) throw new ServiceError('ResourceNotFoundException', `thing \`${thingName}\` not found`);
    return thing;
  }

  /** Throws `ResourceNotFoundException` and, unless the thing has `expectedVersion`, `VersionConflictException`. */
  async update(realm: Realm, input: UpdateThing): Promise<Thing> {
    const { store, changes } = this.#domain;
    const { thingName, removeThingType, expectedVersion } = input;
    if (removeThingType && input.thingTypeName !== undefined) {
      throw new ServiceError('InvalidRequestException', '`removeThingType` and `thingTypeName` exclude each other');
    }
    return retryStale(async () => {
      const present = await this.describe(realm, thingName);
      checkVersion(present, expectedVersion);
      const thingTypeName = removeThingType ? undefined : (input.thingTypeName ?? present.thingTypeName);
      const attributes = updateAttributes(present.attributes, input.attributePayload);
      this.#checkAttributes(attributes, thingTypeName);
      if (thingTypeName !== undefined && thingTypeName !== present.thingTypeName) {
        await this.#checkType(realm, thingTypeName);
      }
      const thing = { ...present, thingTypeName, attributes, version: present.version + 1 };
      await store.commit(replaceThing(store, realmKey(realm), present, thing));
      changes.emit({ kind: 'thing', realm, thingName, operation: 'updated', thing, previous: present });
      return thing;
    });
  }

  /**
   * Deleting a thing that does not exist succeeds (AWS: DeleteThing). Throws `InvalidRequestException` while principals are
   * attached, `VersionConflictException` unless the thing has `expectedVersion`.
   */
  delete(realm: Realm, thingName: string, expectedVersion?: number): Promise<void> {
    const { store, changes } = this.#domain;
    return retryStale(async () => {
      const thing = await readThing(store, realmKey(realm), thingName);
      if (!thing) return;
      checkVersion(thing, expectedVersion);
      if ((await listAttachments(store, realmKey(realm), { thingName }, undefined, 1)).length > 0) {
        throw new ServiceError(
          'InvalidRequestException',
          `Cannot delete. Thing ${thingName} is still attached to one or more principals`,
        );
      }
      await store.commit([deleteThing(store, realmKey(realm), thing)]);
      changes.emit({ kind: 'thing', realm, thingName, operation: 'deleted', thing });
    });
  }

  /** Things by name. Throws `InvalidRequestException` for an attribute value without its name. */
  async list(realm: Realm, filter: ThingFilter & PageRequest): Promise<Page<Thing>> {
    if (filter.attributeName === undefined && filter.attributeValue !== undefined) {
      throw new ServiceError('InvalidRequestException', '`attributeValue` needs an `attributeName`');
    }
    return readPage(thingListing, filter, (after, limit) =>
      listThings(this.#domain.store, realmKey(realm), filter, after, limit),
    );
  }

  #checkAttributes(attributes: Attributes, thingTypeName: string | undefined): void {
    const { attributesOfTypedThing, attributesOfUntypedThing, attributeBytes } = this.#limits;
    const count = thingTypeName === undefined ? attributesOfUntypedThing : attributesOfTypedThing;
    checkAttributes(attributes, { count, bytes: attributeBytes });
  }

  async #claimBillingGroup(realm: Realm, billingGroupName: string): Promise<Write> {
    const { store } = this.#domain;
    if (await readBillingGroup(store, realmKey(realm), billingGroupName)) {
      return claimBillingGroup(store, realmKey(realm), billingGroupName);
    }
    throw new ServiceError('ResourceNotFoundException', `billing group \`${billingGroupName}\` not found`);
  }

  async #checkType(realm: Realm, thingTypeName: string): Promise<void> {
    const type = await readThingType(this.#domain.store, realmKey(realm), thingTypeName);
    if (!type) throw new ServiceError('ResourceNotFoundException', `thing type \`${thingTypeName}\` not found`);
    if (type.deprecatedAt !== undefined) {
      throw new ServiceError('InvalidRequestException', `thing type \`${thingTypeName}\` is deprecated`);
    }
  }
}

function sameThing(
  realm: Realm,
  present: Thing,
  wanted: Pick<Thing, 'thingTypeName' | 'attributes' | 'billingGroupName'>,
): Thing {
  const difference = differenceOf(present, wanted);
  if (difference === undefined) return present;
  throw new ServiceError(
    'ResourceAlreadyExistsException',
    `Thing ${present.thingName} already exists in account with ${difference}`,
    { resourceId: present.thingId, resourceArn: thingArn(realm, present.thingName) },
  );
}

function differenceOf(
  present: Thing,
  wanted: Pick<Thing, 'thingTypeName' | 'attributes' | 'billingGroupName'>,
): string | undefined {
  if (present.thingTypeName !== wanted.thingTypeName) return 'a different thing type';
  if (!sameAttributes(present.attributes, wanted.attributes)) return 'different attributes';
  return present.billingGroupName === wanted.billingGroupName ? undefined : 'a different billing group';
}

function checkVersion(thing: Thing, expectedVersion: number | undefined): void {
  if (expectedVersion === undefined || expectedVersion === thing.version) return;
  throw new ServiceError(
    'VersionConflictException',
    `thing \`${thing.thingName}\` has version ${thing.version}, not the expected ${expectedVersion}`,
  );
}
