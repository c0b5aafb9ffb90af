import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readCertificateFacts } from '@thingd/core';
import { describeWithOpenssl, type OpensslDirectory } from '@thingd/core/testing';
import { beforeAll, expect, test } from 'vitest';
import { DeviceCertificateSigner } from './device-certificates.ts';
import { generateRsaKeyPair, KeyPool } from './key-pool.ts';
import { createRootAuthority, type RootAuthority } from './root-authority.ts';

const now = Date.parse('2026-11-21T12:00:00.500Z');
const p256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

let authority: RootAuthority;
let signer: DeviceCertificateSigner;

beforeAll(async () => {
  authority = await createRootAuthority(now);
  const pair = await generateRsaKeyPair();
  const keys = new KeyPool({ ready: 0, generate: async () => pair });
  signer = new DeviceCertificateSigner(authority, keys, { now: () => now });
});

/** Judges the chain by the openssl command in its strict mode; throws where it finds fault. */
const verifierOf = (openssl: OpensslDirectory) => (certificatePem: string) => {
  openssl.write('root.pem', authority.certificatePem);
  openssl.write('leaf.pem', certificatePem);
  const at = String(Math.floor(now / 1000));
  return openssl.run('verify', '-x509_strict', '-attime', at, '-CAfile', 'root.pem', 'leaf.pem');
};

describeWithOpenssl('a certificate with keys', openssl => {
  const verify = verifierOf(openssl);

  test('verifies against the root, by openssl in strict mode', async () => {
    const { certificatePem } = await signer.issueKeysAndCertificate();
    expect(verify(certificatePem)).toBe('leaf.pem: OK\n');
  });

  test('is of the private key handed out, RSA-2048 in PKCS #1 as AWS hands it out', async () => {
    const { certificatePem, keyPair } = await signer.issueKeysAndCertificate();
    const x509 = new X509Certificate(certificatePem);
    expect(keyPair.privateKey).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
    expect(x509.checkPrivateKey(createPrivateKey(keyPair.privateKey))).toBe(true);
    expect(x509.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(x509.publicKey.export({ type: 'spki', format: 'pem' })).toBe(keyPair.publicKey);
  });

  test("has AWS's subject and end of validity, and a serial number of 160 bits that is its own", async () => {
    const certificates = await Promise.all([signer.issueKeysAndCertificate(), signer.issueKeysAndCertificate()]);
    const [one, other] = certificates.map(({ certificatePem }) => new X509Certificate(certificatePem));
    expect([one!.subject, one!.issuer]).toEqual(['CN=AWS IoT Certificate', 'CN=thingd root CA']);
    expect(one!.validToDate.toISOString()).toBe('2049-12-31T23:59:59.000Z');
    expect(one!.validFromDate.toISOString()).toBe('2026-11-21T11:58:00.000Z');
    expect(one!.serialNumber).toMatch(/^[4-7][0-9A-F]{39}$/);
    expect(one!.serialNumber).not.toBe(other!.serialNumber);
  });

  test('is a client, not a CA, and no server', async () => {
    const { certificatePem } = await signer.issueKeysAndCertificate();
    openssl.write('leaf.pem', certificatePem);
    const text = openssl.run('x509', '-in', 'leaf.pem', '-noout', '-text');
    expect(text).toContain('CA:FALSE');
    expect(text).toMatch(/Key Usage: critical\n\s+Digital Signature\n/);
  });
});

describeWithOpenssl('a certificate from a signing request', openssl => {
  const verify = verifierOf(openssl);

  /** A signing request of the openssl command's own making. */
  const csr = (subject: string, ...key: string[]) =>
    openssl.run('req', '-new', '-nodes', '-newkey', ...key, '-keyout', 'csr.key', '-subj', subject);

  test.each([
    ['P-256', p256],
    ['P-384', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384']],
    ['P-521', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521']],
    ['RSA-2048', ['rsa:2048']],
  ])('of a key of %s verifies and is of that key', async (_, key) => {
    const { certificatePem } = await signer.issueFromCsr(csr('/CN=lamp', ...key));
    expect(verify(certificatePem)).toBe('leaf.pem: OK\n');
    const privateKey = createPrivateKey(openssl.read('csr.key'));
    expect(new X509Certificate(certificatePem).checkPrivateKey(privateKey)).toBe(true);
  });

  test("has the request's subject", async () => {
    const { certificatePem } = await signer.issueFromCsr(csr('/C=US/O=Lamps+OU=Hall/CN=lamp 1', ...p256));
    expect(readCertificateFacts(new X509Certificate(certificatePem).raw).subject).toEqual({
      Country: ['US'],
      Organization: ['Lamps'],
      OrganizationalUnit: ['Hall'],
      CommonName: ['lamp 1'],
    });
  });

  test("has AWS's subject where the request has none", async () => {
    const { certificatePem } = await signer.issueFromCsr(csr('/', ...p256));
    expect(new X509Certificate(certificatePem).subject).toBe('CN=AWS IoT Certificate');
  });

  test('does not become a CA by asking', async () => {
    const request = openssl.run(
      ...['req', '-new', '-nodes', '-newkey', ...p256, '-keyout', 'csr.key', '-subj', '/CN=ca'],
      ...['-addext', 'basicConstraints=critical,CA:TRUE'],
    );
    expect(new X509Certificate((await signer.issueFromCsr(request)).certificatePem).ca).toBe(false);
  });

  test('of the same request is another certificate each time', async () => {
    const request = csr('/CN=lamp', ...p256);
    const issued = await Promise.all([signer.issueFromCsr(request), signer.issueFromCsr(request)]);
    const ids = issued.map(({ certificatePem }) =>
      createHash('sha256').update(new X509Certificate(certificatePem).raw).digest('hex'),
    );
    expect(new Set(ids).size).toBe(2);
  });

  test.each([
    ['RSA of 1024 bits', ['rsa:1024']],
    ['curve secp256k1', ['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1']],
    ['Ed25519', ['ed25519']],
  ])('is refused for a key of %s', async (_, key) => {
    await expect(signer.issueFromCsr(csr('/CN=lamp', ...key))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  test('is refused when the signature is not of the key', async () => {
    const lines = csr('/CN=lamp', ...p256)
      .trim()
      .split('\n');
    const der = Buffer.from(lines.slice(1, -1).join(''), 'base64');
    der[der.length - 1]! ^= 1;
    const forged = `${lines[0]}\n${der.toString('base64')}\n${lines.at(-1)}\n`;
    await expect(signer.issueFromCsr(forged)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  test.each([
    ['text', 'no request at all'],
    ['an empty request', '-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n'],
    ['other DER', '-----BEGIN CERTIFICATE REQUEST-----\nMAMCAQE=\n-----END CERTIFICATE REQUEST-----\n'],
  ])('is refused for %s', async (_, request) => {
    await expect(signer.issueFromCsr(request)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });
});
