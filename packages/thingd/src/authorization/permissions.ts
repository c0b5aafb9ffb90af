/** Who a client is, and from that the policies that apply to it and everything their variables may speak of. */
import {
  type BoundPolicies,
  bindPolicies,
  type CertificateFacts,
  type Clock,
  type CompiledPolicy,
  type ConnectionFacts,
  certificateArn,
  compilePolicy,
  connectionContext,
  type EffectivePolicies,
  type Policies,
  parsePolicy,
  type Realm,
  ServiceError,
  type Thing,
  type ThingType,
} from '@thingd/core';
import type { Dependencies } from './live-connections.ts';
import { reservedTopics } from './reserved-topics.ts';

export type ClientIdentity =
  | {
      readonly kind: 'certificate';
      readonly realm: Realm;
      readonly certificateId: string;
      readonly facts: CertificateFacts;
    }
  /** An access key, or the anonymous principal: with policies of its own, or with one of the realm's by name. */
  | {
      readonly kind: 'other';
      readonly realm: Realm;
      readonly principal: string;
      readonly policies: readonly CompiledPolicy[] | { readonly policyName: string };
      /** Whether its access key is still there; absent where there is none. */
      readonly isValid?: () => Promise<boolean>;
    };

/** The broker's and the log's name for a client. */
export const principalOf = (identity: ClientIdentity): string =>
  identity.kind === 'certificate' ? identity.certificateId : identity.principal;

export interface Permissions {
  readonly policies: readonly CompiledPolicy[];
  readonly thing: Thing | undefined;
  readonly thingType: ThingType | undefined;
  readonly isAttached: boolean;
  /** The certificate is that thing's alone. */
  readonly isExclusive: boolean;
  readonly dependencies: Dependencies;
}

/** May do everything; for `dev`. */
export const everything: readonly CompiledPolicy[] = [
  compilePolicy(
    'everything',
    parsePolicy('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'),
  ),
];

export class PermissionResolver {
  readonly #effective: EffectivePolicies;
  readonly #policies: Policies;

  constructor(effective: EffectivePolicies, policies: Policies) {
    this.#effective = effective;
    this.#policies = policies;
  }

  /** Reads what applies now. Without a client id, as over HTTP, there is no thing unless the certificate is exclusively its. */
  async resolve(identity: ClientIdentity, clientId: string | undefined): Promise<Permissions> {
    if (identity.kind === 'certificate') return this.#ofCertificate(identity, clientId);
    const { policies, principal } = identity;
    const none = { principal, things: [], thingTypes: [], policies: [], groups: [] };
    const nothing = { thing: undefined, thingType: undefined, isAttached: false, isExclusive: false };
    if (!('policyName' in policies)) return { policies, ...nothing, dependencies: none };
    const { policyName } = policies;
    return {
      policies: await this.#named(identity.realm, policyName),
      ...nothing,
      dependencies: { ...none, policies: [policyName] },
    };
  }

  async #ofCertificate(
    { realm, certificateId }: Extract<ClientIdentity, { kind: 'certificate' }>,
    clientId: string | undefined,
  ): Promise<Permissions> {
    const principal = certificateArn(realm, certificateId);
    const { thing, thingType, isAttached, isExclusive, groups, policies } = await this.#effective.resolveConnection(
      realm,
      {
        principal,
        clientId,
      },
    );
    const things = [clientId, thing?.thingName].filter(name => name !== undefined);
    return {
      policies,
      thing,
      thingType,
      isAttached,
      isExclusive,
      dependencies: {
        principal,
        things: [...new Set(things)],
        thingTypes: thingType ? [thingType.thingTypeName] : [],
        policies: policies.map(({ name }) => name),
        groups,
      },
    };
  }

  /** A policy that does not exist (yet) allows nothing. */
  async #named(realm: Realm, policyName: string): Promise<readonly CompiledPolicy[]> {
    try {
      const { version } = await this.#policies.get(realm, policyName);
      return [compilePolicy(policyName, parsePolicy(version.document))];
    } catch (error) {
      if (error instanceof ServiceError && error.name === 'ResourceNotFoundException') return [];
      throw error;
    }
  }
}

/** What is known beside who it is: how it came, and what its CONNECT asks for. */
export type Circumstances = Pick<
  ConnectionFacts,
  'clientId' | 'sourceIp' | 'domainName' | 'secureTransport' | 'connectAttributes' | 'lastWillTopic' | 'userAgent'
>;

/** Binds the policies to this client. */
export function bindPermissions(
  identity: ClientIdentity,
  { policies, thing, isAttached }: Permissions,
  circumstances: Circumstances,
  clock: Clock,
): BoundPolicies {
  const certificate =
    identity.kind === 'certificate' ? { certificate: identity.facts, certificateId: identity.certificateId } : {};
  const context = connectionContext({
    ...circumstances,
    ...certificate,
    thing,
    isAttached,
    now: () => clock.now(),
  });
  return bindPolicies([...policies, reservedTopics], context);
}
