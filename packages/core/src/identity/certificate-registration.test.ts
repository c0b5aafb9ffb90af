import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  type CertificateShape,
  caPem,
  certificateDer,
  certificatePem,
  identity,
  toPem,
} from '../testing/certificates.ts';
import { CaCertificates } from './ca-certificate-service.ts';
import type { CertificateStatus } from './certificate.ts';
import { CertificateRegistration } from './certificate-registration.ts';
import { Certificates } from './certificate-service.ts';
import { home, neighbour, start, TestAttachments, type TestDomain, testDomain, testSigner } from './domain-fixtures.ts';

const factory = identity('factory');
const lamp = identity('lamp');
const lampPem = certificatePem(lamp, factory);
const lampDer = certificateDer(lamp, factory);

let domain: TestDomain;
let registration: CertificateRegistration;
let authorities: CaCertificates;
let certificates: Certificates;

beforeEach(async () => {
  domain = await testDomain();
  registration = new CertificateRegistration(domain);
  authorities = new CaCertificates(domain);
  certificates = new Certificates(domain, testSigner(), new TestAttachments());
});

/** A CA in SNI_ONLY mode, which asks for no proof. */
const registerCa = async (
  ca = factory,
  options: { setAsActive?: boolean; allowAutoRegistration?: boolean } = {},
  realm = home,
  pem = caPem(ca),
) =>
  (
    await authorities.register(realm, {
      caCertificate: pem,
      certificateMode: 'SNI_ONLY',
      setAsActive: true,
      ...options,
    })
  ).certificateId;

const rejected = (name: string) => expect.objectContaining({ name });

describe('registering with a CA', () => {
  test('takes over the mode of the CA, and names it', async () => {
    const caCertificateId = await registerCa();
    const { certificateId } = await registration.register(home, { certificatePem: lampPem });
    expect(await certificates.describe(home, certificateId)).toMatchObject({
      status: 'INACTIVE',
      certificateMode: 'SNI_ONLY',
      caCertificateId,
      certificatePem: lampPem,
    });
  });

  test('finds it among the certificates of its CA, and not of another', async () => {
    const [caCertificateId, other] = [await registerCa(), await registerCa(identity('other'))];
    const { certificateId } = await registration.register(home, { certificatePem: lampPem });
    const listed = async (ca: string) => (await certificates.listByCa(home, ca)).items.map(item => item.certificateId);
    expect([await listed(caCertificateId), await listed(other)]).toEqual([[certificateId], []]);
  });

  test('of no registered CA is CertificateValidationException', async () => {
    await registerCa(identity('other'));
    await expect(registration.register(home, { certificatePem: lampPem })).rejects.toEqual(
      rejected('CertificateValidationException'),
    );
  });

  test("of another realm's CA is CertificateValidationException", async () => {
    await registerCa(factory, {}, neighbour);
    await expect(registration.register(home, { certificatePem: lampPem })).rejects.toEqual(
      rejected('CertificateValidationException'),
    );
  });

  test('of a CA of the same name but another key is CertificateValidationException', async () => {
    await registerCa(identity('factory'));
    await expect(registration.register(home, { certificatePem: lampPem })).rejects.toEqual(
      rejected('CertificateValidationException'),
    );
  });

  test('of an INACTIVE CA is CertificateStateException', async () => {
    await registerCa(factory, { setAsActive: false });
    await expect(registration.register(home, { certificatePem: lampPem })).rejects.toEqual(
      rejected('CertificateStateException'),
    );
  });

  describe('where two CAs of the same name and key are registered', () => {
    const one = caPem(factory);
    const two = caPem(factory);

    test('is CertificateConflictException until the caller names one', async () => {
      await registerCa(factory, {}, home, one);
      const second = await registerCa(factory, {}, home, two);
      await expect(registration.register(home, { certificatePem: lampPem })).rejects.toEqual(
        rejected('CertificateConflictException'),
      );
      const named = await registration.register(home, { certificatePem: lampPem, caCertificatePem: two });
      expect(named.caCertificateId).toBe(second);
    });

    test('naming a CA that is not registered, or has not signed, is CertificateValidationException', async () => {
      await registerCa(factory, {}, home, one);
      const stranger = identity('stranger');
      await registerCa(stranger);
      for (const caCertificatePem of [two, caPem(stranger)])
        await expect(registration.register(home, { certificatePem: lampPem, caCertificatePem })).rejects.toEqual(
          rejected('CertificateValidationException'),
        );
    });
  });

  test('again is ResourceAlreadyExistsException, which says what exists', async () => {
    await registerCa();
    const { certificateId } = await registration.register(home, { certificatePem: lampPem });
    await expect(registration.register(home, { certificatePem: lampPem })).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      details: {
        resourceId: certificateId,
        resourceArn: `arn:aws:iot:eu-west-1:111111111111:cert/${certificateId}`,
      },
    });
  });

  test('again is ResourceAlreadyExistsException also where no CA of it is registered', async () => {
    await registration.registerWithoutCa(home, { certificatePem: lampPem });
    await expect(registration.register(home, { certificatePem: lampPem })).rejects.toEqual(
      rejected('ResourceAlreadyExistsException'),
    );
  });

  test('by several callers at once succeeds for one', async () => {
    await registerCa();
    const attempts = Array.from({ length: 5 }, () => registration.register(home, { certificatePem: lampPem }));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(outcome => outcome.status === 'fulfilled')).toHaveLength(1);
  });
});

