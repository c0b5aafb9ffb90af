import { beforeEach, describe, expect, test } from 'vitest';
import { caPem, certificatePem, identity } from '../testing/certificates.ts';
import { type CaCertificateRegistration, CaCertificates } from './ca-certificate-service.ts';
import { CertificateRegistration } from './certificate-registration.ts';
import { abroad, home, neighbour, start, type TestDomain, testDomain } from './domain-fixtures.ts';

const factory = identity('factory');
const factoryPem = caPem(factory);

let domain: TestDomain;
let authorities: CaCertificates;

beforeEach(async () => {
  domain = await testDomain();
  authorities = new CaCertificates(domain);
});

/** What only the holder of the CA's key can make: a certificate of the registration code. */
const proof = async (realm = home, ca = factory) =>
  certificatePem(identity(await authorities.getRegistrationCode(realm)), ca);

const registerDefault = async (realm = home, more: Partial<CaCertificateRegistration> = {}) =>
  await authorities.register(realm, {
    caCertificate: factoryPem,
    verificationCertificate: await proof(realm),
    ...more,
  });

const registerSniOnly = async (realm = home, more: Partial<CaCertificateRegistration> = {}) =>
  await authorities.register(realm, { caCertificate: factoryPem, certificateMode: 'SNI_ONLY', ...more });

const rejected = (name: string) => expect.objectContaining({ name });

describe('the registration code', () => {
  test('is 64 hexadecimal digits, the same until deleted, and each realm its own', async () => {
    const code = await authorities.getRegistrationCode(home);
    expect(code).toMatch(/^[0-9a-f]{64}$/);
    expect(await authorities.getRegistrationCode(home)).toBe(code);
    expect(await authorities.getRegistrationCode(neighbour)).not.toBe(code);
    await authorities.deleteRegistrationCode(home);
    expect(await authorities.getRegistrationCode(home)).not.toBe(code);
  });

  test('asked for by several at once is one', async () => {
    const codes = await Promise.all(Array.from({ length: 5 }, () => authorities.getRegistrationCode(home)));
    expect(new Set(codes).size).toBe(1);
  });

  test('that is not there cannot be deleted', async () => {
    await expect(authorities.deleteRegistrationCode(home)).rejects.toEqual(rejected('ResourceNotFoundException'));
  });
});

describe('registering in DEFAULT mode', () => {
  test('takes a CA whose key signed the registration code', async () => {
    const { certificateId } = await registerDefault();
    expect(await authorities.describe(home, certificateId)).toMatchObject({
      status: 'INACTIVE',
      certificateMode: 'DEFAULT',
      autoRegistrationStatus: 'DISABLE',
      certificatePem: factoryPem,
      creationDate: start,
      customerVersion: 1,
    });
  });

  test('without a verification certificate is InvalidRequestException', async () => {
    await expect(authorities.register(home, { caCertificate: factoryPem })).rejects.toEqual(
      rejected('InvalidRequestException'),
    );
  });

  test('with a verification certificate that another key signed is CertificateValidationException', async () => {
    const verificationCertificate = await proof(home, identity('factory'));
    await expect(registerDefault(home, { verificationCertificate })).rejects.toEqual(
      rejected('CertificateValidationException'),
    );
  });

  test("with another realm's code is RegistrationCodeValidationException", async () => {
    await authorities.getRegistrationCode(home);
    const verificationCertificate = await proof(neighbour);
    await expect(registerDefault(home, { verificationCertificate })).rejects.toEqual(
      rejected('RegistrationCodeValidationException'),
    );
  });

  test('with a code since deleted is RegistrationCodeValidationException', async () => {
    const verificationCertificate = await proof();
    await authorities.deleteRegistrationCode(home);
    await expect(authorities.register(home, { caCertificate: factoryPem, verificationCertificate })).rejects.toEqual(
      rejected('RegistrationCodeValidationException'),
    );
  });

  test('is for one account of a region, and for each region anew', async () => {
    await registerDefault(home);
    await expect(registerDefault(neighbour)).rejects.toEqual(rejected('ResourceAlreadyExistsException'));
    expect((await registerDefault(abroad)).realm).toEqual(abroad);
  });
});

describe('registering in SNI_ONLY mode', () => {
  test('needs no proof, and several accounts may', async () => {
    expect((await registerSniOnly(home)).certificateMode).toBe('SNI_ONLY');
    expect((await registerSniOnly(neighbour)).realm).toEqual(neighbour);
  });

  test('with a verification certificate is InvalidRequestException', async () => {
    const verificationCertificate = await proof();
    await expect(registerSniOnly(home, { verificationCertificate })).rejects.toEqual(
      rejected('InvalidRequestException'),
    );
  });

  test('gives the certificates of the CA its mode', async () => {
    await registerSniOnly(home, { setAsActive: true });
    const lamp = certificatePem(identity('lamp'), factory);
    expect((await new CertificateRegistration(domain).register(home, { certificatePem: lamp })).certificateMode).toBe(
      'SNI_ONLY',
    );
  });
});

