/** The life of device certificates within a realm: issued here, described, listed, switched on and off, deleted. */
import { randomUUID } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import type { Changes } from '../events/changes.ts';
import type { Realm } from '../realm.ts';
import type { Page } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import type { Store, Write } from '../store/store.ts';
import {
  type Certificate,
  type CertificateMode,
  type CertificateStatus,
  certificateArn,
  certificateIdOfArn,
  checkDeletable,
  checkTransition,
  isOffer,
  normalizeCertificateId,
} from './certificate.ts';
import type { CertificateSigner, IssuedCertificate, IssuedKeysAndCertificate } from './certificate-signer.ts';
import {
  claimCertificate,
  deleteCertificate,
  findCertificate,
  findCertificateInRealms,
  insertCertificate,
  listCertificates,
  replaceCertificate,
} from './certificate-store.ts';
import type { CreationPageRequest } from './creation-order.ts';
import type { PrincipalAttachments } from './principal-attachments.ts';
import { type ParsedCertificate, parseCertificatePem } from './x509.ts';

export class Certificates {
  readonly #domain: Domain;
  readonly #signer: CertificateSigner;
  readonly #attachments: PrincipalAttachments;

  constructor(domain: Domain, signer: CertificateSigner, attachments: PrincipalAttachments) {
    this.#domain = domain;
    this.#signer = signer;
    this.#attachments = attachments;
  }

  /** AWS: CreateKeysAndCertificate. */
  async createWithKeys(
    realm: Realm,
    { setAsActive = false }: { readonly setAsActive?: boolean | undefined } = {},
  ): Promise<{ readonly certificate: Certificate; readonly keyPair: IssuedKeysAndCertificate['keyPair'] }> {
    const issued = await this.#signer.issueKeysAndCertificate();
    return { certificate: await this.#keep(realm, issued, setAsActive), keyPair: issued.keyPair };
  }

  /** AWS: CreateCertificateFromCsr. The same request again makes another certificate. */
  async createFromCsr(
    realm: Realm,
    request: { readonly certificateSigningRequest: string; readonly setAsActive?: boolean | undefined },
  ): Promise<Certificate> {
    const issued = await this.#signer.issueFromCsr(request.certificateSigningRequest);
    return await this.#keep(realm, issued, request.setAsActive ?? false);
  }

  async #keep(realm: Realm, issued: IssuedCertificate, setAsActive: boolean): Promise<Certificate> {
    const { store, clock, changes } = this.#domain;
    const certificate = newCertificate(realm, parseCertificatePem(issued.certificatePem), {
      status: setAsActive ? 'ACTIVE' : 'INACTIVE',
      certificateMode: 'DEFAULT',
      now: clock.now(),
    });
    await store.commit([insertCertificate(store, certificate)]);
    emitStatus(changes, certificate);
    return certificate;
  }

