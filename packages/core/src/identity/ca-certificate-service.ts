/** Registering the CAs of the users' own, and what may be changed about them. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey } from '../realm.ts';
import { awsRegistryLimits, type RegistryLimits } from '../registry/limits.ts';
import type { Page } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import { DuplicateKey, StaleWrite } from '../store/store.ts';
import { checkTags, type Tag } from '../tags/tag.ts';
import { deleteAllTags, putTags } from '../tags/tag-store.ts';
import {
  type AutoRegistrationStatus,
  type CaCertificate,
  type CaCertificateStatus,
  caCertificateArn,
  type RegistrationConfig,
} from './ca-certificate.ts';
import {
  type CaCertificatePageRequest,
  deleteCaCertificate,
  deleteRegistrationCode,
  findCaCertificate,
  findCaCertificatesBySubject,
  findRegistrationCode,
  insertCaCertificate,
  insertRegistrationCode,
  listCaCertificates,
  replaceCaCertificate,
} from './ca-certificate-store.ts';
import { type CertificateMode, normalizeCertificateId } from './certificate.ts';
import { alreadyRegistered } from './certificate-registration.ts';
import { checkValidity, hasSignatureOf, type ParsedCertificate, parseCertificatePem } from './x509.ts';

/** AWS: RegisterCACertificate, "up to 10 CA certificates with the same CA subject field". */
const maximumSameSubject = 10;

export interface CaCertificateRegistration {
  readonly caCertificate: string;
  readonly verificationCertificate?: string | undefined;
  readonly certificateMode?: CertificateMode | undefined;
  readonly setAsActive?: boolean | undefined;
  readonly allowAutoRegistration?: boolean | undefined;
  readonly registrationConfig?: RegistrationConfig | undefined;
  readonly tags?: readonly Tag[] | undefined;
}

export interface CaCertificateUpdate {
  readonly newStatus?: CaCertificateStatus | undefined;
  readonly newAutoRegistrationStatus?: AutoRegistrationStatus | undefined;
  readonly registrationConfig?: RegistrationConfig | undefined;
  readonly removeAutoRegistration?: boolean | undefined;
}

export class CaCertificates {
  readonly #domain: Domain;
  readonly #limits: RegistryLimits;

  constructor(domain: Domain, limits: RegistryLimits = awsRegistryLimits) {
    this.#domain = domain;
    this.#limits = limits;
  }

