import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { createRootAuthority, openRootAuthority } from './root-authority.ts';

const now = Date.parse('2026-11-21T12:00:00Z');
let dataDirectory: string;
const ca = (name: string) => join(dataDirectory, 'ca', name);
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'thingd-ca-'));
});

test('the first start makes a self-signed CA that is valid until the end of 2049', async () => {
  const { certificatePem } = await openRootAuthority(dataDirectory, now);
  const x509 = new X509Certificate(certificatePem);
  expect([x509.subject, x509.issuer, x509.ca]).toEqual(['CN=thingd root CA', 'CN=thingd root CA', true]);
  expect(x509.verify(x509.publicKey)).toBe(true);
  expect(x509.validToDate.toISOString()).toBe('2049-12-31T23:59:59.000Z');
  expect(x509.checkPrivateKey(createPrivateKey(readFileSync(ca('root.key'))))).toBe(true);
});

test('the private key is for its owner alone, the certificate for all', async () => {
  await openRootAuthority(dataDirectory, now);
  expect([mode(ca('')), mode(ca('root.key')), mode(ca('root.pem'))]).toEqual(['700', '600', '644']);
  expect(readdirSync(ca('')).sort()).toEqual(['root.key', 'root.pem']);
});

test('the second start opens the same CA', async () => {
  const first = await openRootAuthority(dataDirectory, now);
  const second = await openRootAuthority(dataDirectory, now + 1_000_000);
  expect(second.certificatePem).toBe(first.certificatePem);
});

test('a private key that others can read is refused, with the command that mends it', async () => {
  await openRootAuthority(dataDirectory, now);
  chmodSync(ca('root.key'), 0o640);
  await expect(openRootAuthority(dataDirectory, now)).rejects.toThrow(
    `private key \`${ca('root.key')}\` can be read by others (mode 0640); run: chmod 600 ${ca('root.key')}`,
  );
});

test('a certificate whose private key is gone is refused, and left alone', async () => {
  const { certificatePem } = await openRootAuthority(dataDirectory, now);
  rmSync(ca('root.key'));
  await expect(openRootAuthority(dataDirectory, now)).rejects.toMatchObject({ name: 'RootAuthorityError' });
  expect(readFileSync(ca('root.pem'), 'utf8')).toBe(certificatePem);
});

test('a first start that was cut short between the files is finished by the next, with the same key', async () => {
  const first = await openRootAuthority(dataDirectory, now);
  rmSync(ca('root.pem'));
  const second = await openRootAuthority(dataDirectory, now);
  expect(Buffer.from(second.publicKey.rawData)).toEqual(Buffer.from(first.publicKey.rawData));
});

test.each([
  [
    'a key of another certificate',
    () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    'does not belong to',
  ],
  ['no key', () => 'nothing\n', 'is not a private key in PEM'],
])('a key file that holds %s is refused', async (_, content, message) => {
  await openRootAuthority(dataDirectory, now);
  writeFileSync(ca('root.key'), content());
  await expect(openRootAuthority(dataDirectory, now)).rejects.toThrow(message);
});

test('a certificate file that holds no certificate is refused', async () => {
  await openRootAuthority(dataDirectory, now);
  writeFileSync(ca('root.pem'), 'nothing\n');
  await expect(openRootAuthority(dataDirectory, now)).rejects.toThrow('is not a certificate in PEM');
});

test('two authorities in memory are two', async () => {
  const [one, other] = [await createRootAuthority(now), await createRootAuthority(now)];
  expect(one.certificatePem).not.toBe(other.certificatePem);
});
