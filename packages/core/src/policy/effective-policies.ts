/**
 * Which thing a connection belongs to and which policies apply to it (AWS: "Exclusive thing", "Thing policy variables", static
 * thing groups). Asked at CONNECT, and again whenever a `Change` may have altered the answer.
 */
import type { Domain } from '../domain.ts';
import { type Realm, realmKey } from '../realm.ts';
import { readGroupsAbove } from '../registry/membership-store.ts';
import type { Thing } from '../registry/thing.ts';
import { thingGroupArn } from '../registry/thing-group.ts';
import { readThingOfConnection } from '../registry/thing-principal-store.ts';
import type { ThingType } from '../registry/thing-type.ts';
import { readThingType } from '../registry/thing-type-store.ts';
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
  readonly thingType: ThingType | undefined;
  /** Whether the principal is attached to that thing: no connection is a thing without it. */
  readonly isAttached: boolean;
  /** Whether that thing is the principal's only one by `EXCLUSIVE_THING`; lifecycle events then name it. */
  readonly isExclusive: boolean;
  /** The static groups the thing is in, directly or through a group below. */
  readonly groups: readonly string[];
  /** Of the principal and of those groups. */
  readonly policies: readonly CompiledPolicy[];
}

/** Compiled policies kept ready; at this many all are dropped, for most are then of generations long gone. */
const maximumCompiled = 10_000;

export class EffectivePolicies {
  readonly #domain: Pick<Domain, 'store'>;
  /** By realm, name and generation: a policy that has changed has another generation. */
  readonly #compiled = new Map<string, CompiledPolicy>();

  constructor(domain: Pick<Domain, 'store'>) {
    this.#domain = domain;
  }

  async resolveConnection(realm: Realm, identity: ConnectionIdentity): Promise<ResolvedConnection> {
    const { store } = this.#domain;
    const found = await readThingOfConnection(store, realmKey(realm), identity);
    const thing = found?.thing;
    const thingType = thing?.thingTypeName && (await readThingType(store, realmKey(realm), thing.thingTypeName));
    const groups = thing ? await this.groupsOfThing(realm, thing.thingName) : [];
    const targets = [identity.principal, ...groups.map(name => thingGroupArn(realm, name))];
    const policies = this.compile(realm, await this.attachedTo(realm, targets));
    return {
      thing,
      thingType: thingType || undefined,
      isAttached: found !== undefined,
      isExclusive: found?.isExclusive ?? false,
      groups,
      policies,
    };
  }

  /** The policies attached to any of the targets, each once, with the documents in effect. */
  async attachedTo(realm: Realm, targets: readonly string[]): Promise<AttachedPolicy[]> {
    const attached = await readAttachedPolicies(this.#domain.store, realmKey(realm), targets);
    return attached.filter((policy, index) => policy.policyName !== attached[index - 1]?.policyName);
  }

  /** The groups a thing is in and those above them, each once. */
  groupsOfThing(realm: Realm, thingName: string): Promise<string[]> {
    return readGroupsAbove(this.#domain.store, realmKey(realm), thingName);
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
}
