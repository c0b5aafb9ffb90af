/** Certificate authorities of the users' own, whose devices' certificates they register. */
import { iotArn, type Realm } from '../realm.ts';
import type { CertificateMode, Validity } from './certificate.ts';

export type CaCertificateStatus = 'ACTIVE' | 'INACTIVE';
export type AutoRegistrationStatus = 'ENABLE' | 'DISABLE';

/** How devices of this CA are provisioned at their first connection. */
export interface RegistrationConfig {
  readonly templateBody?: string | undefined;
  readonly roleArn?: string | undefined;
  readonly templateName?: string | undefined;
}

/** Times in milliseconds since the epoch. */
export interface CaCertificate {
  readonly realm: Realm;
  /** SHA-256 of the DER, 64 hexadecimal digits in lower case. */
  readonly certificateId: string;
  readonly status: CaCertificateStatus;
  readonly certificateMode: CertificateMode;
  readonly certificatePem: string;
  readonly autoRegistrationStatus: AutoRegistrationStatus;
  readonly registrationConfig?: RegistrationConfig;
  /** SHA-256 of the subject name as encoded: what its certificates carry as their issuer. */
  readonly subjectKey: string;
  readonly validity: Validity;
  readonly creationDate: number;
  readonly lastModifiedDate: number;
  readonly customerVersion: number;
  readonly generationId: string;
}

export const caCertificateArn = (realm: Realm, certificateId: string): string =>
  iotArn(realm, `cacert/${certificateId}`);
