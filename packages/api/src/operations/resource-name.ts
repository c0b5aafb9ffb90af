/** Resources that AWS lets callers name in two ways, by name or by ARN. */
import { parseIotArn, type Realm, realmKey, ServiceError } from '@thingd/core';

/**
 * The name of a resource of `type` (`thing`, `thinggroup`…). Throws `InvalidRequestException` where neither is given, the ARN is of
 * something else, or the two do not agree.
 */
export function resourceName(realm: Realm, type: string, name: string | undefined, arn: string | undefined): string {
  if (arn === undefined) {
    if (name === undefined) throw invalid(`the name or the ARN of the ${type} is needed`);
    return name;
  }
  const resource = parseIotArn(arn);
  if (resource?.type !== type || realmKey(resource.realm) !== realmKey(realm)) {
    throw invalid(`\`${arn}\` is no ${type} of this account and region`);
  }
  if (name !== undefined && name !== resource.name)
    throw invalid(`\`${name}\` and \`${arn}\` are not the same ${type}`);
  return resource.name;
}

const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