  /** The code a verification certificate must carry as its common name; made on first use. 64 hexadecimal digits. */
  async getRegistrationCode(realm: Realm): Promise<string> {
    return await retryStale(async () => {
      const known = await findRegistrationCode(this.#domain.store, realm);
      if (known !== undefined) return known;
      const code = randomBytes(32).toString('hex');
      await this.#domain.store.commit([insertRegistrationCode(this.#domain.store, realm, code)]);
      return code;
    });
  }

  /** Throws `ResourceNotFoundException` where there is none. */
  async deleteRegistrationCode(realm: Realm): Promise<void> {
    try {
      await this.#domain.store.commit([deleteRegistrationCode(this.#domain.store, realm)]);
    } catch (error) {
      if (error instanceof StaleWrite)
        throw new ServiceError('ResourceNotFoundException', 'the registration code does not exist');
      throw error;
    }
  }

  /**
   * AWS: RegisterCACertificate. In DEFAULT mode the caller proves to hold the CA's key: it has signed a verification certificate
   * whose common name is the registration code. In SNI_ONLY mode there is nothing to prove, as nothing is taken from others.
   *
   * Throws `CertificateValidationException`, `RegistrationCodeValidationException`, `ResourceAlreadyExistsException`,
   * `LimitExceededException` or `InvalidRequestException`.
   */
  async register(realm: Realm, registration: CaCertificateRegistration): Promise<CaCertificate> {
    const ca = parseCertificatePem(registration.caCertificate);
    const certificateMode = registration.certificateMode ?? 'DEFAULT';
    const now = this.#domain.clock.now();
    checkTags(registration.tags ?? [], this.#limits);
    if (!ca.x509.ca) throw new ServiceError('CertificateValidationException', 'the certificate is not that of a CA');
    checkValidity(ca, now);
    await this.#checkOwnership(realm, ca, certificateMode, registration.verificationCertificate);
    const certificate: CaCertificate = {
      realm,
      certificateId: ca.certificateId,
      status: registration.setAsActive ? 'ACTIVE' : 'INACTIVE',
      certificateMode,
      certificatePem: ca.pem,
      autoRegistrationStatus: registration.allowAutoRegistration ? 'ENABLE' : 'DISABLE',
      ...(registration.registrationConfig && { registrationConfig: registration.registrationConfig }),
      subjectKey: ca.subjectKey,
      validity: ca.validity,
      creationDate: now,
      lastModifiedDate: now,
      customerVersion: 1,
      generationId: randomUUID(),
    };
    await this.#insert(certificate, registration.tags ?? []);
    return certificate;
  }

  async #checkOwnership(
    realm: Realm,
    ca: ParsedCertificate,
    mode: CertificateMode,
    verificationCertificate: string | undefined,
  ): Promise<void> {
    if (mode === 'SNI_ONLY') {
      if (verificationCertificate === undefined) return;
      throw new ServiceError('InvalidRequestException', 'in SNI_ONLY mode verificationCertificate must be empty');
    }
    if (verificationCertificate === undefined)
      throw new ServiceError('InvalidRequestException', 'in DEFAULT mode verificationCertificate must not be empty');
    const proof = parseCertificatePem(verificationCertificate);
    if (!hasSignatureOf(proof, ca))
      throw new ServiceError(
        'CertificateValidationException',
        'the verification certificate is not signed with the key of the CA certificate',
      );
    const code = await findRegistrationCode(this.#domain.store, realm);
    if (code === undefined || !proof.commonNames.includes(code))
      throw new ServiceError(
        'RegistrationCodeValidationException',
        'the common name of the verification certificate is not the registration code',
      );
  }

  async #insert(ca: CaCertificate, tags: readonly Tag[]): Promise<void> {
    const { store } = this.#domain;
    const { realm, certificateId } = ca;
    const arn = caCertificateArn(realm, certificateId);
    const namesakes = await findCaCertificatesBySubject(store, ca.subjectKey, realm);
    if (namesakes.length >= maximumSameSubject && !namesakes.some(other => other.certificateId === certificateId))
      throw new ServiceError(
        'LimitExceededException',
        `${maximumSameSubject} CA certificates with this subject are registered already`,
      );
    try {
      await store.commit([insertCaCertificate(store, ca), ...putTags(store, realmKey(realm), arn, tags)]);
    } catch (error) {
      if (!(error instanceof DuplicateKey)) throw error;
      throw alreadyRegistered(certificateId, arn);
    }
  }

  /** Throws `ResourceNotFoundException`. */
  async describe(realm: Realm, certificateId: string): Promise<CaCertificate> {
    const ca = await findCaCertificate(this.#domain.store, realm, normalizeCertificateId(certificateId));
    if (ca) return ca;
    throw new ServiceError('ResourceNotFoundException', 'the CA certificate given in the certificateId does not exist');
  }

  async list(realm: Realm, request: CaCertificatePageRequest = {}): Promise<Page<CaCertificate>> {
    return await listCaCertificates(this.#domain.store, realm, request);
  }

  /** AWS: UpdateCACertificate. Devices whose certificates it signed keep theirs as they are. */
  async update(realm: Realm, certificateId: string, update: CaCertificateUpdate): Promise<void> {
    const autoRegistration = update.newAutoRegistrationStatus === 'ENABLE' || update.registrationConfig !== undefined;
    if (update.removeAutoRegistration && autoRegistration)
      throw new ServiceError('InvalidRequestException', 'auto registration cannot be set and removed in one request');
    await retryStale(async () => {
      const current = await this.describe(realm, certificateId);
      const { registrationConfig: currentConfig, ...rest } = current;
      const registrationConfig = update.registrationConfig ?? currentConfig;
      const next: CaCertificate = {
        ...rest,
        status: update.newStatus ?? current.status,
        autoRegistrationStatus: update.removeAutoRegistration
          ? 'DISABLE'
          : (update.newAutoRegistrationStatus ?? current.autoRegistrationStatus),
        ...(registrationConfig && !update.removeAutoRegistration && { registrationConfig }),
        lastModifiedDate: this.#domain.clock.now(),
        customerVersion: current.customerVersion + 1,
      };
      await this.#domain.store.commit([replaceCaCertificate(this.#domain.store, current, next)]);
    });
  }

  /** AWS: DeleteCACertificate. Throws `CertificateStateException` while it is ACTIVE. */
  async delete(realm: Realm, certificateId: string): Promise<void> {
    const { store } = this.#domain;
    await retryStale(async () => {
      const ca = await this.describe(realm, certificateId);
      if (ca.status === 'ACTIVE')
        throw new ServiceError(
          'CertificateStateException',
          'CA certificate must be deactivated (not ACTIVE) before deletion.',
        );
      const arn = caCertificateArn(realm, ca.certificateId);
      await store.commit([deleteCaCertificate(store, ca), deleteAllTags(store, realmKey(realm), arn)]);
    });
  }
}
