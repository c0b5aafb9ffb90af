/** Use-cases of policies and their versions. */
import { randomUUID } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { iotArn, type Realm, realmKey } from '../realm.ts';
import { awsRegistryLimits } from '../registry/limits.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import { checkTags, type Tag } from '../tags/tag.ts';
import { deleteAllTags, putTags } from '../tags/tag-store.ts';
import { parsePolicy } from './document.ts';
import { listTargets } from './policy-attachment-store.ts';
import {
  deletePolicy,
  deleteVersion,
  insertPolicy,
  insertVersion,
  listPolicies,
  type Policy,
  type PolicyVersion,
  readPolicy,
  readVersions,
  replacePolicy,
} from './policy-store.ts';

/** How much policies may be, as data. Source: AWS general reference, "AWS IoT Core identity and access management". */
export interface PolicyLimits {
  readonly versionsOfPolicy: number;
  readonly policiesOfPrincipal: number;
  readonly policiesOfGroup: number;
  readonly tagsOfResource: number;
}

export const awsPolicyLimits: PolicyLimits = {
  versionsOfPolicy: 5,
  policiesOfPrincipal: 10,
  policiesOfGroup: 2,
  tagsOfResource: awsRegistryLimits.tagsOfResource,
};

export const openPolicyLimits: PolicyLimits = {
  versionsOfPolicy: 1000,
  policiesOfPrincipal: 1000,
  policiesOfGroup: 1000,
  tagsOfResource: 1000,
};

export const policyArn = (realm: Realm, policyName: string): string => iotArn(realm, `policy/${policyName}`);

export interface CreatePolicy {
  readonly policyName: string;
  readonly policyDocument: string;
  readonly tags?: readonly Tag[] | undefined;
}

/** A version together with the policy it belongs to. */
export interface VersionOfPolicy {
  readonly policy: Policy;
  readonly version: PolicyVersion;
}

const policyListing: Listing<Policy> = {
  name: 'policies',
  order: ['number', 'string'],
  position: policy => [policy.createdAt, policy.policyName],
};

export class Policies {
  readonly #domain: Domain;
  readonly #limits: PolicyLimits;

  constructor(domain: Domain, limits: PolicyLimits = awsPolicyLimits) {
    this.#domain = domain;
    this.#limits = limits;
  }

  /** Throws `MalformedPolicyException`, and `ResourceAlreadyExistsException` even if the document is the same. */
  async create(realm: Realm, { policyName, policyDocument, tags = [] }: CreatePolicy): Promise<VersionOfPolicy> {
    const { store, clock } = this.#domain;
    parsePolicy(policyDocument);
    checkTags(tags, this.#limits);
    return retryStale(async () => {
      if (await readPolicy(store, realmKey(realm), policyName)) throw alreadyExists(realm, policyName);
      const createdAt = clock.now();
      const version = { versionId: 1, document: policyDocument, createdAt };
      const policy: Policy = {
        policyName,
        defaultVersionId: 1,
        lastVersionId: 1,
        generationId: randomUUID(),
        createdAt,
        modifiedAt: createdAt,
      };
      await store.commit([
        ...insertPolicy(store, realmKey(realm), policy, version),
        ...putTags(store, realmKey(realm), policyArn(realm, policyName), tags),
      ]);
      this.#changed(realm, policyName);
      return { policy, version };
    });
  }

  /** The policy with its default version. Throws `ResourceNotFoundException`. */
  async get(realm: Realm, policyName: string): Promise<VersionOfPolicy> {
    const policy = await this.#require(realm, policyName);
    return this.getVersion(realm, policyName, policy.defaultVersionId);
  }

  /** In descending order of creation, unless `ascending`. */
  list(realm: Realm, request: PageRequest & { ascending?: boolean | undefined }): Promise<Page<Policy>> {
    return readPage(policyListing, request, (after, limit) =>
      listPolicies(this.#domain.store, realmKey(realm), !request.ascending, after, limit),
    );
  }

  /** Throws `ResourceNotFoundException`, `DeleteConflictException` while it is attached or has versions beside the default. */
  async delete(realm: Realm, policyName: string): Promise<void> {
    const { store } = this.#domain;
    return retryStale(async () => {
      const policy = await this.#require(realm, policyName);
      if ((await listTargets(store, realmKey(realm), policyName, { limit: 1 })).length > 0) {
        throw deleteConflict(
          `The policy cannot be deleted as the policy is attached to one or more principals (name=${policyName})`,
        );
      }
      if ((await readVersions(store, realmKey(realm), policyName)).length > 1) {
        throw deleteConflict(
          `Cannot delete the policy because it has one or more policy versions attached to it (name=${policyName})`,
        );
      }
      await store.commit([
        deletePolicy(store, realmKey(realm), policy),
        deleteAllTags(store, realmKey(realm), policyArn(realm, policyName)),
      ]);
      this.#changed(realm, policyName);
    });
  }

  /**
   * Throws `MalformedPolicyException`, `ResourceNotFoundException`, and `VersionsLimitExceededException` if there are as many
   * versions as may be: none is deleted to make room.
   */
  async createVersion(
    realm: Realm,
    policyName: string,
    policyDocument: string,
    setAsDefault = false,
  ): Promise<VersionOfPolicy> {
    const { store, clock } = this.#domain;
    parsePolicy(policyDocument);
    return this.#change(realm, policyName, async present => {
      const versions = await readVersions(store, realmKey(realm), policyName);
      if (versions.length >= this.#limits.versionsOfPolicy) {
        throw new ServiceError(
          'VersionsLimitExceededException',
          `The policy ${policyName} already has the maximum number of versions (${this.#limits.versionsOfPolicy})`,
        );
      }
      const versionId = present.lastVersionId + 1;
      const version = { versionId, document: policyDocument, createdAt: clock.now() };
      const defaultVersionId = setAsDefault ? versionId : present.defaultVersionId;
      const policy = { ...present, lastVersionId: versionId, defaultVersionId };
      return { policy, version, writes: [insertVersion(store, realmKey(realm), policyName, version)] };
    });
  }