describe('the status registered with', () => {
  test.each([
    [{}, 'INACTIVE'],
    [{ setAsActive: true }, 'ACTIVE'],
    [{ setAsActive: false }, 'INACTIVE'],
    [{ status: 'ACTIVE' }, 'ACTIVE'],
    [{ status: 'INACTIVE' }, 'INACTIVE'],
    [{ status: 'REVOKED' }, 'REVOKED'],
    [{ status: 'ACTIVE', setAsActive: true }, 'ACTIVE'],
  ] as const)('asked for by %j is %s', async (request, status) => {
    await registerCa();
    expect((await registration.register(home, { certificatePem: lampPem, ...request })).status).toBe(status);
  });

  test.each<CertificateStatus>(['PENDING_ACTIVATION', 'PENDING_TRANSFER', 'REGISTER_INACTIVE'])(
    '%s is CertificateStateException',
    async status => {
      await registerCa();
      const refused = rejected('CertificateStateException');
      await expect(registration.register(home, { certificatePem: lampPem, status })).rejects.toEqual(refused);
      await expect(registration.registerWithoutCa(home, { certificatePem: lampPem, status })).rejects.toEqual(refused);
    },
  );

  test('that contradicts setAsActive is InvalidRequestException', async () => {
    await registerCa();
    const request = { certificatePem: lampPem, setAsActive: true, status: 'INACTIVE' } as const;
    await expect(registration.register(home, request)).rejects.toEqual(rejected('InvalidRequestException'));
  });
});

describe('registering without a CA', () => {
  test('is in SNI_ONLY mode, and told', async () => {
    const { certificateId } = await registration.registerWithoutCa(home, { certificatePem: lampPem, status: 'ACTIVE' });
    const described = await certificates.describe(home, certificateId);
    expect(described).toMatchObject({ certificateMode: 'SNI_ONLY', status: 'ACTIVE' });
    expect(described.caCertificateId).toBeUndefined();
    expect(domain.told).toEqual([{ kind: 'certificate', realm: home, certificateId, status: 'ACTIVE' }]);
  });

  test('again in the same realm is ResourceAlreadyExistsException, in another it is not', async () => {
    await registration.registerWithoutCa(home, { certificatePem: lampPem });
    await expect(registration.registerWithoutCa(home, { certificatePem: lampPem })).rejects.toEqual(
      rejected('ResourceAlreadyExistsException'),
    );
    expect((await registration.registerWithoutCa(neighbour, { certificatePem: lampPem })).realm).toEqual(neighbour);
  });
});

