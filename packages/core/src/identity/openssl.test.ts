/** The commands of AWS's guides for certificates of one's own, run by the openssl command, against the same use-cases. */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { describeWithOpenssl } from '../testing/openssl.ts';
import { CaCertificates } from './ca-certificate-service.ts';
import { readCertificateFacts } from './certificate-facts.ts';
import { CertificateRegistration } from './certificate-registration.ts';
import { home, type TestDomain, testDomain } from './domain-fixtures.ts';
import { parseCertificatePem } from './x509.ts';

describeWithOpenssl('with certificates of the openssl command', openssl => {
  let domain: TestDomain;
  let authorities: CaCertificates;

  beforeAll(() => {
    const subject = '/C=US/O=Lamps/CN=Lamp factory';
    openssl.run(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      subject,
    );
  });

  beforeEach(async () => {
    domain = await testDomain();
    // The command dates its certificates by the machine's clock.
    domain.clock.advance(Date.now() + 60_000 - domain.clock.now());
    authorities = new CaCertificates(domain);
  });

  /** AWS: create a client certificate, "create and register a CA": key, signing request, certificate of one CA. */
  function issue(subject: string): string {
    openssl.run('req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'a.key', '-out', 'a.csr', '-subj', subject);
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30', '-sha256'];
    openssl.run('x509', '-req', '-in', 'a.csr', '-out', 'a.pem', ...signing);
    return openssl.read('a.pem');
  }

  test('a CA is registered by its verification certificate, and a device by the CA', async () => {
    const code = await authorities.getRegistrationCode(home);
    const ca = await authorities.register(home, {
      caCertificate: openssl.read('ca.pem'),
      verificationCertificate: issue(`/CN=${code}`),
      setAsActive: true,
    });
    const device = await new CertificateRegistration(domain).register(home, {
      certificatePem: issue('/CN=lamp'),
      setAsActive: true,
    });
    expect(device).toMatchObject({ status: 'ACTIVE', certificateMode: 'DEFAULT', caCertificateId: ca.certificateId });
  });

  test('the certificate id is the fingerprint that the command prints', () => {
    const certificate = parseCertificatePem(issue('/CN=lamp'));
    const printed = openssl.run('x509', '-in', 'a.pem', '-noout', '-fingerprint', '-sha256');
    expect(printed.trim().split('=')[1]?.replaceAll(':', '').toLowerCase()).toBe(certificate.certificateId);
  });

  test('every name that a policy can ask for is read from a certificate that has them all', () => {
    openssl.write('all.cnf', everyName);
    const serial = ['-set_serial', '0x921285cbb7a5e086'];
    const request = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'all.key'];
    openssl.run('req', '-x509', ...request, '-config', 'all.cnf', '-out', 'all.pem', ...serial);
    const facts = readCertificateFacts(parseCertificatePem(openssl.read('all.pem')).x509.raw);
    expect(facts).toEqual({
      serialNumber: '10525622389124227206',
      subject: everyField,
      issuer: everyField,
      subjectAlternativeNames: {
        DNSName: ['example.com'],
        IPAddress: ['1.2.3.4', '2001:db8::1'],
        UniformResourceIdentifier: ['ResourceIdentifier001'],
        RFC822Name: ['device1@example.com'],
        DirectoryName: ['cn=LightBulbCert,ou=SmartHome,o=IoT,c=US'],
      },
      issuerAlternativeNames: { DNSName: ['issuer.com'] },
    });
  });
});

const everyField = {
  Country: ['US'],
  Organization: ['IoT Devices'],
  OrganizationalUnit: ['LightBulb', 'Küche'],
  State: ['NY'],
  CommonName: ['LightBulb Device Cert'],
  GivenName: ['Bulb'],
  Initials: ['ZZ'],
  DistinguishedNameQualifier: ['Bulb001'],
  Surname: ['Multi Color'],
  Title: ['RGB'],
  Pseudonym: ['RGB Device'],
  GenerationQualifier: ['4'],
  SerialNumber: ['123'],
};

const everyName = `
[req]
distinguished_name = subject
x509_extensions = extensions
prompt = no
utf8 = yes
string_mask = utf8only
[subject]
C = US
O = IoT Devices
OU = LightBulb
1.OU = Küche
ST = NY
CN = LightBulb Device Cert
GN = Bulb
initials = ZZ
dnQualifier = Bulb001
SN = Multi Color
title = RGB
pseudonym = RGB Device
generationQualifier = 4
serialNumber = 123
[extensions]
subjectAltName = DNS:example.com, IP:1.2.3.4, IP:2001:db8::1, URI:ResourceIdentifier001, email:device1@example.com, dirName:directory
issuerAltName = DNS:issuer.com
[directory]
C = US
O = IoT
OU = SmartHome
CN = LightBulbCert
`;
