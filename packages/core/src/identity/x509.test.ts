import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { caPem, certificateDer, der, extension, identity } from '../testing/certificates.ts';
import { hasSignatureOf, isSignedBy, parseCertificateDer, parseCertificatePem } from './x509.ts';

const factory = identity('factory');
const ca = parseCertificatePem(caPem(factory));
const lamp = parseCertificateDer(certificateDer(identity('lamp'), factory));

test('a certificate is signed by the CA whose name it carries and whose key signed it', () => {
  expect([isSignedBy(lamp, ca), lamp.issuerKey === ca.subjectKey]).toEqual([true, true]);
});

test('a certificate is not signed by a CA of the same name and another key', () => {
  expect(isSignedBy(lamp, parseCertificatePem(caPem(identity('factory'))))).toBe(false);
});

test('a certificate is not signed by a CA of the same key and another name, though the signature fits', () => {
  const renamed = parseCertificatePem(caPem(identity('other', factory)));
  expect([isSignedBy(lamp, renamed), hasSignatureOf(lamp, renamed)]).toEqual([false, true]);
});

test('a certificate is not signed by one whose key is not for signing certificates', () => {
  // keyUsage with digitalSignature alone, RFC 5280 §4.2.1.3.
  const digitalSignature = extension('2.5.29.15', der(0x03, Buffer.from([7, 0x80])), true);
  const restricted = parseCertificatePem(caPem(factory, { extensions: [digitalSignature] }));
  expect(isSignedBy(lamp, restricted)).toBe(false);
});

test('a signature of another kind than the key is no signature, and no error', () => {
  const rsa = identity('rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }));
  expect(hasSignatureOf(lamp, parseCertificatePem(caPem(rsa)))).toBe(false);
});
