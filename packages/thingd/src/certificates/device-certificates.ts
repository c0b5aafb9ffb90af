/** Device certificates, signed by the installation's CA: of keys made here, or of a key that a signing request proves. */
import { createPublicKey } from 'node:crypto';
import {
  type CertificateSigner,
  type Clock,
  type IssuedCertificate,
  type IssuedKeysAndCertificate,
  isSupportedKey,
  ServiceError,
} from '@thingd/core';
import { endOfValidity, keyIdentifiers, randomSerialNumber, startOfValidity } from './certificate-template.ts';
import type { KeyPool } from './key-pool.ts';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  Pkcs10CertificateRequest,
  PublicKey,
  X509CertificateGenerator,
} from './peculiar.ts';
import type { RootAuthority } from './root-authority.ts';

/** The subject AWS IoT gives to certificates of its own making; policies and device code match on it. */
const defaultSubject = 'CN=AWS IoT Certificate';

export class DeviceCertificateSigner implements CertificateSigner {
  readonly #authority: RootAuthority;
  readonly #keys: KeyPool;
  readonly #clock: Clock;

  constructor(authority: RootAuthority, keys: KeyPool, clock: Clock) {
    this.#authority = authority;
    this.#keys = keys;
    this.#clock = clock;
  }

  async issueKeysAndCertificate(): Promise<IssuedKeysAndCertificate> {
    const { publicKey, privateKey } = await this.#keys.take();
    const subjectKey = new PublicKey(publicKey.export({ type: 'spki', format: 'der' }));
    return {
      certificatePem: await this.#sign(new Name(defaultSubject), subjectKey),
      keyPair: {
        publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
        privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
      },
    };
  }

  /** The subject is the request's; extensions it asks for are not granted. */
  async issueFromCsr(certificateSigningRequest: string): Promise<IssuedCertificate> {
    const request = readRequest(certificateSigningRequest);
    if (!isSupportedKey(createPublicKey({ key: Buffer.from(request.publicKey.rawData), type: 'spki', format: 'der' })))
      throw invalidRequest('its key must be RSA of at least 2048 bits or of curve P-256, P-384 or P-521');
    if (!(await isProven(request))) throw invalidRequest('its signature is not of its own key');
    const subject = request.subject === '' ? new Name(defaultSubject) : request.subjectName;
    return { certificatePem: await this.#sign(subject, request.publicKey) };
  }

  async #sign(subject: Name, publicKey: PublicKey): Promise<string> {
    const { certificate, publicKey: issuerKey, signingKey } = this.#authority;
    const issued = await X509CertificateGenerator.create({
      serialNumber: randomSerialNumber(),
      subject,
      issuer: certificate.subjectName,
      notBefore: startOfValidity(this.#clock.now()),
      notAfter: endOfValidity,
      publicKey,
      signingKey,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        ...(await keyIdentifiers(publicKey, issuerKey)),
      ],
    });
    return `${issued.toString('pem')}\n`;
  }
}

const invalidRequest = (reason: string): ServiceError =>
  new ServiceError('InvalidRequestException', `the certificate signing request is invalid: ${reason}`);

function readRequest(pem: string): Pkcs10CertificateRequest {
  if (!/-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----/.test(pem)) throw invalidRequest('it is not in PEM format');
  try {
    return new Pkcs10CertificateRequest(pem);
  } catch {
    throw invalidRequest('it cannot be read');
  }
}

async function isProven(request: Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    return false; // The library throws where the signature is of another kind than the key.
  }
}
