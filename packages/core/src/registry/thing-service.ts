/** Use-cases of things. */
import { randomUUID } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey } from '../realm.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { RecentlyUsed } from '../store/recently-used.ts';
import { retryStale } from '../store/retry.ts';
import { StaleWrite, type Write } from '../store/store.ts';
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

/** What the things written last may take in memory: some ten thousand of the usual size. */
const recentBytes = 8 << 20;

const thingListing: Listing<Thing> = { name: 'things', order: ['string'], position: thing => [thing.thingName] };

export class Things {
  readonly #domain: Domain;
  readonly #limits: RegistryLimits;
  /**
   * Things as this process wrote them last, which an update need not read again: its commit fails if they are others by now. Nobody is
   * refused or answered anything because of them.
   */
  readonly #recent = new RecentlyUsed<Thing>(recentBytes, sizeOf);

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
    // Most are new, and one that is told by nothing but its name and attributes finds that out by its key.
    let readsFirst = thingTypeName !== undefined || billingGroupName !== undefined;
    return retryStale(async () => {
      const present = readsFirst ? await readThing(store, realmKey(realm), thingName) : undefined;
      readsFirst = true;
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
      this.#recent.set(recentKey(realm, thingName), thing);
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
    const { thingName, thingTypeName, removeThingType } = input;
    if (removeThingType && thingTypeName !== undefined) {
      throw new ServiceError('InvalidRequestException', '`removeThingType` and `thingTypeName` exclude each other');
    }
    return (
      (await this.#updateRecent(realm, input)) ??
      retryStale(async () => this.#change(realm, await this.describe(realm, thingName), input))
    );
  }

  /** Undefined where that does not succeed, for whatever reason. */
  async #updateRecent(realm: Realm, input: UpdateThing): Promise<Thing | undefined> {
    const key = recentKey(realm, input.thingName);
    const recent = this.#recent.get(key);
    if (recent === undefined) return undefined;
    try {
      return await this.#change(realm, recent, input);
    } catch (error) {
      if (!(error instanceof StaleWrite || error instanceof ServiceError)) throw error;
      this.#recent.delete(key);
      return undefined;
    }
  }

  async #change(realm: Realm, present: Thing, input: UpdateThing): Promise<Thing> {
    const { store, changes } = this.#domain;
    const { thingName, removeThingType, expectedVersion } = input;
    checkVersion(present, expectedVersion);
    const thingTypeName = removeThingType ? undefined : (input.thingTypeName ?? present.thingTypeName);
    const attributes = updateAttributes(present.attributes, input.attributePayload);
    this.#checkAttributes(attributes, thingTypeName);
    if (thingTypeName !== undefined && thingTypeName !== present.thingTypeName) {
      await this.#checkType(realm, thingTypeName);
    }
    const thing = { ...present, thingTypeName, attributes, version: present.version + 1 };
    await store.commit(replaceThing(store, realmKey(realm), present, thing));
    this.#recent.set(recentKey(realm, thingName), thing);
    changes.emit({ kind: 'thing', realm, thingName, operation: 'updated', thing, previous: present });
    return thing;
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
      this.#recent.delete(recentKey(realm, thingName));
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

const recentKey = (realm: Realm, thingName: string): string => `${realmKey(realm)} ${thingName}`;

/** Of a thing in memory, about: one without attributes, and what an attribute takes beside its text. */
function sizeOf({ attributes }: Thing): number {
  let bytes = 500;
  for (const [name, value] of Object.entries(attributes)) bytes += 100 + name.length + value.length;
  return bytes;
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