describe('registering', () => {
  test('twice is ResourceAlreadyExistsException, which says what exists', async () => {
    const { certificateId } = await registerSniOnly();
    await expect(registerSniOnly()).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      details: {
        resourceId: certificateId,
        resourceArn: `arn:aws:iot:eu-west-1:111111111111:cacert/${certificateId}`,
      },
    });
  });

  test.each([
    ['is not of a CA', () => certificatePem(factory, factory)],
    ['has expired', () => caPem(factory, { notAfter: new Date(start - 1000) })],
    ['is not valid yet', () => caPem(factory, { notBefore: new Date(start + 1000) })],
    ['cannot be read', () => 'certificate'],
  ])('a certificate that %s is CertificateValidationException', async (_, pem) => {
    await expect(registerSniOnly(home, { caCertificate: pem() })).rejects.toEqual(
      rejected('CertificateValidationException'),
    );
  });

  test('an eleventh CA of the same subject is LimitExceededException', async () => {
    for (let count = 0; count < 10; count++) await registerSniOnly(home, { caCertificate: caPem(factory) });
    await expect(registerSniOnly(home, { caCertificate: caPem(factory) })).rejects.toEqual(
      rejected('LimitExceededException'),
    );
    expect((await registerSniOnly(home, { caCertificate: caPem(identity('other')) })).status).toBe('INACTIVE');
  });

  test('keeps how devices are to be registered', async () => {
    const registrationConfig = { templateBody: '{}', roleArn: 'arn:aws:iam::111111111111:role/provision' };
    const { certificateId } = await registerSniOnly(home, {
      setAsActive: true,
      allowAutoRegistration: true,
      registrationConfig,
    });
    expect(await authorities.describe(home, certificateId)).toMatchObject({
      status: 'ACTIVE',
      autoRegistrationStatus: 'ENABLE',
      registrationConfig,
    });
  });

  test('with a tag of AWS is InvalidRequestException', async () => {
    await expect(registerSniOnly(home, { tags: [{ Key: 'aws:x', Value: '1' }] })).rejects.toEqual(
      rejected('InvalidRequestException'),
    );
  });
});

describe('updating', () => {
  const registrationConfig = { templateName: 'lamps' };

  test('changes what is named and keeps the rest', async () => {
    const { certificateId } = await registerSniOnly(home, { allowAutoRegistration: true, registrationConfig });
    domain.clock.advance(1000);
    await authorities.update(home, certificateId, { newStatus: 'ACTIVE' });
    expect(await authorities.describe(home, certificateId)).toMatchObject({
      status: 'ACTIVE',
      autoRegistrationStatus: 'ENABLE',
      registrationConfig,
      lastModifiedDate: start + 1000,
      customerVersion: 2,
    });
  });

  test('removeAutoRegistration takes the configuration and switches it off', async () => {
    const { certificateId } = await registerSniOnly(home, { allowAutoRegistration: true, registrationConfig });
    await authorities.update(home, certificateId, { removeAutoRegistration: true });
    const ca = await authorities.describe(home, certificateId);
    expect([ca.autoRegistrationStatus, ca.registrationConfig]).toEqual(['DISABLE', undefined]);
  });

  test.each([{ newAutoRegistrationStatus: 'ENABLE' as const }, { registrationConfig }])(
    'removing and setting auto registration at once by %j is InvalidRequestException',
    async contradiction => {
      const { certificateId } = await registerSniOnly();
      await expect(
        authorities.update(home, certificateId, { removeAutoRegistration: true, ...contradiction }),
      ).rejects.toEqual(rejected('InvalidRequestException'));
    },
  );

  test('several at once are all done', async () => {
    const { certificateId } = await registerSniOnly();
    await Promise.all([
      authorities.update(home, certificateId, { newStatus: 'ACTIVE' }),
      authorities.update(home, certificateId, { newAutoRegistrationStatus: 'ENABLE' }),
      authorities.update(home, certificateId, { registrationConfig }),
    ]);
    expect(await authorities.describe(home, certificateId)).toMatchObject({
      status: 'ACTIVE',
      autoRegistrationStatus: 'ENABLE',
      registrationConfig,
      customerVersion: 4,
    });
  });

  test('an unknown CA is ResourceNotFoundException', async () => {
    await expect(authorities.update(home, 'f'.repeat(64), { newStatus: 'ACTIVE' })).rejects.toEqual(
      rejected('ResourceNotFoundException'),
    );
  });
});

describe('deleting', () => {
  test('an ACTIVE CA is CertificateStateException, an INACTIVE one is gone', async () => {
    const { certificateId } = await registerSniOnly(home, { setAsActive: true });
    await expect(authorities.delete(home, certificateId)).rejects.toEqual(rejected('CertificateStateException'));
    await authorities.update(home, certificateId, { newStatus: 'INACTIVE' });
    await authorities.delete(home, certificateId);
    await expect(authorities.describe(home, certificateId)).rejects.toEqual(rejected('ResourceNotFoundException'));
  });

  test('leaves the CA free for another account', async () => {
    const { certificateId } = await registerDefault(home);
    await authorities.delete(home, certificateId);
    expect((await registerDefault(neighbour)).realm).toEqual(neighbour);
  });
});

test('CAs are listed by date or by template, page by page', async () => {
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    domain.clock.advance(1);
    const registrationConfig = name === 'b' ? { templateName: 'lamps' } : undefined;
    const ca = await registerSniOnly(home, { caCertificate: caPem(identity(name)), registrationConfig });
    ids.push(ca.certificateId);
  }
  const first = await authorities.list(home, { maxResults: 2, ascendingOrder: true });
  const second = await authorities.list(home, { maxResults: 2, ascendingOrder: true, nextToken: first.nextToken });
  const idsOf = (page: typeof first) => page.items.map(ca => ca.certificateId);
  expect([...idsOf(first), ...idsOf(second)]).toEqual(ids);
  expect(idsOf(await authorities.list(home))).toEqual(ids.toReversed());
  expect(idsOf(await authorities.list(home, { templateName: 'lamps' }))).toEqual([ids[1]]);
  expect(idsOf(await authorities.list(neighbour))).toEqual([]);
});
