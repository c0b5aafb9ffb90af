/**
 * Which thing a connection belongs to and which policies apply to it (AWS: "Exclusive thing", "Thing policy variables", static
 * thing groups). Asked at CONNECT, and again whenever a `Change` may have altered the answer.
 */
import type { Domain } from '../domain.ts';
import { type Realm, realmKey } from '../realm.ts';
import { listGroupsOfThing } from '../registry/membership-store.ts';
import type { Thing } from '../registry/thing.ts';
import { thingGroupArn } from '../registry/thing-group.ts';
import { readPaths } from '../registry/thing-group-store.ts';
import { listAttachments } from '../registry/thing-principal-store.ts';
import { readThing } from '../registry/thing-store.ts';
import { type CompiledPolicy, compilePolicy } from './compile.ts';
import { parsePolicy } from './document.ts';
import { type AttachedPolicy, readAttachedPolicies } from './policy-attachment-store.ts';

export interface ConnectionIdentity {
  /** A certificate ARN or a Cognito identity id. */
  readonly principal: string;
  readonly clientId: string | undefined;
}

export interface ResolvedConnection {
  /** The thing this connection is, if it is one. */
  readonly thing: Thing | undefined;
  /** Whether the principal is attached to that thing: no connection is a thing without it. */
  readonly isAttached: boolean;
  /** Whether that thing is the principal's only one by `EXCLUSIVE_THING`; lifecycle events then name it. */
  readonly isExclusive: boolean;
  /** The static groups the thing is in, directly or through a group below. */
  readonly groups: readonly string[];
  /** Of the principal and of those groups. */
  readonly policies: readonly CompiledPolicy[];
}

/** Compiled policies kept ready; past this many, those of old generations are long the most, and all are compiled anew. */
const maximumCompiled = 10_000;

export class EffectivePolicies {
  readonly #domain: Pick<Domain, 'store'>;
  /** By realm, name and generation: a policy that has changed has another generation. */
  readonly #compiled = new Map<string, CompiledPolicy>();

  constructor(domain: Pick<Domain, 'store'>) {
    this.#domain = domain;
  }

  async resolveConnection(realm: Realm, identity: ConnectionIdentity): Promise<ResolvedConnection> {
    const { thing, isExclusive } = await this.#resolveThing(realm, identity);
    const groups = thing ? await this.groupsOfThing(realm, thing.thingName) : [];
    const targets = [identity.principal, ...groups.map(name => thingGroupArn(realm, name))];
    const policies = this.compile(realm, await this.attachedTo(realm, targets));
    return { thing, isAttached: thing !== undefined, isExclusive, groups, policies };
  }

  /** The policies attached to any of the targets, each once, with the documents in effect. */
  async attachedTo(realm: Realm, targets: readonly string[]): Promise<AttachedPolicy[]> {
    const attached = await readAttachedPolicies(this.#domain.store, realmKey(realm), targets);
    return attached.filter((policy, index) => policy.policyName !== attached[index - 1]?.policyName);
  }

  /** The groups a thing is in and those above them, each once. */
  async groupsOfThing(realm: Realm, thingName: string): Promise<string[]> {
    const { store } = this.#domain;
    const direct = await listGroupsOfThing(store, realmKey(realm), thingName);
    const paths = await readPaths(store, realmKey(realm), direct);
    return [...new Set([...paths.values()].flat())];
  }

  compile(realm: Realm, policies: readonly AttachedPolicy[]): CompiledPolicy[] {
    return policies.map(({ policyName, generationId, document }) => {
      const key = `${realmKey(realm)} ${policyName} ${generationId}`;
      const known = this.#compiled.get(key);
      if (known) return known;
      const compiled = compilePolicy(policyName, parsePolicy(document));
      if (this.#compiled.size >= maximumCompiled) this.#compiled.clear();
      this.#compiled.set(key, compiled);
      return compiled;
    });
  }

  /** An exclusive attachment decides whatever the client id; without one the client id names the thing. */
  async #resolveThing(
    realm: Realm,
    { principal, clientId }: ConnectionIdentity,
  ): Promise<{ thing: Thing | undefined; isExclusive: boolean }> {
    const { store } = this.#domain;
    const key = realmKey(realm);
    const [exclusive] = await listAttachments(store, key, { principal, thingPrincipalType: 'EXCLUSIVE_THING' });
    if (exclusive) return { thing: await readThing(store, key, exclusive.thingName), isExclusive: true };
    if (clientId === undefined) return { thing: undefined, isExclusive: false };
    const [named] = await listAttachments(store, key, { principal, thingName: clientId });
    return { thing: named && (await readThing(store, key, clientId)), isExclusive: false };
  }
}