  /** Throws `ResourceNotFoundException`. */
  async getVersion(realm: Realm, policyName: string, versionId: number): Promise<VersionOfPolicy> {
    const policy = await this.#require(realm, policyName);
    const versions = await readVersions(this.#domain.store, realmKey(realm), policyName);
    const version = versions.find(one => one.versionId === versionId);
    if (!version) throw noVersion(policyName, versionId);
    return { policy, version };
  }

  /** Oldest first. Throws `ResourceNotFoundException`. */
  async listVersions(realm: Realm, policyName: string): Promise<VersionOfPolicy[]> {
    const policy = await this.#require(realm, policyName);
    const versions = await readVersions(this.#domain.store, realmKey(realm), policyName);
    return versions.map(version => ({ policy, version }));
  }

  /** Throws `ResourceNotFoundException`, and `DeleteConflictException` for the default version. */
  async deleteVersion(realm: Realm, policyName: string, versionId: number): Promise<void> {
    const { store } = this.#domain;
    await this.#change(realm, policyName, async policy => {
      const { version } = await this.getVersion(realm, policyName, versionId);
      if (policy.defaultVersionId === versionId) {
        throw deleteConflict('Cannot delete the default version of a policy');
      }
      return { policy, version, writes: [deleteVersion(store, realmKey(realm), policyName, versionId)] };
    });
  }

  /** Throws `ResourceNotFoundException`. */
  async setDefaultVersion(realm: Realm, policyName: string, versionId: number): Promise<void> {
    await this.#change(realm, policyName, async present => {
      const { version } = await this.getVersion(realm, policyName, versionId);
      return { policy: { ...present, defaultVersionId: versionId }, version, writes: [] };
    });
  }

  /** Every change of a policy or its versions replaces the policy's generation, so that two at once cannot both succeed. */
  #change(
    realm: Realm,
    policyName: string,
    decide: (present: Policy) => Promise<VersionOfPolicy & { writes: Parameters<Domain['store']['commit']>[0] }>,
  ): Promise<VersionOfPolicy> {
    const { store, clock } = this.#domain;
    return retryStale(async () => {
      const present = await this.#require(realm, policyName);
      const { policy: changed, version, writes } = await decide(present);
      const policy = { ...changed, generationId: randomUUID(), modifiedAt: clock.now() };
      await store.commit([replacePolicy(store, realmKey(realm), present, policy), ...writes]);
      this.#changed(realm, policyName);
      return { policy, version };
    });
  }

  async #require(realm: Realm, policyName: string): Promise<Policy> {
    const policy = await readPolicy(this.#domain.store, realmKey(realm), policyName);
    if (!policy) throw new ServiceError('ResourceNotFoundException', `policy \`${policyName}\` not found`);
    return policy;
  }

  #changed(realm: Realm, policyName: string): void {
    this.#domain.changes.emit({ kind: 'policy', realm, policyName });
  }
}

const alreadyExists = (realm: Realm, policyName: string) =>
  new ServiceError(
    'ResourceAlreadyExistsException',
    `Policy cannot be created - name already exists (name=${policyName})`,
    { resourceId: policyName, resourceArn: policyArn(realm, policyName) },
  );

const deleteConflict = (message: string) => new ServiceError('DeleteConflictException', message);

const noVersion = (policyName: string, versionId: number) =>
  new ServiceError('ResourceNotFoundException', `policy \`${policyName}\` has no version \`${versionId}\``);
