/** Whether a caller may make a call: each permission an operation needs is put to the policy engine. */
import type { Realm } from '@thingd/core';
import type { Caller, Decision } from '../operations/operation.ts';
import { RequestError } from '../protocol/errors.ts';
import type { OperationModel, ServiceName } from '../protocol/model.ts';
import { resourcesOf } from './resources.ts';

export interface Permission {
  /** Names of the action; a policy may use any of them. */
  readonly actions: readonly string[];
  readonly resource: string;
}

export interface Denial {
  readonly caller: Caller;
  readonly action: string;
  readonly resource: string;
  readonly decision: Exclude<Decision, 'allowed'>;
}

/** Everything a call needs permission for: all of them must be allowed. */
export function permissionsOf(
  realm: Realm,
  service: ServiceName,
  operationName: string,
  operation: OperationModel,
  input: Readonly<Record<string, unknown>>,
): Permission[] {
  const actions =
    service === 'jobsdata' ? [`iot:${operationName}`, `iotjobsdata:${operationName}`] : [`iot:${operationName}`];
  const resources = resourcesOf(realm, service, operationName, operation, input);
  const permissions = resources.map(resource => ({ actions, resource }));
  // AWS: Retained messages, "Policies": a message to be retained needs both.
  const retains = service === 'iotdata' && operationName === 'Publish' && input.retain === true;
  return retains
    ? [...permissions, ...resources.map(resource => ({ actions: ['iot:RetainPublish'], resource }))]
    : permissions;
}

/** The first permission that `caller` lacks, or undefined when it has them all. */
export function denialOf(caller: Caller, permissions: readonly Permission[]): Denial | undefined {
  for (const { actions, resource } of permissions) {
    const decisions = actions.map(action => caller.authorize(action, resource));
    const denied = decisions.includes('explicitDeny');
    if (!denied && decisions.includes('allowed')) continue;
    return { caller, action: actions[0]!, resource, decision: denied ? 'explicitDeny' : 'implicitDeny' };
  }
  return undefined;
}

/** The error a denied caller gets, in the words of each plane. */
export function denialError(service: ServiceName, { caller, action, resource, decision }: Denial): RequestError {
  if (service === 'iotdata') return new RequestError('ForbiddenException', 'Forbidden');
  const reason =
    decision === 'explicitDeny'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${action} action`;
  return new RequestError(
    'AccessDeniedException',
    `User: ${caller.principal} is not authorized to perform: ${action} on resource: ${resource} ${reason}`,
  );
}
