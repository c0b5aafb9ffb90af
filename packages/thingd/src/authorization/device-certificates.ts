/** Whom a certificate presented over TLS stands for: the realm it is registered in and may connect to. */
import {
  type Certificate,
  type CertificateRegistration,
  type Certificates,
  type Clock,
  certificateIdOfDer,
  type JitRegistration,
  type Realm,
  readCertificateFacts,
  realmKey,
} from '@thingd/core';
import type { ClientIdentity } from './permissions.ts';
import { chooseRealm } from './realm-choice.ts';

export interface DeviceCertificatesOptions {
  readonly certificates: Certificates;
  readonly registration: CertificateRegistration;
  readonly clock: Clock;
  readonly defaultRealm: Realm;
  /** A device's first connection has registered its certificate: someone is to be told. */
  readonly registered: (realm: Realm, registration: JitRegistration, clientId: string) => void;
}

/** Why a certificate may not connect; told to whoever has proven to hold its key. */
export interface Unusable {
  readonly reason: string;
}

export class DeviceCertificates {
  readonly #options: DeviceCertificatesOptions;

  constructor(options: DeviceCertificatesOptions) {
    this.#options = options;
  }

  /**
   * Whether a TLS connection with this certificate may live until its CONNECT: it is registered and ACTIVE somewhere, or its
   * CONNECT would register it or repeat that it wants activation.
   */
  async mayConnect(der: Buffer): Promise<boolean> {
    const { certificates, registration } = this.#options;
    const known = await certificates.realmsOfCertificate(certificateIdOfDer(der));
    if (known.some(({ status }) => status === 'ACTIVE' || status === 'PENDING_ACTIVATION')) return true;
    if (known.length > 0) return false;
    return (await registration.autoRegistrationRealms(der)).length > 0;
  }

  /** The device behind a certificate, for the realm it asks for by `serverName`. */
  async identify(der: Buffer, serverName: string | undefined): Promise<ClientIdentity | Unusable> {
    const certificateId = certificateIdOfDer(der);
    const known = await this.#options.certificates.realmsOfCertificate(certificateId);
    const realm = chooseRealm(
      known.map(certificate => certificate.realm),
      serverName,
      this.#options.defaultRealm,
    );
    const certificate = realm && known.find(candidate => realmKey(candidate.realm) === realmKey(realm));
    if (certificate === undefined) {
      return { reason: known.length > 0 ? 'the certificate is registered in several realms' : 'unknown certificate' };
    }
    const obstacle = this.#obstacle(certificate);
    if (obstacle !== undefined) return { reason: obstacle };
    return { kind: 'certificate', realm: certificate.realm, certificateId, facts: readCertificateFacts(der) };
  }

  async isActive({
    realm,
    certificateId,
  }: {
    readonly realm: Realm;
    readonly certificateId: string;
  }): Promise<boolean> {
    const known = await this.#options.certificates.realmsOfCertificate(certificateId);
    return known.some(({ realm: other, status }) => status === 'ACTIVE' && realmKey(other) === realmKey(realm));
  }

  /** Just-in-time registration, by a CONNECT that is refused all the same. */
  async registerOnConnect(der: Buffer, serverName: string | undefined, clientId: string): Promise<void> {
    const { certificates, registration, defaultRealm, registered } = this.#options;
    const known = await certificates.realmsOfCertificate(certificateIdOfDer(der));
    const realms =
      known.length > 0
        ? known.filter(({ status }) => status === 'PENDING_ACTIVATION').map(({ realm }) => realm)
        : await registration.autoRegistrationRealms(der);
    const realm = chooseRealm(realms, serverName, defaultRealm);
    const made = realm && (await registration.registerOnConnect(realm, der));
    if (made) registered(realm, made, clientId);
  }

  #obstacle({ status, validity, certificateId }: Certificate): string | undefined {
    if (status !== 'ACTIVE') return `certificate ${certificateId} is ${status}`;
    const now = this.#options.clock.now();
    if (now < validity.notBefore || now > validity.notAfter) return `certificate ${certificateId} is out of date`;
    return undefined;
  }
}
