/** Use-cases of attaching policies: to certificates, Cognito identities and static thing groups. */
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { parseIotArn, type Realm, realmKey } from '../realm.ts';
import { checkPrincipal, claimPrincipal, type PrincipalDirectory } from '../registry/principal.ts';
import { thingGroupArn } from '../registry/thing-group.ts';
import { claimThingGroup, readPath, readThingGroup, thingGroupExists } from '../registry/thing-group-store.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import type { Write } from '../store/store.ts';
import {
  deletePolicyAttachment,
  insertPolicyAttachment,
  listAttachedPolicies,
  listTargets,
  type PolicyAttachment,
  readAttachedPolicies,
} from './policy-attachment-store.ts';
import { awsPolicyLimits, type PolicyLimits } from './policy-service.ts';
import { policyExists } from './policy-store.ts';

const policyListing: Listing<PolicyAttachment> = {
  name: 'attached policies',
  order: ['number', 'string'],
  position: attachment => [attachment.attachedAt, attachment.policyName],
};

const targetListing: Listing<PolicyAttachment> = {
  name: 'policy targets',
  order: ['number', 'string'],
  position: attachment => [attachment.attachedAt, attachment.target],
};

export interface AttachedPolicyPageRequest extends PageRequest {
  readonly descending?: boolean | undefined;
}

export class PolicyAttachments {
  readonly #domain: Domain;
  readonly #directory: PrincipalDirectory;
  readonly #limits: PolicyLimits;

  constructor(domain: Domain, directory: PrincipalDirectory, limits: PolicyLimits = awsPolicyLimits) {
    this.#domain = domain;
    this.#directory = directory;
    this.#limits = limits;
  }

  /**
   * Attaching again changes nothing. Throws `ResourceNotFoundException` for an unknown policy, certificate or group,
   * `InvalidRequestException` for a target of another kind, `LimitExceededException` where it has as many as it may.
   */
  async attach(realm: Realm, policyName: string, target: string): Promise<void> {
    const { store, clock, changes } = this.#domain;
    return retryStale(async () => {
      await this.#checkPolicy(realm, policyName);
      const claim = await this.#claimTarget(realm, target);
      const present = await readAttachedPolicies(store, realmKey(realm), [target]);
      if (present.some(policy => policy.policyName === policyName)) return;
      const limit = groupOfTarget(realm, target) ? this.#limits.policiesOfGroup : this.#limits.policiesOfPrincipal;
      if (present.length >= limit) {
        throw new ServiceError('LimitExceededException', `target \`${target}\` already has ${limit} policies`);
      }
      const attachment = { policyName, target, attachedAt: clock.now() };
      await store.commit([...claim, insertPolicyAttachment(store, realmKey(realm), attachment, limit)]);
      changes.emit({ kind: 'policyAttachment', realm, policyName, target });
    });
  }

  /**
   * Detaching what is not attached changes nothing, whether or not the target still exists. Throws `ResourceNotFoundException` for
   * an unknown policy.
   */
  async detach(realm: Realm, policyName: string, target: string): Promise<void> {
    const { store, changes } = this.#domain;
    return retryStale(async () => {
      await this.#checkPolicy(realm, policyName);
      const present = await readAttachedPolicies(store, realmKey(realm), [target]);
      if (!present.some(policy => policy.policyName === policyName)) return;
      await store.commit([deletePolicyAttachment(store, realmKey(realm), policyName, target)]);
      changes.emit({ kind: 'policyAttachment', realm, policyName, target });
    });
  }

  /**
   * The policies on a target, in order of attachment; with `recursive`, of a group also those it inherits from the groups above
   * it (AWS: ListAttachedPolicies). Throws as `attach` does for the target.
   */
  async ofTarget(
    realm: Realm,
    target: string,
    request: AttachedPolicyPageRequest & { readonly recursive?: boolean | undefined },
  ): Promise<Page<PolicyAttachment>> {
    const { store } = this.#domain;
    const { recursive, descending } = request;
    await checkTarget(this.#domain, this.#directory, realm, target);
    const targets = recursive ? await inheritedTargets(this.#domain, realm, target) : [target];
    return readPage(policyListing, request, (after, limit) =>
      listAttachedPolicies(store, realmKey(realm), targets, { after, limit, descending }),
    );
  }

  /** What a policy is attached to, in order of attachment. Throws `ResourceNotFoundException`. */
  async targets(realm: Realm, policyName: string, request: AttachedPolicyPageRequest): Promise<Page<PolicyAttachment>> {
    await this.#checkPolicy(realm, policyName);
    const { descending } = request;
    return readPage(targetListing, request, (after, limit) =>
      listTargets(this.#domain.store, realmKey(realm), policyName, { after, limit, descending }),
    );
  }

  /** For the commit that attaches: stale if the target has gone meanwhile. */
  async #claimTarget(realm: Realm, target: string): Promise<readonly Write[]> {
    const { store } = this.#domain;
    const name = groupOfTarget(realm, target);
    if (name === undefined) return claimPrincipal(this.#directory, realm, target);
    const group = await readThingGroup(store, realmKey(realm), name);
    if (!group) throw notFound(`thing group \`${name}\` not found`);
    if (group.query) {
      const message = `thing group \`${name}\` is dynamic: policies cannot be attached to it`;
      throw new ServiceError('InvalidRequestException', message);
    }
    return [claimThingGroup(store, realmKey(realm), group)];
  }

  async #checkPolicy(realm: Realm, policyName: string): Promise<void> {
    if (await policyExists(this.#domain.store, realmKey(realm), policyName)) return;
    throw notFound(`policy \`${policyName}\` not found`);
  }
}

/** The name of the group a target is; `undefined` for other targets. */
export function groupOfTarget(realm: Realm, target: string): string | undefined {
  const resource = parseIotArn(target);
  const isGroup = resource?.type === 'thinggroup' && realmKey(resource.realm) === realmKey(realm);
  return isGroup ? resource.name : undefined;
}

/** Throws `ResourceNotFoundException` for an unknown certificate or group, `InvalidRequestException` for anything else. */
export async function checkTarget(
  { store }: Pick<Domain, 'store'>,
  directory: PrincipalDirectory,
  realm: Realm,
  target: string,
): Promise<void> {
  const group = groupOfTarget(realm, target);
  if (group === undefined) return checkPrincipal(directory, realm, target);
  if (await thingGroupExists(store, realmKey(realm), group)) return;
  throw notFound(`thing group \`${group}\` not found`);
}

/** The targets whose policies apply to a target: a group and those above it, or just itself. */
export async function inheritedTargets(
  { store }: Pick<Domain, 'store'>,
  realm: Realm,
  target: string,
): Promise<string[]> {
  const group = groupOfTarget(realm, target);
  if (group === undefined) return [target];
  return (await readPath(store, realmKey(realm), group)).map(name => thingGroupArn(realm, name));
}

const notFound = (message: string) => new ServiceError('ResourceNotFoundException', message);
