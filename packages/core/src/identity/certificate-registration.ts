/** Certificates that others have signed, made known to a realm: by a call, or by the device's own first connection. */
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey } from '../realm.ts';
import { DuplicateKey } from '../store/store.ts';
import type { CaCertificate } from './ca-certificate.ts';
import { findCaCertificatesBySubject } from './ca-certificate-store.ts';
import { type Certificate, type CertificateStatus, certificateArn, registrationStatus } from './certificate.ts';
import { emitStatus, newCertificate } from './certificate-service.ts';
import { findCertificate, insertCertificate } from './certificate-store.ts';
import { type JitRegistration, jitRegistration } from './jit-registration.ts';
import { checkValidity, isSignedBy, type ParsedCertificate, parseCertificateDer, parseCertificatePem } from './x509.ts';

export class CertificateRegistration {
  readonly #domain: Domain;

  constructor(domain: Domain) {
    this.#domain = domain;
  }

  /**
   * AWS: RegisterCertificate. The certificate must be signed by an ACTIVE CA of this realm, and takes over the CA's mode.
   *
   * Throws `CertificateValidationException` when no registered CA signed it, `CertificateConflictException` when several of the
   * same name and key did and none is named, `CertificateStateException` when that CA is not ACTIVE or the status cannot be
   * asked for, `ResourceAlreadyExistsException` when it is registered.
   */
  async register(
    realm: Realm,
    request: {
      readonly certificatePem: string;
      readonly caCertificatePem?: string | undefined;
      readonly status?: CertificateStatus | undefined;
      readonly setAsActive?: boolean | undefined;
    },
  ): Promise<Certificate> {
    const status = registrationStatus(request.status, request.setAsActive);
    const parsed = this.#parse(request.certificatePem);
    // Said before anything of its CA: one made by CreateKeysAndCertificate has none that is registered.
    if (await findCertificate(this.#domain.store, realm, parsed.certificateId)) throw alreadyKnown(realm, parsed);
    const ca = await this.#findSigner(realm, parsed, request.caCertificatePem);
    if (ca.status !== 'ACTIVE')
      throw new ServiceError(
        'CertificateStateException',
        'the CA certificate that signed the certificate is not ACTIVE',
      );
    return await this.#insert(realm, parsed, status, ca);
  }

  /** AWS: RegisterCertificateWithoutCA. Other accounts may register the same certificate, so its mode is SNI_ONLY. */
  async registerWithoutCa(
    realm: Realm,
    request: { readonly certificatePem: string; readonly status?: CertificateStatus | undefined },
  ): Promise<Certificate> {
    const status = registrationStatus(request.status);
    return await this.#insert(realm, this.#parse(request.certificatePem), status);
  }

  /** The realms whose CAs would register this unknown certificate on its first connection; DER as TLS presents it. */
  async autoRegistrationRealms(der: Uint8Array): Promise<readonly Realm[]> {
    const signers = await this.#findAutoRegistering(parseCertificateDer(der));
    return [...new Map(signers.map(({ realm }) => [realmKey(realm), realm])).values()];
  }

  /**
   * Just-in-time registration: on the first CONNECT with a certificate whose CA registers automatically, the realm gets it as
   * PENDING_ACTIVATION, and someone is told. As AWS does, they are told again on each later attempt until it is activated
   * (AWS: just-in-time registration).
   *
   * Returns undefined where there is nothing to register or to tell. Throws `CertificateValidationException` for a certificate
   * that is malformed, too weak or out of date.
   */
  async registerOnConnect(realm: Realm, der: Uint8Array): Promise<JitRegistration | undefined> {
    const parsed = parseCertificateDer(der);
    const now = this.#domain.clock.now();
    const known = await findCertificate(this.#domain.store, realm, parsed.certificateId);
    if (known) return known.status === 'PENDING_ACTIVATION' ? jitRegistration(known, now) : undefined;
    checkValidity(parsed, now);
    const [ca] = await this.#findAutoRegistering(parsed, realm);
    if (ca === undefined) return undefined;
    const registered = await this.#insertUnlessKnown(realm, parsed, 'PENDING_ACTIVATION', ca);
    return registered && jitRegistration(registered, now);
  }

  #parse(certificatePem: string): ParsedCertificate {
    const parsed = parseCertificatePem(certificatePem);
    checkValidity(parsed, this.#domain.clock.now());
    return parsed;
  }

  async #findSigner(realm: Realm, certificate: ParsedCertificate, caPem: string | undefined): Promise<CaCertificate> {
    const named = caPem === undefined ? undefined : parseCertificatePem(caPem).certificateId;
    const namesakes = await findCaCertificatesBySubject(this.#domain.store, certificate.issuerKey, realm);
    const signers = namesakes
      .filter(ca => named === undefined || ca.certificateId === named)
      .filter(ca => isSignedBy(certificate, parseCertificatePem(ca.certificatePem)));
    const [signer, another] = signers;
    if (signer === undefined)
      throw new ServiceError(
        'CertificateValidationException',
        named === undefined
          ? 'no registered CA certificate has signed the certificate'
          : 'the certificate is not signed by the given CA certificate, or that one is not registered',
      );
    if (another !== undefined)
      throw new ServiceError(
        'CertificateConflictException',
        'several CA certificates with the same subject and public key are registered; say by caCertificatePem which is meant',
      );
    return signer;
  }

  async #findAutoRegistering(certificate: ParsedCertificate, realm?: Realm): Promise<CaCertificate[]> {
    const namesakes = await findCaCertificatesBySubject(this.#domain.store, certificate.issuerKey, realm);
    return namesakes
      .filter(ca => ca.status === 'ACTIVE' && ca.autoRegistrationStatus === 'ENABLE')
      .filter(ca => isSignedBy(certificate, parseCertificatePem(ca.certificatePem)));
  }

  async #insert(
    realm: Realm,
    parsed: ParsedCertificate,
    status: CertificateStatus,
    ca?: CaCertificate,
  ): Promise<Certificate> {
    const registered = await this.#insertUnlessKnown(realm, parsed, status, ca);
    if (registered) return registered;
    throw alreadyKnown(realm, parsed);
  }

  async #insertUnlessKnown(
    realm: Realm,
    parsed: ParsedCertificate,
    status: CertificateStatus,
    ca?: CaCertificate,
  ): Promise<Certificate | undefined> {
    const { store, clock, changes } = this.#domain;
    const certificate = newCertificate(realm, parsed, {
      status,
      certificateMode: ca?.certificateMode ?? 'SNI_ONLY',
      ...(ca && { caCertificateId: ca.certificateId }),
      now: clock.now(),
    });
    try {
      await store.commit([insertCertificate(store, certificate)]);
    } catch (error) {
      if (error instanceof DuplicateKey) return undefined;
      throw error;
    }
    emitStatus(changes, certificate);
    return certificate;
  }
}

const alreadyKnown = (realm: Realm, { certificateId }: ParsedCertificate): ServiceError =>
  alreadyRegistered(certificateId, certificateArn(realm, certificateId));

export const alreadyRegistered = (resourceId: string, resourceArn: string): ServiceError =>
  new ServiceError('ResourceAlreadyExistsException', 'The certificate is already provisioned or registered', {
    resourceId,
    resourceArn,
  });
