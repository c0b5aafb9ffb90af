import { expect, test } from 'vitest';
import { der, objectIdentifier } from '../testing/certificates.ts';
import { MalformedCertificate, readChildren, readElement, readObjectIdentifier } from './der.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const whole = (encoded: Uint8Array) => readElement(encoded, 0, encoded.length);

test.each([
  ['short form', '04 02 01 02', 2, 4],
  ['long form of one byte', `04 81 80 ${'00'.repeat(128)}`, 3, 131],
  ['long form of two bytes', `04 82 01 00 ${'00'.repeat(256)}`, 4, 260],
  ['no content', '05 00', 2, 2],
])('an element of %s is found', (_, hex, contentStart, end) => {
  expect(whole(bytes(hex))).toMatchObject({ start: 0, contentStart, end });
});

test.each([
  ['no bytes', ''],
  ['a tag alone', '04'],
  ['content cut short', '04 02 01'],
  ['a length cut short', '04 82 01'],
  ['an indefinite length', '30 80 00 00'],
  ['a length of five bytes', '04 85 00 00 00 00 01 00'],
  ['a tag of several bytes', '1f 81 01 00'],
])('%s is refused', (_, hex) => {
  expect(() => whole(bytes(hex))).toThrow(MalformedCertificate);
});

test('an element may not reach beyond the one that holds it, though the bytes are there', () => {
  const encoded = bytes('30 03 04 02 01 02');
  expect(() => readChildren(encoded, whole(encoded))).toThrow(MalformedCertificate);
});

test.each(['2.5.4.3', '1.2.840.113549.1.9.1', '0.9.2342.19200300.100.1.25', '2.16.840.1.101.3.4.3.2', '2.999.1'])(
  'object identifier %s reads as written',
  dotted => {
    const encoded = objectIdentifier(dotted);
    expect(readObjectIdentifier(encoded, whole(encoded))).toBe(dotted);
  },
);

test.each([
  ['that is empty', ''],
  ['that stops within a number', '55 84'],
  ['with a number beyond measure', 'ff ff ff ff ff ff ff ff ff 7f'],
])('an object identifier %s is refused', (_, hex) => {
  const encoded = der(0x06, bytes(hex));
  expect(() => readObjectIdentifier(encoded, whole(encoded))).toThrow(MalformedCertificate);
});
