/**
 * The installation's own certificate authority: what clients trust, and whose key signs device and server certificates.
 * Made at the first start and kept under `<data directory>/ca/`, or in memory alone.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { chmod, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { endOfValidity, randomSerialNumber, startOfValidity } from './certificate-template.ts';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from './peculiar.ts';
import { replaceFile } from './replace-file.ts';

/** The files of the CA are not as they must be: the operator has to act. The message says what to do. */
export class RootAuthorityError extends Error {
  override readonly name = 'RootAuthorityError';
}

export interface RootAuthority {
  /** The certificate that clients trust, in PEM. */
  readonly certificatePem: string;
  readonly certificate: X509Certificate;
  readonly publicKey: PublicKey;
  readonly signingKey: webcrypto.CryptoKey;
}

/** P-256: signing a device's certificate takes a seventh of what RSA-2048 does, and every client of AWS IoT's speaks it. */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A new authority that lives as long as the process. */
export async function createRootAuthority(now: number): Promise<RootAuthority> {
  const keyPem = generateKeyPem();
  return await assemble(keyPem, await selfSign(keyPem, now));
}

/**
 * Opens the authority in a data directory, making it where there is none. Throws `RootAuthorityError` when its private key is
 * missing, belongs to another certificate, or can be read by others.
 */
export async function openRootAuthority(dataDirectory: string, now: number): Promise<RootAuthority> {
  const directory = join(dataDirectory, 'ca');
  const keyFile = join(directory, 'root.key');
  const certificateFile = join(directory, 'root.pem');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const keyPem = (await readPrivateKey(keyFile)) ?? (await makeKey(keyFile, certificateFile));
  // A key without certificate is a first start that was cut short: the certificate is made again, of the same key.
  const certificatePem =
    (await readIfPresent(certificateFile)) ?? (await makeCertificate(certificateFile, keyPem, now));
  return await assemble(keyPem, certificatePem, keyFile, certificateFile);
}

async function readPrivateKey(file: string): Promise<string | undefined> {
  const keyPem = await readIfPresent(file);
  if (keyPem === undefined) return undefined;
  const mode = (await stat(file)).mode & 0o777;
  // Windows has no such bits, and reports 0666 for every file.
  if (process.platform !== 'win32' && mode & 0o077)
    throw new RootAuthorityError(
      `private key \`${file}\` can be read by others (mode ${mode.toString(8).padStart(4, '0')}); run: chmod 600 ${file}`,
    );
  return keyPem;
}

async function makeKey(keyFile: string, certificateFile: string): Promise<string> {
  if ((await readIfPresent(certificateFile)) !== undefined)
    throw new RootAuthorityError(
      `\`${certificateFile}\` is there but its private key \`${keyFile}\` is not; restore the key, or remove the certificate to start with a new CA that no device trusts yet`,
    );
  const keyPem = generateKeyPem();
  await replaceFile(keyFile, keyPem, 0o600);
  return keyPem;
}

async function makeCertificate(file: string, keyPem: string, now: number): Promise<string> {
  const certificatePem = await selfSign(keyPem, now);
  await replaceFile(file, certificatePem, 0o644);
  return certificatePem;
}

async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

const generateKeyPem = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const importSigningKey = (keyPem: string): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' }),
    algorithm,
    false,
    ['sign'],
  );

const publicKeyOf = (keyPem: string): PublicKey =>
  new PublicKey(createPublicKey(keyPem).export({ type: 'spki', format: 'der' }));

async function selfSign(keyPem: string, now: number): Promise<string> {
  const publicKey = publicKeyOf(keyPem);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerialNumber(),
    subject: 'CN=thingd root CA',
    issuer: 'CN=thingd root CA',
    notBefore: startOfValidity(now),
    notAfter: endOfValidity,
    publicKey,
    signingKey: await importSigningKey(keyPem),
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

async function assemble(
  keyPem: string,
  certificatePem: string,
  keyFile = 'the key',
  certificateFile = 'the certificate',
): Promise<RootAuthority> {
  const publicKey = readPublicKey(keyPem, keyFile);
  const certificate = readCertificate(certificatePem, certificateFile);
  if (!Buffer.from(certificate.publicKey.rawData).equals(Buffer.from(publicKey.rawData)))
    throw new RootAuthorityError(`private key \`${keyFile}\` does not belong to \`${certificateFile}\``);
  return { certificatePem, certificate, publicKey, signingKey: await importSigningKey(keyPem) };
}

function readPublicKey(keyPem: string, file: string): PublicKey {
  try {
    return publicKeyOf(keyPem);
  } catch {
    throw new RootAuthorityError(`\`${file}\` is not a private key in PEM`);
  }
}

function readCertificate(certificatePem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(certificatePem);
  } catch {
    throw new RootAuthorityError(`\`${file}\` is not a certificate in PEM`);
  }
}
