import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Attribute,
  certificateDer,
  commonName,
  der,
  distinguishedName,
  extension,
  identity,
  utf8String,
} from '../testing/certificates.ts';
import { readCertificateFacts } from './certificate-facts.ts';
import { MalformedCertificate } from './der.ts';

const keys = identity('keys');
const factsOf = (name: Uint8Array, extensions: Uint8Array[] = [], serialNumber?: Uint8Array) => {
  const self = identity(name, keys);
  return readCertificateFacts(certificateDer(self, self, { extensions, ...(serialNumber && { serialNumber }) }));
};
const text = (tag: number, bytes: Uint8Array | string) => der(tag, Buffer.from(bytes));

/** AWS: using X.509 certificate policy variables, "X.509 certificate example", which names these of the subject. */
const subjectRows: [oid: string, value: string, field: string][] = [
  ['2.5.4.6', 'US', 'Country'],
  ['2.5.4.10', 'IoT Devices', 'Organization'],
  ['2.5.4.11', 'LightBulb', 'OrganizationalUnit'],
  ['2.5.4.8', 'NY', 'State'],
  ['2.5.4.3', 'LightBulb Device Cert', 'CommonName'],
  ['2.5.4.42', 'Bulb', 'GivenName'],
  ['2.5.4.43', 'ZZ', 'Initials'],
  ['2.5.4.46', 'Bulb001', 'DistinguishedNameQualifier'],
  ['2.5.4.4', 'Multi Color', 'Surname'],
  ['2.5.4.12', 'RGB', 'Title'],
  ['2.5.4.65', 'RGB Device', 'Pseudonym'],
  ['2.5.4.44', '4', 'GenerationQualifier'],
  ['2.5.4.5', '123', 'SerialNumber'],
];

describe('names', () => {
  test.each(subjectRows)('attribute %s with value `%s` is the field %s', (oid, value, field) => {
    expect(factsOf(distinguishedName([[oid, utf8String(value)]])).subject).toEqual({ [field]: [value] });
  });

  test('subject and issuer are told apart', () => {
    const facts = readCertificateFacts(certificateDer(identity('lamp', keys), identity('factory', keys)));
    expect([facts.subject, facts.issuer]).toEqual([{ CommonName: ['lamp'] }, { CommonName: ['factory'] }]);
  });

  test('a field that occurs several times has its values in the order written', () => {
    const unit = (value: string): Attribute => ['2.5.4.11', utf8String(value)];
    const name = distinguishedName([unit('one')], [unit('two'), unit('three')], [unit('four')]);
    expect(factsOf(name).subject).toEqual({ OrganizationalUnit: ['one', 'two', 'three', 'four'] });
  });

  test('a relative name of several attributes gives each to its own field', () => {
    const name = distinguishedName([
      ['2.5.4.3', utf8String('lamp')],
      ['2.5.4.5', utf8String('7')],
    ]);
    expect(factsOf(name).subject).toEqual({ CommonName: ['lamp'], SerialNumber: ['7'] });
  });

  test('an attribute that policies cannot name is passed over', () => {
    expect(factsOf(distinguishedName([['2.5.4.7', utf8String('Seattle')]])).subject).toEqual({});
  });

  test.each([
    ['UTF8String', 0x0c, 'Küche 💡', 'Küche 💡'],
    ['NumericString', 0x12, '42', '42'],
    ['PrintableString', 0x13, 'lamp', 'lamp'],
    ['TeletexString', 0x14, Buffer.from('Küche', 'latin1'), 'Küche'],
    ['IA5String', 0x16, 'a@b', 'a@b'],
    ['VisibleString', 0x1a, 'lamp', 'lamp'],
    ['UniversalString', 0x1c, Buffer.from([0, 0, 0, 0x4b, 0, 1, 0xf4, 0xa1]), 'K💡'],
    ['BMPString', 0x1e, Buffer.from([0, 0x4b, 0, 0xfc]), 'Kü'],
  ])('a value written as %s is decoded', (_, tag, bytes, value) => {
    expect(factsOf(distinguishedName([['2.5.4.3', text(tag, bytes)]])).subject).toEqual({ CommonName: [value] });
  });

  test.each([
    ['bytes that are not UTF-8', text(0x0c, Buffer.from([0xc3, 0x28]))],
    ['half a character', text(0x1e, Buffer.from([0]))],
    ['a character beyond Unicode', text(0x1c, Buffer.from([0, 0x11, 0, 0]))],
    ['a number', der(0x02, Buffer.from([1]))],
  ])('a value of %s is refused', (_, value) => {
    expect(() => factsOf(distinguishedName([['2.5.4.3', value]]))).toThrow(MalformedCertificate);
  });
});

