/** Who a device can be: an X.509 certificate, by its ARN, or an Amazon Cognito identity, by its id. */
import { ServiceError } from '../errors.ts';
import { parseIotArn, type Realm, realmKey } from '../realm.ts';
import type { Write } from '../store/store.ts';

/** What the registry needs to know of identities; whoever keeps certificates provides it. */
export interface PrincipalDirectory {
  /** Whether a certificate with this ARN is registered in the realm, in whatever status. */
  exists(realm: Realm, certificateArn: string): Promise<boolean>;
  /**
   * For the commit that hangs something on the certificate: stale if it has gone meanwhile, or is on its way to another account.
   * Throws `InvalidRequestException` where it is on its way already.
   */
  claim(realm: Realm, certificateArn: string): Promise<readonly Write[]>;
}

export type PrincipalKind = 'certificate' | 'cognitoIdentity';

/** Which kind of principal a text names in this realm; `undefined` if none. */
export function principalKind(realm: Realm, principal: string): PrincipalKind | undefined {
  if (/^[a-z]{2}(?:-[a-z]+)+-\d+:[0-9a-f-]{36}$/.test(principal)) return 'cognitoIdentity';
  const resource = parseIotArn(principal);
  const isOurs = resource?.type === 'cert' && realmKey(resource.realm) === realmKey(realm);
  return isOurs ? 'certificate' : undefined;
}

/**
 * Throws `InvalidRequestException` for a text that names no principal of this realm, `ResourceNotFoundException` for a certificate
 * that is not registered. Cognito identities live elsewhere and pass.
 */
export async function checkPrincipal(directory: PrincipalDirectory, realm: Realm, principal: string): Promise<void> {
  switch (principalKind(realm, principal)) {
    case 'cognitoIdentity':
      return;
    case 'certificate':
      if (await directory.exists(realm, principal)) return;
      throw new ServiceError('ResourceNotFoundException', `certificate \`${principal}\` is not registered`);
    default:
      throw new ServiceError(
        'InvalidRequestException',
        `principal \`${principal}\` is neither a certificate ARN of this account and region nor an Amazon Cognito id`,
      );
  }
}

/** What the commit that hangs something on the principal needs, so that nothing hangs on one that has gone. Throws as `checkPrincipal`. */
export async function claimPrincipal(
  directory: PrincipalDirectory,
  realm: Realm,
  principal: string,
): Promise<readonly Write[]> {
  await checkPrincipal(directory, realm, principal);
  return principalKind(realm, principal) === 'certificate' ? directory.claim(realm, principal) : [];
}
