/** Registered certificates: what is known about one, which statuses it can have and how it gets from one to another. */
import { ServiceError } from '../errors.ts';
import { iotArn, parseIotArn, type Realm, realmKey } from '../realm.ts';

export type CertificateStatus =
  | 'ACTIVE'
  | 'INACTIVE'
  | 'REVOKED'
  | 'PENDING_TRANSFER'
  | 'REGISTER_INACTIVE'
  | 'PENDING_ACTIVATION';

/** `SNI_ONLY`: the device must name its endpoint by SNI, since other accounts may have registered the same certificate. */
export type CertificateMode = 'DEFAULT' | 'SNI_ONLY';

export interface Validity {
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The latest transfer this certificate took part in. Times in milliseconds since the epoch. */
export interface CertificateTransfer {
  readonly transferredFrom?: string;
  readonly transferredTo?: string;
  readonly transferMessage?: string;
  readonly transferDate?: number;
  readonly acceptDate?: number;
  readonly rejectDate?: number;
  readonly rejectReason?: string;
}

/** A device certificate as one realm knows it. Times in milliseconds since the epoch. */
export interface Certificate {
  readonly realm: Realm;
  /** SHA-256 of the DER, 64 hexadecimal digits in lower case. */
  readonly certificateId: string;
  readonly status: CertificateStatus;
  readonly certificateMode: CertificateMode;
  readonly certificatePem: string;
  /** The registered CA that signed it; absent when issued here or registered without a CA. */
  readonly caCertificateId?: string;
  readonly previousOwnedBy?: string;
  readonly validity: Validity;
  readonly creationDate: number;
  readonly lastModifiedDate: number;
  readonly customerVersion: number;
  readonly generationId: string;
  readonly transfer: CertificateTransfer;
}

export const certificateArn = (realm: Realm, certificateId: string): string => iotArn(realm, `cert/${certificateId}`);

/** The id in a certificate ARN of this realm; undefined if it is an ARN of anything else or of anyone else. */
export function certificateIdOfArn(realm: Realm, arn: string): string | undefined {
  const resource = parseIotArn(arn);
  if (resource?.type !== 'cert' || realmKey(resource.realm) !== realmKey(realm)) return undefined;
  return resource.name;
}

/** Ids are shown in lower case and accepted in any, with or without the `0x` that the model's pattern allows. */
export const normalizeCertificateId = (certificateId: string): string => certificateId.toLowerCase().replace(/^0x/, '');

/** The account a certificate belongs to: that of its realm, or, offered but not yet accepted, that of who offers it. */
export const ownedBy = (certificate: Certificate): string =>
  isOffer(certificate) ? certificate.transfer.transferredFrom! : certificate.realm.accountId;

/** In the realm it is being transferred to, and not accepted there yet. */
export const isOffer = (certificate: Certificate): boolean =>
  certificate.status === 'PENDING_TRANSFER' && certificate.transfer.transferredTo === certificate.realm.accountId;

/** The statuses a caller may ask for (AWS: UpdateCertificate, "newStatus"); the others are AWS IoT's own. */
const requestable: readonly CertificateStatus[] = ['ACTIVE', 'INACTIVE', 'REVOKED'];

/** The status a certificate is registered with. Throws `CertificateStateException` for one that cannot be asked for. */
export function registrationStatus(requested: CertificateStatus | undefined, setAsActive = false): CertificateStatus {
  const status = requested ?? (setAsActive ? 'ACTIVE' : 'INACTIVE');
  if (!requestable.includes(status))
    throw new ServiceError('CertificateStateException', `a certificate cannot be registered as \`${status}\``);
  if (setAsActive && status !== 'ACTIVE')
    throw new ServiceError('InvalidRequestException', `setAsActive and status \`${status}\` contradict each other`);
  return status;
}

/**
 * Throws `CertificateStateException` unless a caller may set `requested` on a certificate that is `current`. Revocation is final
 * (AWS: revoke a client certificate), and a certificate on its way to another account waits there.
 */
export function checkTransition(current: CertificateStatus, requested: CertificateStatus): void {
  if (!requestable.includes(requested))
    throw new ServiceError('CertificateStateException', `status \`${requested}\` is set by AWS IoT alone`);
  if (current === 'PENDING_TRANSFER')
    throw new ServiceError('CertificateStateException', 'the certificate is being transferred; cancel that first');
  if (current === 'REVOKED' && requested !== 'REVOKED')
    throw new ServiceError('CertificateStateException', 'the certificate is revoked, and stays so');
}

/** Throws `CertificateStateException` unless a certificate of this status may be deleted. */
export function checkDeletable(status: CertificateStatus): void {
  if (status === 'ACTIVE')
    throw new ServiceError(
      'CertificateStateException',
      'Certificate must be deactivated (not ACTIVE) before deletion.',
    );
  if (status === 'PENDING_TRANSFER')
    throw new ServiceError('CertificateStateException', 'the certificate is being transferred; cancel that first');
}
