/** Policies, their versions, what they are attached to, and what they come to. */
import {
  type Decision,
  type Policies,
  type PolicyAttachments,
  type PolicySimulation,
  policyArn,
  type Realm,
  ServiceError,
  type SimulatedDecision,
  type VersionOfPolicy,
} from '@thingd/core';
import type { AuthInfo } from '../generated/iot.ts';
import type { IotHandlers } from './operation.ts';

export interface PolicyServices {
  readonly policies: Policies;
  readonly policyAttachments: PolicyAttachments;
  readonly policySimulation: PolicySimulation;
}

export const policyOperations = (services: PolicyServices): IotHandlers => ({
  ...documentOperations(services),
  ...attachmentOperations(services),
  ...principalPolicyOperations(services),
  ...simulationOperations(services),
});

const documentOperations = ({ policies }: PolicyServices): IotHandlers => ({
  async CreatePolicy(input, { realm }) {
    const { policyName } = input;
    const { version } = await policies.create(realm, input);
    return { policyName, ...documentOf(realm, policyName, version) };
  },

  async GetPolicy({ policyName }, { realm }) {
    const { policy, version } = await policies.get(realm, policyName);
    return {
      policyName,
      policyArn: policyArn(realm, policyName),
      policyDocument: version.document,
      defaultVersionId: String(version.versionId),
      creationDate: new Date(policy.createdAt),
      lastModifiedDate: new Date(policy.modifiedAt),
      generationId: policy.generationId,
    };
  },

  async ListPolicies({ marker, pageSize, ascendingOrder }, { realm }) {
    const page = { nextToken: marker, maxResults: pageSize, ascending: ascendingOrder };
    const { items, nextToken } = await policies.list(realm, page);
    return { policies: items.map(({ policyName }) => nameAndArn(realm, policyName)), nextMarker: nextToken };
  },

  async DeletePolicy({ policyName }, { realm }) {
    await policies.delete(realm, policyName);
  },

  async CreatePolicyVersion({ policyName, policyDocument, setAsDefault }, { realm }) {
    const created = await policies.createVersion(realm, policyName, policyDocument, setAsDefault);
    return { ...documentOf(realm, policyName, created.version), isDefaultVersion: isDefault(created) };
  },

  async GetPolicyVersion({ policyName, policyVersionId }, { realm }) {
    const found = await policies.getVersion(realm, policyName, Number(policyVersionId));
    return {
      policyName,
      ...documentOf(realm, policyName, found.version),
      isDefaultVersion: isDefault(found),
      creationDate: new Date(found.version.createdAt),
      lastModifiedDate: new Date(found.version.createdAt),
      generationId: found.policy.generationId,
    };
  },

  async ListPolicyVersions({ policyName }, { realm }) {
    const versions = await policies.listVersions(realm, policyName);
    return {
      policyVersions: versions.map(found => ({
        versionId: String(found.version.versionId),
        isDefaultVersion: isDefault(found),
        createDate: new Date(found.version.createdAt),
      })),
    };
  },

  async DeletePolicyVersion({ policyName, policyVersionId }, { realm }) {
    await policies.deleteVersion(realm, policyName, Number(policyVersionId));
  },

  async SetDefaultPolicyVersion({ policyName, policyVersionId }, { realm }) {
    await policies.setDefaultVersion(realm, policyName, Number(policyVersionId));
  },
});

const attachmentOperations = ({ policyAttachments }: PolicyServices): IotHandlers => ({
  async AttachPolicy({ policyName, target }, { realm }) {
    await policyAttachments.attach(realm, policyName, target);
  },

  async DetachPolicy({ policyName, target }, { realm }) {
    await policyAttachments.detach(realm, policyName, target);
  },

  async ListAttachedPolicies({ target, recursive, marker, pageSize }, { realm }) {
    const page = { recursive, nextToken: marker, maxResults: pageSize };
    const { items, nextToken } = await policyAttachments.ofTarget(realm, target, page);
    return { policies: items.map(({ policyName }) => nameAndArn(realm, policyName)), nextMarker: nextToken };
  },

  async ListTargetsForPolicy({ policyName, marker, pageSize }, { realm }) {
    const page = { nextToken: marker, maxResults: pageSize };
    const { items, nextToken } = await policyAttachments.targets(realm, policyName, page);
    return { targets: items.map(({ target }) => target), nextMarker: nextToken };
  },
});

