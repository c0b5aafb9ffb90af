import { expect, test } from 'vitest';
import type { CertificateFacts } from '../identity/certificate-facts.ts';
import { contextOf } from './fixtures.ts';
import { parseTemplate, textOf } from './template.ts';
import { isKnownKey, knownKeys, substituteFrom } from './variables.ts';

const certificate: CertificateFacts = {
  subject: {
    CommonName: ['first', 'second', 'third'],
    Organization: ['Lamps, Inc.'],
    Title: ['a*b'],
    State: ['x'.repeat(1025)],
  },
  issuer: { CommonName: ['CA'], Country: ['1', '2', '3', '4', '5', '6'] },
  subjectAlternativeNames: { DNSName: ['lamp.example', 'lamp2.example'] },
  issuerAlternativeNames: { IPAddress: ['192.0.2.1'] },
  serialNumber: '10541',
};

const context = contextOf({
  clientId: 'c*',
  sourceIp: '192.0.2.9',
  domainName: 'iot.example',
  thing: { thingName: 'lamp', thingTypeName: 'Lamp', attributes: { site: 'north', Site: 'NORTH' } },
  isAttached: false,
  certificate,
  certificateId: 'abc',
  cognitoIdentityId: 'us-east-1:1',
  connectAttributes: ['LastWill'],
  lastWillTopic: 'arn:aws:iot:us-east-1:000000000000:topic/w',
  secureTransport: true,
  userAgent: 'lampd/1',
});

test.each([
  ['iot:ClientId', ['c*']],
  ['IOT:CLIENTID', ['c*']],
  ['aws:SourceIp', ['192.0.2.9']],
  ['iot:DomainName', ['iot.example']],
  ['iot:Connection.Thing.ThingName', ['lamp']],
  ['iot:Connection.Thing.ThingTypeName', ['Lamp']],
  ['iot:Connection.Thing.Attributes[site]', ['north']],
  ['iot:connection.thing.attributes[Site]', ['NORTH']],
  ['iot:Connection.Thing.Attributes[SITE]', undefined],
  ['iot:Connection.Thing.Attributes[toString]', undefined],
  ['iot:Connection.Thing.IsAttached', ['false']],
  ['iot:CertificateId', ['abc']],
  ['iot:ConnectAttributes', ['LastWill']],
  ['iot:LastWillTopic', ['arn:aws:iot:us-east-1:000000000000:topic/w']],
  ['cognito-identity.amazonaws.com:sub', ['us-east-1:1']],
  ['aws:SecureTransport', ['true']],
  ['aws:UserAgent', ['lampd/1']],
  ['aws:CurrentTime', ['2027-01-31T12:00:00.000Z']],
  ['aws:EpochTime', ['1801396800']],
  ['iot:Certificate.SerialNumber', ['10541']],
  ['iot:Certificate.Subject.CommonName', ['first']],
  ['iot:Certificate.Subject.CommonName.1', ['second']],
  ['iot:Certificate.Subject.CommonName.2', ['third']],
  ['iot:Certificate.Subject.CommonName.3', undefined],
  ['iot:Certificate.Subject.CommonName.List', ['first', 'second', 'third']],
  ['iot:certificate.subject.commonname.list', ['first', 'second', 'third']],
  ['iot:Certificate.Subject.SerialNumber', undefined],
  ['iot:Certificate.Subject.SerialNumber.List', undefined],
  ['iot:Certificate.Issuer.CommonName', ['CA']],
  ['iot:Certificate.Issuer.Country.4', ['5']],
  ['iot:Certificate.Issuer.Country.5', undefined],
  ['iot:Certificate.Issuer.Country.List', ['1', '2', '3', '4', '5']],
  ['iot:Certificate.Subject.AlternativeName.DNSName', ['lamp.example']],
  ['iot:Certificate.Subject.AlternativeName.DNSName.1', ['lamp2.example']],
  ['iot:Certificate.Issuer.AlternativeName.IPAddress', ['192.0.2.1']],
  ['iot:Certificate.Issuer.AlternativeName.DNSName', undefined],
  ['iot:Certificate.Subject.Nickname', undefined],
  ['iot:Unheard', undefined],
])('the key %s has the values %j', (key, values) => {
  expect(context.get(key)).toEqual(values);
});

test('AvailableKeys names the certificate variables that have a value', () => {
  const keys = context.get('iot:Certificate.AvailableKeys')!;
  expect(keys).toContain('iot:Certificate.Subject.CommonName');
  expect(keys).toContain('iot:Certificate.Subject.CommonName.2');
  expect(keys).not.toContain('iot:Certificate.Subject.CommonName.3');
  expect(keys).not.toContain('iot:Certificate.Subject.GivenName');
  for (const key of keys) expect(context.get(key)).toHaveLength(1);
});

test('nothing known is nothing said', () => {
  for (const key of knownKeys.filter(name => !/Time$/.test(name))) expect(contextOf().get(key)).toBeUndefined();
});

test.each([
  ['${iot:ClientId}', 'c*'],
  ['${iot:clientid}', 'c*'],
  ['${iot:Connection.Thing.Attributes[site]}', 'north'],
  ["${iot:Connection.Thing.Attributes[floor], 'ground'}", 'ground'],
  ['${iot:Connection.Thing.Attributes[floor]}', '${iot:Connection.Thing.Attributes[floor]}'],
  ['${iot:Certificate.Subject.CommonName.1}', 'second'],
  ['${iot:Certificate.Subject.Organization}', 'Lamps\\, Inc.'],
  ['${iot:Certificate.Subject.Title}', '${iot:Certificate.Subject.Title}'],
  ['${iot:Certificate.Subject.State}', '${iot:Certificate.Subject.State}'],
  ['${iot:Certificate.Subject.CommonName.List}', '${iot:Certificate.Subject.CommonName.List}'],
  ['${iot:ConnectAttributes}', '${iot:ConnectAttributes}'],
  ['${iot:CertificateId}', 'abc'],
  ['${iot:Unheard}', '${iot:Unheard}'],
])('the variable %s reads as %s', (source, expected) => {
  expect(textOf(substituteFrom(parseTemplate(source), context))).toBe(expected);
});

test.each([',', '"', '\\', '=', '<', '>', ';'])('a %s of a certificate is written with a backslash', character => {
  const escaped = contextOf({ certificate: { ...certificate, subject: { CommonName: [`a${character}b`] } } });
  expect(textOf(substituteFrom(parseTemplate('${iot:Certificate.Subject.CommonName}'), escaped))).toBe(
    `a\\${character}b`,
  );
});

test.each(['*', '$', '+', '?', '#'])('a value of a certificate with %s is not put in', character => {
  const unsafe = contextOf({ certificate: { ...certificate, subject: { CommonName: [`a${character}b`] } } });
  const source = '${iot:Certificate.Subject.CommonName}';
  expect(textOf(substituteFrom(parseTemplate(source), unsafe))).toBe(source);
});

test('every known key is known in any case, with number or list where a certificate has several', () => {
  for (const key of knownKeys) expect(isKnownKey(key.toUpperCase())).toBe(true);
  expect(isKnownKey('iot:Certificate.Subject.CommonName.2')).toBe(true);
  expect(isKnownKey('iot:Certificate.Subject.CommonName.List')).toBe(true);
  expect(isKnownKey('iot:Connection.Thing.Attributes[x]')).toBe(true);
  expect(isKnownKey('iot:ThingName')).toBe(false);
});
