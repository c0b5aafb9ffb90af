/** What a principal's policies come to: listed (AWS: GetEffectivePolicies) and tried on requests (AWS: TestAuthorization). */
import { X509Certificate } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { certificateIdOfArn } from '../identity/certificate.ts';
import { type CertificateFacts, readCertificateFacts } from '../identity/certificate-facts.ts';
import { findCertificate } from '../identity/certificate-store.ts';
import { type Realm, realmKey } from '../realm.ts';
import { checkPrincipal, type PrincipalDirectory, principalKind } from '../registry/principal.ts';
import { thingGroupArn } from '../registry/thing-group.ts';
import { thingExists } from '../registry/thing-store.ts';
import type { CompiledPolicy } from './compile.ts';
import { connectionContext } from './context.ts';
import type { EffectivePolicies } from './effective-policies.ts';
import { type BoundPolicies, bindPolicies, type Decision } from './evaluate.ts';
import type { Explanation } from './explain.ts';
import type { AttachedPolicy } from './policy-attachment-store.ts';
import { checkTarget, inheritedTargets } from './policy-attachments.ts';
import { readPolicy, readVersions } from './policy-store.ts';

export type ActionType = 'CONNECT' | 'PUBLISH' | 'RECEIVE' | 'SUBSCRIBE';

const actions: Readonly<Record<ActionType, string>> = {
  CONNECT: 'iot:Connect',
  PUBLISH: 'iot:Publish',
  RECEIVE: 'iot:Receive',
  SUBSCRIBE: 'iot:Subscribe',
};

export interface SimulatedRequest {
  readonly actionType: ActionType;
  /** ARNs; the request is allowed if each of them is. */
  readonly resources: readonly string[];
}

export interface Simulation {
  readonly principal: string;
  readonly clientId?: string | undefined;
  readonly requests: readonly SimulatedRequest[];
  /** As if attached to the principal. */
  readonly policyNamesToAdd?: readonly string[] | undefined;
  /** As if not. */
  readonly policyNamesToSkip?: readonly string[] | undefined;
}

/** Names of policies as they stood to the request. */
export interface SimulatedDecision {
  readonly decision: Decision;
  readonly allowed: readonly string[];
  readonly explicitDeny: readonly string[];
  readonly implicitDeny: readonly string[];
  readonly missingContextValues: readonly string[];
}

export class PolicySimulation {
  readonly #domain: Domain;
  readonly #directory: PrincipalDirectory;
  readonly #effective: EffectivePolicies;

  constructor(domain: Domain, directory: PrincipalDirectory, effective: EffectivePolicies) {
    this.#domain = domain;
    this.#directory = directory;
    this.#effective = effective;
  }

  /**
   * The policies in effect for a principal, those of the named thing's groups among them. A thing group given as principal has
   * its own and those it inherits. Throws `ResourceNotFoundException`, `InvalidRequestException`.
   */
  async effectivePolicies(
    realm: Realm,
    { principal, thingName }: { principal?: string | undefined; thingName?: string | undefined },
  ): Promise<AttachedPolicy[]> {
    if (principal === undefined && thingName === undefined) throw invalid('a principal or a thing name is needed');
    const targets: string[] = [];
    if (principal !== undefined) {
      await checkTarget(this.#domain, this.#directory, realm, principal);
      targets.push(...(await inheritedTargets(this.#domain, realm, principal)));
    }
    if (thingName !== undefined) {
      if (!(await thingExists(this.#domain.store, realmKey(realm), thingName))) {
        throw notFound(`thing \`${thingName}\` not found`);
      }
      const groups = await this.#effective.groupsOfThing(realm, thingName);
      targets.push(...groups.map(name => thingGroupArn(realm, name)));
    }
    return targets.length === 0 ? [] : this.#effective.attachedTo(realm, targets);
  }

  /** Decides each request as a connection of the principal with that client id would. Throws as `effectivePolicies` does. */
  async testAuthorization(realm: Realm, simulation: Simulation): Promise<SimulatedDecision[]> {
    const { principal, clientId, requests, policyNamesToAdd = [], policyNamesToSkip = [] } = simulation;
    await checkPrincipal(this.#directory, realm, principal);
    const connection = await this.#effective.resolveConnection(realm, { principal, clientId });
    const kept = connection.policies.filter(policy => !policyNamesToSkip.includes(policy.name));
    const present = new Set(kept.map(policy => policy.name));
    const added = await this.#byName(realm, new Set(policyNamesToAdd.filter(name => !present.has(name))));
    const context = connectionContext({
      clientId,
      thing: connection.thing,
      isAttached: connection.isAttached,
      certificate: await this.#certificateFacts(realm, principal),
      certificateId: certificateIdOfArn(realm, principal),
      cognitoIdentityId: principalKind(realm, principal) === 'cognitoIdentity' ? principal : undefined,
      now: () => this.#domain.clock.now(),
    });
    const bound = bindPolicies([...kept, ...added], context);
    return requests.map(request => simulate(bound, request));
  }

  async #byName(realm: Realm, names: ReadonlySet<string>): Promise<CompiledPolicy[]> {
    const { store } = this.#domain;
    const policies: AttachedPolicy[] = [];
    for (const policyName of names) {
      const policy = await readPolicy(store, realmKey(realm), policyName);
      const versions = await readVersions(store, realmKey(realm), policyName);
      const version = versions.find(one => one.versionId === policy?.defaultVersionId);
      if (!policy || !version) throw notFound(`policy \`${policyName}\` not found`);
      policies.push({ policyName, target: '', generationId: policy.generationId, document: version.document });
    }
    return this.#effective.compile(realm, policies);
  }

  async #certificateFacts(realm: Realm, principal: string): Promise<CertificateFacts | undefined> {
    const certificateId = certificateIdOfArn(realm, principal);
    const certificate = certificateId && (await findCertificate(this.#domain.store, realm, certificateId));
    return certificate ? readCertificateFacts(new X509Certificate(certificate.certificatePem).raw) : undefined;
  }
}

/** All resources together: one explicit deny denies, and all must be allowed. */
function simulate(bound: BoundPolicies, { actionType, resources }: SimulatedRequest): SimulatedDecision {
  const explanations = resources.map(resource => bound.explain(actions[actionType], resource));
  const decisions = explanations.map(explanation => explanation.decision);
  const decision = decisions.includes('explicitDeny')
    ? 'explicitDeny'
    : decisions.length > 0 && decisions.every(one => one === 'allowed')
      ? 'allowed'
      : 'implicitDeny';
  const names = (of: (explanation: Explanation) => readonly string[]) => [...new Set(explanations.flatMap(of))];
  const allowed = names(explanation => explanation.policies.allowed);
  const explicitDeny = names(explanation => explanation.policies.explicitDeny);
  const implicitDeny = names(explanation => explanation.policies.implicitDeny);
  return {
    decision,
    allowed,
    explicitDeny,
    implicitDeny: implicitDeny.filter(name => !allowed.includes(name) && !explicitDeny.includes(name)),
    missingContextValues: names(explanation => explanation.missingContextValues),
  };
}

const notFound = (message: string) => new ServiceError('ResourceNotFoundException', message);
const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