/** The operations of before `AttachPolicy`, which old tools still call. */
const principalPolicyOperations = ({ policyAttachments }: PolicyServices): IotHandlers => ({
  async AttachPrincipalPolicy({ policyName, principal }, { realm }) {
    await policyAttachments.attach(realm, policyName, principal);
  },

  async DetachPrincipalPolicy({ policyName, principal }, { realm }) {
    await policyAttachments.detach(realm, policyName, principal);
  },

  async ListPrincipalPolicies({ principal, marker, pageSize, ascendingOrder }, { realm }) {
    const page = { nextToken: marker, maxResults: pageSize, descending: !ascendingOrder };
    const { items, nextToken } = await policyAttachments.ofTarget(realm, principal, page);
    return { policies: items.map(({ policyName }) => nameAndArn(realm, policyName)), nextMarker: nextToken };
  },

  async ListPolicyPrincipals({ policyName, marker, pageSize, ascendingOrder }, { realm }) {
    const page = { nextToken: marker, maxResults: pageSize, descending: !ascendingOrder };
    const { items, nextToken } = await policyAttachments.targets(realm, policyName, page);
    return { principals: items.map(({ target }) => target), nextMarker: nextToken };
  },
});

const simulationOperations = ({ policySimulation }: PolicyServices): IotHandlers => ({
  async GetEffectivePolicies({ principal, cognitoIdentityPoolId, thingName }, { realm }) {
    refuseIdentityPool(cognitoIdentityPoolId);
    const effective = await policySimulation.effectivePolicies(realm, { principal, thingName });
    return {
      effectivePolicies: effective.map(({ policyName, document }) => ({
        ...nameAndArn(realm, policyName),
        policyDocument: document,
      })),
    };
  },

  async TestAuthorization(input, { realm }) {
    const { principal, authInfos, ...how } = input;
    refuseIdentityPool(input.cognitoIdentityPoolId);
    if (principal === undefined) throw invalid('`principal` is needed');
    const requests = authInfos.map(simulatedRequest);
    const decisions = await policySimulation.testAuthorization(realm, { principal, requests, ...how });
    return { authResults: decisions.map((decision, index) => authResult(realm, authInfos[index]!, decision)) };
  },
});

function simulatedRequest({ actionType, resources }: AuthInfo) {
  if (actionType === undefined) throw invalid('`actionType` of each of `authInfos` is needed');
  return { actionType, resources };
}

const authDecisions = {
  allowed: 'ALLOWED',
  explicitDeny: 'EXPLICIT_DENY',
  implicitDeny: 'IMPLICIT_DENY',
} as const satisfies Record<Decision, string>;

function authResult(realm: Realm, authInfo: AuthInfo, simulated: SimulatedDecision) {
  const named = (names: readonly string[]) => ({ policies: names.map(name => nameAndArn(realm, name)) });
  return {
    authInfo,
    allowed: named(simulated.allowed),
    denied: { implicitDeny: named(simulated.implicitDeny), explicitDeny: named(simulated.explicitDeny) },
    authDecision: authDecisions[simulated.decision],
    missingContextValues: simulated.missingContextValues,
  };
}

/** The roles of an identity pool are IAM's, which is not here to ask. */
function refuseIdentityPool(cognitoIdentityPoolId: string | undefined): void {
  if (cognitoIdentityPoolId === undefined) return;
  throw new ServiceError('NotImplementedException', '`cognitoIdentityPoolId` is not supported');
}

const documentOf = (realm: Realm, policyName: string, version: VersionOfPolicy['version']) => ({
  policyArn: policyArn(realm, policyName),
  policyDocument: version.document,
  policyVersionId: String(version.versionId),
});

const isDefault = ({ policy, version }: VersionOfPolicy) => policy.defaultVersionId === version.versionId;

const nameAndArn = (realm: Realm, policyName: string) => ({ policyName, policyArn: policyArn(realm, policyName) });

const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
