/** Whether a client may be given a message, also by way of a shared subscription. */
import { iotArn, type Realm } from '../realm.ts';
import type { BoundPolicies, Decision } from './evaluate.ts';

/**
 * Decides `iot:Receive` of a message on `topic`; `shareName` is the group's name if the subscription is shared. AWS's examples
 * grant a shared subscription both `topic/<topic>` and `topic/$share/<group>/<topic>`, and either alone is seen to be granted:
 * so either allows, and a deny of either denies.
 */
export function decideReceive(bound: BoundPolicies, realm: Realm, topic: string, shareName?: string): Decision {
  const plain = bound.decide('iot:Receive', iotArn(realm, `topic/${topic}`));
  if (shareName === undefined || plain === 'explicitDeny') return plain;
  const shared = bound.decide('iot:Receive', iotArn(realm, `topic/$share/${shareName}/${topic}`));
  return shared === 'implicitDeny' ? plain : shared;
}