describe('alternative names', () => {
  const smartHome = distinguishedName(
    [['2.5.4.6', utf8String('US')]],
    [['2.5.4.10', utf8String('IoT')]],
    [['2.5.4.11', utf8String('SmartHome')]],
    [['2.5.4.3', utf8String('LightBulbCert')]],
  );
  const all = der(
    0x30,
    text(0x82, 'example.com'),
    text(0x82, 'b.example.com'),
    text(0x87, Buffer.from([1, 2, 3, 4])),
    text(0x87, Buffer.from('20010db8000000000000000000000001', 'hex')),
    text(0x86, 'ResourceIdentifier001'),
    text(0x81, 'device1@example.com'),
    der(0xa4, smartHome),
    text(0x88, Buffer.from([0x2a, 3])), // registeredID: no policy variable
  );
  const read = {
    DNSName: ['example.com', 'b.example.com'],
    IPAddress: ['1.2.3.4', '2001:db8::1'],
    UniformResourceIdentifier: ['ResourceIdentifier001'],
    RFC822Name: ['device1@example.com'],
    DirectoryName: ['cn=LightBulbCert,ou=SmartHome,o=IoT,c=US'],
  };

  test('of the subject, each kind that policies can name', () => {
    const facts = factsOf(commonName('lamp'), [extension('2.5.29.17', all, true)]);
    expect([facts.subjectAlternativeNames, facts.issuerAlternativeNames]).toEqual([read, {}]);
  });

  test('of the issuer, each kind that policies can name', () => {
    const facts = factsOf(commonName('lamp'), [extension('2.5.29.18', all)]);
    expect([facts.subjectAlternativeNames, facts.issuerAlternativeNames]).toEqual([{}, read]);
  });

  test('a value in a directory name cannot pose as another part of it', () => {
    const name = distinguishedName([['2.5.4.3', utf8String('lamp,ou="x"+y=z ')]], [['1.2.3', utf8String('?')]]);
    const facts = factsOf(commonName('lamp'), [extension('2.5.29.17', der(0x30, der(0xa4, name)))]);
    expect(facts.subjectAlternativeNames.DirectoryName).toEqual(['1.2.3=#0c013f,cn=lamp\\,ou\\=\\"x\\"\\+y\\=z\\ ']);
  });

  test.each([
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['fe80000000000000000000000000abcd', 'fe80::abcd'],
    ['00010000000000000000000000000000', '1::'],
  ])('address %s is written %s (RFC 5952)', (hex, address) => {
    const name = text(0x87, Buffer.from(hex, 'hex'));
    const facts = factsOf(commonName('lamp'), [extension('2.5.29.17', der(0x30, name))]);
    expect(facts.subjectAlternativeNames.IPAddress).toEqual([address]);
  });

  test('an address of odd length is refused', () => {
    const names = der(0x30, text(0x87, Buffer.from([1, 2, 3])));
    expect(() => factsOf(commonName('lamp'), [extension('2.5.29.17', names)])).toThrow(MalformedCertificate);
  });
});

test.each([
  ['00921285cbb7a5e086', '10525622389124227206'],
  ['7f', '127'],
  ['80', '-128'],
  ['00ffffffffffffffffffffffffffffffffffffffff', '1461501637330902918203684832716283019655932542975'],
])('serial number %s reads %s in decimal', (hex, decimal) => {
  expect(factsOf(commonName('lamp'), [], Buffer.from(hex, 'hex')).serialNumber).toBe(decimal);
});

describe('bytes that are no certificate', () => {
  const whole = certificateDer(keys, keys, {
    extensions: [extension('2.5.29.17', der(0x30, text(0x82, 'example.com'), der(0xa4, commonName('x'))))],
  });
  const readOrRefuse = (bytes: Uint8Array) => {
    try {
      readCertificateFacts(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedCertificate);
    }
  };

  test('are refused, never met with another error', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), readOrRefuse));
  });

  test('a certificate with any bytes changed is read or refused', () => {
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, changes => {
        const damaged = Buffer.from(whole);
        for (const [at, byte] of changes) damaged[at] = byte;
        readOrRefuse(damaged);
      }),
      { numRuns: 2000 },
    );
  });

  test('every proper part of a certificate from its start is refused', () => {
    for (let length = 0; length < whole.length; length++)
      expect(() => readCertificateFacts(whole.subarray(0, length))).toThrow(MalformedCertificate);
  });

  test('a certificate with bytes after it is refused', () => {
    expect(() => readCertificateFacts(Buffer.concat([whole, Buffer.from([0])]))).toThrow(MalformedCertificate);
  });
});

test('what the fixtures write, OpenSSL reads the same', () => {
  const name = distinguishedName([['2.5.4.6', utf8String('US')]], [['2.5.4.3', utf8String('Küche')]]);
  const x509 = new X509Certificate(certificateDer(identity(name, keys), identity('factory', keys)));
  expect([x509.subject, x509.issuer, x509.verify(keys.publicKey)]).toEqual(['C=US\nCN=Küche', 'CN=factory', true]);
});
