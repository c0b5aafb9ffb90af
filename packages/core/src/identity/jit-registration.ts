/** What is published when a device's first connection has registered its certificate (AWS: just-in-time registration). */
import type { Certificate } from './certificate.ts';

export interface JitRegistration {
  readonly topic: string;
  readonly payload: {
    readonly certificateId: string;
    readonly caCertificateId: string;
    /** Milliseconds since the epoch. */
    readonly timestamp: number;
    readonly certificateStatus: 'PENDING_ACTIVATION';
    readonly awsAccountId: string;
    /** AWS documents a time here and sends null. */
    readonly certificateRegistrationTimestamp: null;
  };
}

/** Undefined for a certificate that no CA stands behind, since the topic is named after it. */
export function jitRegistration(certificate: Certificate, now: number): JitRegistration | undefined {
  const { realm, certificateId, caCertificateId } = certificate;
  if (caCertificateId === undefined) return undefined;
  return {
    topic: `$aws/events/certificates/registered/${caCertificateId}`,
    payload: {
      certificateId,
      caCertificateId,
      timestamp: now,
      certificateStatus: 'PENDING_ACTIVATION',
      awsAccountId: realm.accountId,
      certificateRegistrationTimestamp: null,
    },
  };
}