describe('a certificate is CertificateValidationException', () => {
  const rsa = (bits: number) => identity('lamp', generateKeyPairSync('rsa', { modulusLength: bits }));
  const curve = (namedCurve: string) => identity('lamp', generateKeyPairSync('ec', { namedCurve }));
  const signed = (subject = lamp, shape: CertificateShape = {}) => certificatePem(subject, factory, shape);
  test.each([
    ['of no PEM', () => 'certificate'],
    ['of PEM around nothing', () => '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
    ['of PEM around other bytes', () => '-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n'],
    ['that has expired', () => signed(lamp, { notAfter: new Date(start - 1000) })],
    ['that is not valid yet', () => signed(lamp, { notBefore: new Date(start + 1000) })],
    ['with an RSA key of 1024 bits', () => signed(rsa(1024))],
    ['with a key of curve secp256k1', () => signed(curve('secp256k1'))],
    ['signed over SHA-1', () => signed(lamp, { hash: 'sha1' })],
  ])('%s', async (_, pem) => {
    await registerCa();
    const refused = rejected('CertificateValidationException');
    await expect(registration.register(home, { certificatePem: pem() })).rejects.toEqual(refused);
    await expect(registration.registerWithoutCa(home, { certificatePem: pem() })).rejects.toEqual(refused);
  });

  test.each([
    ['RSA of 2048 bits', () => rsa(2048)],
    ['P-384', () => curve('secp384r1')],
    ['P-521', () => curve('secp521r1')],
  ])('but not with a key of %s', async (_, key) => {
    await registerCa();
    expect((await registration.register(home, { certificatePem: signed(key()) })).status).toBe('INACTIVE');
  });

  test('but not for text around the PEM, which is not kept', async () => {
    const { certificatePem } = await registration.registerWithoutCa(home, {
      certificatePem: `lamp 1\n${lampPem}\nend`,
    });
    expect(certificatePem).toBe(lampPem);
  });
});

describe('just-in-time registration', () => {
  const event = (caCertificateId: string, certificateId: string, timestamp: number) => ({
    topic: `$aws/events/certificates/registered/${caCertificateId}`,
    payload: {
      certificateId,
      caCertificateId,
      timestamp,
      certificateStatus: 'PENDING_ACTIVATION',
      awsAccountId: '111111111111',
      certificateRegistrationTimestamp: null,
    },
  });

  test('registers an unknown certificate as PENDING_ACTIVATION and says what to publish', async () => {
    const caCertificateId = await registerCa(factory, { allowAutoRegistration: true });
    const told = await registration.registerOnConnect(home, lampDer);
    const [registered] = (await certificates.list(home)).items;
    expect(registered).toMatchObject({ status: 'PENDING_ACTIVATION', caCertificateId, certificatePem: toPem(lampDer) });
    expect(told).toEqual(event(caCertificateId, registered!.certificateId, start));
  });

  test('says it again on each later attempt, until the certificate is activated', async () => {
    const caCertificateId = await registerCa(factory, { allowAutoRegistration: true });
    await registration.registerOnConnect(home, lampDer);
    domain.clock.advance(60_000);
    const [registered] = (await certificates.list(home)).items;
    const again = await registration.registerOnConnect(home, lampDer);
    expect(again).toEqual(event(caCertificateId, registered!.certificateId, start + 60_000));
    await certificates.update(home, registered!.certificateId, 'ACTIVE');
    expect(await registration.registerOnConnect(home, lampDer)).toBeUndefined();
  });

  test.each([
    ['registers automatically, but is INACTIVE', { setAsActive: false, allowAutoRegistration: true }],
    ['is ACTIVE, but does not register automatically', { setAsActive: true, allowAutoRegistration: false }],
  ])('does nothing where the CA %s', async (_, options) => {
    await registerCa(factory, options);
    expect(await registration.registerOnConnect(home, lampDer)).toBeUndefined();
    expect(await registration.autoRegistrationRealms(lampDer)).toEqual([]);
    expect((await certificates.list(home)).items).toEqual([]);
  });

  test('does nothing for a certificate of a stranger with the name of the CA', async () => {
    await registerCa(factory, { allowAutoRegistration: true });
    const forged = certificateDer(lamp, identity('factory'));
    expect(await registration.registerOnConnect(home, forged)).toBeUndefined();
    expect(await registration.autoRegistrationRealms(forged)).toEqual([]);
  });

  test('refuses a certificate that has expired', async () => {
    await registerCa(factory, { allowAutoRegistration: true });
    const expired = certificateDer(lamp, factory, { notAfter: new Date(start - 1000) });
    await expect(registration.registerOnConnect(home, expired)).rejects.toEqual(
      rejected('CertificateValidationException'),
    );
  });

  test('knows the realms that would register a certificate', async () => {
    await registerCa(factory, { allowAutoRegistration: true });
    await registerCa(factory, { allowAutoRegistration: true }, home, caPem(factory));
    await registerCa(factory, { allowAutoRegistration: true }, neighbour);
    expect(await registration.autoRegistrationRealms(lampDer)).toEqual([home, neighbour]);
  });

  test('by several connections at once registers once', async () => {
    await registerCa(factory, { allowAutoRegistration: true });
    await Promise.all(Array.from({ length: 5 }, () => registration.registerOnConnect(home, lampDer)));
    expect((await certificates.list(home)).items).toHaveLength(1);
    expect(domain.told).toHaveLength(1);
  });
});