  /** Throws `ResourceNotFoundException`. */
  async describe(realm: Realm, certificateId: string): Promise<Certificate> {
    return await requireCertificate(this.#domain.store, realm, normalizeCertificateId(certificateId));
  }

  async list(realm: Realm, request: CreationPageRequest = {}): Promise<Page<Certificate>> {
    return await listCertificates(this.#domain.store, realm, request);
  }

  async listByCa(realm: Realm, caCertificateId: string, request: CreationPageRequest = {}): Promise<Page<Certificate>> {
    const filter = { caCertificateId: normalizeCertificateId(caCertificateId) };
    return await listCertificates(this.#domain.store, realm, request, filter);
  }

  /** AWS: UpdateCertificate. Setting the status it has changes nothing. */
  async update(realm: Realm, certificateId: string, newStatus: CertificateStatus): Promise<void> {
    const { store, clock, changes } = this.#domain;
    await retryStale(async () => {
      const certificate = await this.describe(realm, certificateId);
      checkTransition(certificate.status, newStatus);
      if (certificate.status === newStatus) return;
      const next = revised(certificate, { status: newStatus }, clock.now());
      await store.commit([replaceCertificate(store, certificate, next)]);
      emitStatus(changes, next);
    });
  }

  /**
   * AWS: DeleteCertificate. `forceDelete` takes the policies off; a certificate still attached to a thing stays.
   * Throws `CertificateStateException` while it is ACTIVE or being transferred, `DeleteConflictException` while attached.
   */
  async delete(
    realm: Realm,
    certificateId: string,
    { forceDelete = false }: { readonly forceDelete?: boolean | undefined } = {},
  ): Promise<void> {
    const { store, changes } = this.#domain;
    await retryStale(async () => {
      const certificate = await this.describe(realm, certificateId);
      checkDeletable(certificate.status);
      const principal = certificateArn(realm, certificate.certificateId);
      const attached = await this.#attachments.attached(realm, principal);
      if (attached.things) throw stillAttached('Things', principal);
      if (attached.policies && !forceDelete) throw stillAttached('Certificate policies', principal);
      const alone = forceDelete
        ? await this.#attachments.detachPolicies(realm, principal)
        : await this.#attachments.expectNone(realm, principal);
      await store.commit([deleteCertificate(store, certificate), ...alone]);
      changes.emit({ kind: 'certificate', realm, certificateId: certificate.certificateId, status: 'DELETED' });
    });
  }

  async exists(realm: Realm, principal: string): Promise<boolean> {
    const certificateId = certificateIdOfArn(realm, principal);
    if (certificateId === undefined) return false;
    const certificate = await findCertificate(this.#domain.store, realm, certificateId);
    return certificate !== undefined && !isOffer(certificate);
  }

  /** As `PrincipalDirectory`. */
  async claim(realm: Realm, principal: string): Promise<readonly Write[]> {
    const { store } = this.#domain;
    const certificate = await requireCertificate(store, realm, certificateIdOfArn(realm, principal) ?? principal);
    if (certificate.status === 'PENDING_TRANSFER') {
      throw new ServiceError('InvalidRequestException', `certificate \`${principal}\` is being transferred`);
    }
    return [claimCertificate(store, certificate)];
  }

  /** The certificate in each realm that has it, whatever its status: what TLS asks about the one presented. */
  async realmsOfCertificate(certificateId: string): Promise<readonly Certificate[]> {
    return await findCertificateInRealms(this.#domain.store, certificateId);
  }
}

const stillAttached = (what: string, principal: string): ServiceError =>
  new ServiceError('DeleteConflictException', `${what} must be detached before deletion (arn: ${principal})`);

/** Throws `ResourceNotFoundException`. */
export async function requireCertificate(store: Store, realm: Realm, certificateId: string): Promise<Certificate> {
  const certificate = await findCertificate(store, realm, certificateId);
  if (certificate) return certificate;
  throw new ServiceError('ResourceNotFoundException', `the certificate given in the certificateId does not exist`);
}

/** A certificate in its first version. */
export function newCertificate(
  realm: Realm,
  parsed: ParsedCertificate,
  registration: {
    readonly status: CertificateStatus;
    readonly certificateMode: CertificateMode;
    readonly caCertificateId?: string;
    readonly now: number;
  },
): Certificate {
  const { now, ...given } = registration;
  return {
    realm,
    certificateId: parsed.certificateId,
    certificatePem: parsed.pem,
    ...given,
    validity: parsed.validity,
    creationDate: now,
    lastModifiedDate: now,
    customerVersion: 1,
    generationId: randomUUID(),
    transfer: {},
  };
}

/** The next version of a certificate. */
export const revised = (certificate: Certificate, changed: Partial<Certificate>, now: number): Certificate => ({
  ...certificate,
  ...changed,
  lastModifiedDate: now,
  customerVersion: certificate.customerVersion + 1,
});

export const emitStatus = (changes: Changes, { realm, certificateId, status }: Certificate): void =>
  changes.emit({ kind: 'certificate', realm, certificateId, status });
