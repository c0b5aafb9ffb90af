/** Whether a caller may make a call: each permission an operation needs is put to the policy engine. */
import type { Decision, Realm } from '@thingd/core';
import type { Caller } from '../operations/operation.ts';
import { RequestError } from '../protocol/errors.ts';
import type { OperationModel, ServiceName } from '../protocol/model.ts';
import { resourcesOf } from './resources.ts';

export interface Permission {
  readonly action: string;
  readonly resource: string;
}

export interface Denial extends Permission {
  readonly caller: Caller;
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
  const action = `${service === 'jobsdata' ? 'iotjobsdata' : 'iot'}:${operationName}`;
  const resources = resourcesOf(realm, service, operationName, operation, input);
  // AWS: Retained messages, "Policies": a message to be retained needs both.
  const retains = service === 'iotdata' && operationName === 'Publish' && input.retain === true;
  const actions = retains ? [action, 'iot:RetainPublish'] : [action];
  return actions.flatMap(name => resources.map(resource => ({ action: name, resource })));
}

/** The first permission that `caller` lacks, or undefined when it has them all. */
export function denialOf(caller: Caller, permissions: readonly Permission[]): Denial | undefined {
  for (const { action, resource } of permissions) {
    const decision = caller.authorize(action, resource);
    if (decision !== 'allowed') return { caller, action, resource, decision };
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
