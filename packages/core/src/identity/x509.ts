/** X.509 certificates as registration sees them: read from PEM or DER, checked, and matched with their signer. */
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import type { Validity } from './certificate.ts';
import { readCertificateFacts, readLayout } from './certificate-facts.ts';
import { type Element, MalformedCertificate, readChildren, readObjectIdentifier } from './der.ts';

export interface ParsedCertificate {
  readonly certificateId: string;
  readonly pem: string;
  readonly x509: X509Certificate;
  readonly validity: Validity;
  readonly commonNames: readonly string[];
  /** SHA-256 of the subject and issuer names as encoded: a signer's subject key is its certificates' issuer key. */
  readonly subjectKey: string;
  readonly issuerKey: string;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The name AWS IoT gives a certificate: the SHA-256 of its DER, 64 hexadecimal digits. */
export const certificateIdOfDer = (der: Uint8Array): string => sha256(der);

const invalid = (reason: string): ServiceError => new ServiceError('CertificateValidationException', reason);

/** Reads the first certificate of a PEM text. Throws `CertificateValidationException`. */
export function parseCertificatePem(pem: string): ParsedCertificate {
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw invalid('the certificate is not in PEM format');
  return parse(pem);
}

/** Reads a certificate as TLS presents it. Throws `CertificateValidationException`. */
export const parseCertificateDer = (der: Uint8Array): ParsedCertificate => parse(der);

function parse(encoded: string | Uint8Array): ParsedCertificate {
  const x509 = openX509(encoded);
  const der = x509.raw;
  try {
    const layout = readLayout(der);
    checkAlgorithms(x509, signatureAlgorithmOf(der, layout.signatureAlgorithm));
    const nameKey = (name: Element) => sha256(der.subarray(name.start, name.end));
    return {
      certificateId: certificateIdOfDer(der),
      pem: x509.toString(),
      x509,
      validity: { notBefore: x509.validFromDate.getTime(), notAfter: x509.validToDate.getTime() },
      commonNames: readCertificateFacts(der).subject.CommonName ?? [],
      subjectKey: nameKey(layout.subject),
      issuerKey: nameKey(layout.issuer),
    };
  } catch (error) {
    if (error instanceof MalformedCertificate) throw invalid(`the certificate is invalid: ${error.message}`);
    throw error;
  }
}

function openX509(encoded: string | Uint8Array): X509Certificate {
  try {
    return new X509Certificate(encoded);
  } catch {
    throw invalid('the certificate is invalid: it cannot be read as X.509');
  }
}

/** AWS: X.509 client certificates, "Certificate signing algorithms supported by AWS IoT". */
const signatureAlgorithms: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.10', // RSASSA-PSS
  '1.2.840.113549.1.1.11', // SHA256WITHRSA
  '1.2.840.113549.1.1.12', // SHA384WITHRSA
  '1.2.840.113549.1.1.13', // SHA512WITHRSA
  '1.2.840.10045.4.3.2', // ECDSA-WITH-SHA256
  '1.2.840.10045.4.3.3', // ECDSA-WITH-SHA384
  '1.2.840.10045.4.3.4', // ECDSA-WITH-SHA512
  '2.16.840.1.101.3.4.3.2', // DSA_WITH_SHA256
]);

const curves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

function signatureAlgorithmOf(der: Uint8Array, algorithm: Element): string {
  const [oid] = readChildren(der, algorithm);
  if (oid === undefined) throw new MalformedCertificate('the signature algorithm is missing');
  return readObjectIdentifier(der, oid);
}

function checkAlgorithms(x509: X509Certificate, signatureAlgorithm: string): void {
  if (!signatureAlgorithms.has(signatureAlgorithm))
    throw invalid('the certificate is signed with an algorithm that AWS IoT does not support');
  if (!isSupportedKey(publicKeyOf(x509)))
    throw invalid('the key of the certificate must be RSA of at least 2048 bits or of curve P-256, P-384 or P-521');
}

/** RSA of at least 2048 bits, or one of the NIST curves (AWS: CreateCertificateFromCsr). */
export function isSupportedKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === 'ec') return curves.has(asymmetricKeyDetails?.namedCurve ?? '');
  const isRsa = asymmetricKeyType === 'rsa' || asymmetricKeyType === 'rsa-pss';
  return isRsa && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
}

function publicKeyOf(x509: X509Certificate): KeyObject {
  try {
    return x509.publicKey;
  } catch {
    throw invalid('the certificate is invalid: its public key cannot be read');
  }
}

/** Whether `signer` issued this certificate: names and key identifiers agree, and the signature is of the signer's key. */
export function isSignedBy(certificate: ParsedCertificate, signer: ParsedCertificate): boolean {
  return certificate.x509.checkIssued(signer.x509) && hasSignatureOf(certificate, signer);
}

/** Whether the signature is of the signer's key, whatever the names say. */
export function hasSignatureOf(certificate: ParsedCertificate, signer: ParsedCertificate): boolean {
  try {
    return certificate.x509.verify(signer.x509.publicKey);
  } catch {
    return false; // OpenSSL throws where the signature is of another kind than the key.
  }
}

/** Throws `CertificateValidationException` unless `now` lies within the validity. */
export function checkValidity({ validity }: ParsedCertificate, now: number): void {
  if (now < validity.notBefore) throw invalid('the certificate is not valid yet');
  if (now > validity.notAfter) throw invalid('the certificate has expired');
}
