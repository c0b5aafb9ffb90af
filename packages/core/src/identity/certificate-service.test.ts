import { beforeEach, describe, expect, test } from 'vitest';
import { certificateDer, identity, toPem } from '../testing/certificates.ts';
import { type CertificateStatus, certificateArn } from './certificate.ts';
import { CertificateRegistration } from './certificate-registration.ts';
import { Certificates } from './certificate-service.ts';
import { findCertificate, replaceCertificate } from './certificate-store.ts';
import { home, neighbour, start, TestAttachments, type TestDomain, testDomain, testSigner } from './domain-fixtures.ts';
import { certificateIdOfDer } from './x509.ts';

let domain: TestDomain;
let attachments: TestAttachments;
let certificates: Certificates;

beforeEach(async () => {
  domain = await testDomain();
  attachments = new TestAttachments();
  certificates = new Certificates(domain, testSigner(), attachments);
});

const created = async (setAsActive = false) =>
  (await certificates.createWithKeys(home, { setAsActive })).certificate.certificateId;

/** Puts a certificate into a status that no call sets. */
async function force(certificateId: string, status: CertificateStatus): Promise<void> {
  const current = (await findCertificate(domain.store, home, certificateId))!;
  await domain.store.commit([
    replaceCertificate(domain.store, current, { ...current, status, customerVersion: current.customerVersion + 1 }),
  ]);
}

const statusOf = async (certificateId: string) => (await certificates.describe(home, certificateId)).status;

describe('creating', () => {
  test('gives an INACTIVE certificate with its keys, ACTIVE where asked', async () => {
    const { certificate, keyPair } = await certificates.createWithKeys(home);
    expect(certificate).toMatchObject({ realm: home, status: 'INACTIVE', certificateMode: 'DEFAULT' });
    expect(keyPair.privateKey).toContain('PRIVATE KEY');
    expect(await statusOf(await created(true))).toBe('ACTIVE');
  });

  test('from a signing request gives a certificate in the status asked for', async () => {
    const request = { certificateSigningRequest: 'csr', setAsActive: true };
    expect((await certificates.createFromCsr(home, request)).status).toBe('ACTIVE');
  });

  test('keeps what the certificate says of itself', async () => {
    const { certificate } = await certificates.createWithKeys(home);
    expect(await certificates.describe(home, certificate.certificateId)).toEqual({
      ...certificate,
      validity: { notBefore: Date.parse('2025-01-01T00:00:00Z'), notAfter: Date.parse('2049-12-31T23:59:59Z') },
      creationDate: start,
      lastModifiedDate: start,
      customerVersion: 1,
      transfer: {},
    });
  });

  test('is told, with the status', async () => {
    const certificateId = await created(true);
    expect(domain.told).toEqual([{ kind: 'certificate', realm: home, certificateId, status: 'ACTIVE' }]);
  });
});

test('the certificate id is the SHA-256 of the DER', async () => {
  const lamp = identity('lamp');
  const der = certificateDer(lamp, lamp);
  const registered = await new CertificateRegistration(domain).registerWithoutCa(home, { certificatePem: toPem(der) });
  expect(registered.certificateId).toBe(certificateIdOfDer(der));
});

describe('describing', () => {
  test('an unknown certificate is ResourceNotFoundException', async () => {
    await expect(certificates.describe(home, 'f'.repeat(64))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test("another realm's certificate is ResourceNotFoundException", async () => {
    const certificateId = await created();
    await expect(certificates.describe(neighbour, certificateId)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('takes the id in capitals too', async () => {
    const certificateId = await created();
    expect((await certificates.describe(home, certificateId.toUpperCase())).certificateId).toBe(certificateId);
  });
});

describe('updating the status', () => {
  const allowed: [CertificateStatus, CertificateStatus][] = [
    ['INACTIVE', 'ACTIVE'],
    ['ACTIVE', 'INACTIVE'],
    ['ACTIVE', 'REVOKED'],
    ['INACTIVE', 'REVOKED'],
    ['PENDING_ACTIVATION', 'ACTIVE'],
    ['PENDING_ACTIVATION', 'INACTIVE'],
    ['PENDING_ACTIVATION', 'REVOKED'],
    ['REVOKED', 'REVOKED'],
    ['ACTIVE', 'ACTIVE'],
  ];
  test.each(allowed)('from %s to %s is done', async (from, to) => {
    const certificateId = await created();
    await force(certificateId, from);
    await certificates.update(home, certificateId, to);
    expect(await statusOf(certificateId)).toBe(to);
  });

  const refused: [CertificateStatus, CertificateStatus][] = [
    ['REVOKED', 'ACTIVE'],
    ['REVOKED', 'INACTIVE'],
    ['PENDING_TRANSFER', 'ACTIVE'],
    ['PENDING_TRANSFER', 'INACTIVE'],
    ['PENDING_TRANSFER', 'REVOKED'],
    ['INACTIVE', 'PENDING_TRANSFER'],
    ['INACTIVE', 'PENDING_ACTIVATION'],
    ['INACTIVE', 'REGISTER_INACTIVE'],
  ];
  test.each(refused)('from %s to %s is CertificateStateException', async (from, to) => {
    const certificateId = await created();
    await force(certificateId, from);
    await expect(certificates.update(home, certificateId, to)).rejects.toMatchObject({
      name: 'CertificateStateException',
      status: 406,
    });
    expect(await statusOf(certificateId)).toBe(from);
  });

  test('counts the version, keeps the time, and is told', async () => {
    const certificateId = await created(true);
    domain.clock.advance(1000);
    await certificates.update(home, certificateId, 'INACTIVE');
    expect(await certificates.describe(home, certificateId)).toMatchObject({
      customerVersion: 2,
      creationDate: start,
      lastModifiedDate: start + 1000,
    });
    expect(domain.told.at(-1)).toEqual({ kind: 'certificate', realm: home, certificateId, status: 'INACTIVE' });
  });

  test('to what it is already changes nothing and tells nobody', async () => {
    const certificateId = await created(true);
    await certificates.update(home, certificateId, 'ACTIVE');
    expect((await certificates.describe(home, certificateId)).customerVersion).toBe(1);
    expect(domain.told).toHaveLength(1);
  });

  test('racing with a revocation never undoes it', async () => {
    const certificateId = await created();
    await Promise.allSettled([
      certificates.update(home, certificateId, 'ACTIVE'),
      certificates.update(home, certificateId, 'REVOKED'),
      certificates.update(home, certificateId, 'ACTIVE'),
    ]);
    expect(await statusOf(certificateId)).toBe('REVOKED');
  });
});

describe('deleting', () => {
  const principalOf = (certificateId: string) => certificateArn(home, certificateId);

  test.each<CertificateStatus>(['INACTIVE', 'REVOKED', 'PENDING_ACTIVATION'])(
    'one that is %s is done and told',
    async status => {
      const certificateId = await created();
      await force(certificateId, status);
      await certificates.delete(home, certificateId);
      await expect(certificates.describe(home, certificateId)).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
      expect(domain.told.at(-1)).toEqual({ kind: 'certificate', realm: home, certificateId, status: 'DELETED' });
    },
  );

  test.each<CertificateStatus>(['ACTIVE', 'PENDING_TRANSFER'])(
    'one that is %s is CertificateStateException',
    async status => {
      const certificateId = await created();
      await force(certificateId, status);
      for (const forceDelete of [false, true])
        await expect(certificates.delete(home, certificateId, { forceDelete })).rejects.toMatchObject({
          name: 'CertificateStateException',
        });
    },
  );

  test('one with policies is DeleteConflictException', async () => {
    const certificateId = await created();
    attachments.withPolicies.add(principalOf(certificateId));
    await expect(certificates.delete(home, certificateId)).rejects.toMatchObject({ name: 'DeleteConflictException' });
  });

  test('one with policies by force takes them off', async () => {
    const certificateId = await created();
    attachments.withPolicies.add(principalOf(certificateId));
    await certificates.delete(home, certificateId, { forceDelete: true });
    expect(attachments.detached).toEqual([principalOf(certificateId)]);
  });

  test('one attached to a thing is DeleteConflictException, even by force', async () => {
    const certificateId = await created();
    attachments.withThings.add(principalOf(certificateId));
    for (const forceDelete of [false, true])
      await expect(certificates.delete(home, certificateId, { forceDelete })).rejects.toMatchObject({
        name: 'DeleteConflictException',
      });
  });

  test('an unknown one is ResourceNotFoundException', async () => {
    await expect(certificates.delete(home, 'f'.repeat(64))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('listing', () => {
  test('shows the newest first, or the oldest where asked, 25 to a page', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 27; index++) {
      domain.clock.advance(index % 3 === 0 ? 0 : 1); // some share their time
      ids.push(await created());
    }
    const pages = async (ascendingOrder: boolean) => {
      const first = await certificates.list(home, { ascendingOrder });
      const second = await certificates.list(home, { ascendingOrder, nextToken: first.nextToken });
      expect([first.items.length, second.items.length, second.nextToken]).toEqual([25, 2, undefined]);
      return [...first.items, ...second.items].map(certificate => certificate.certificateId);
    };
    const ascending = await pages(true);
    expect([...ascending].sort()).toEqual([...ids].sort());
    expect(ascending.at(-1)).toBe(ids.at(-1));
    expect(await pages(false)).toEqual(ascending.toReversed());
  });

  test('a marker that was not given out is InvalidRequestException', async () => {
    await expect(certificates.list(home, { nextToken: 'abcd' })).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  test("shows one's own certificates alone", async () => {
    await created();
    expect((await certificates.list(neighbour)).items).toEqual([]);
  });
});

describe('as principals', () => {
  test('the registered certificates of the realm exist, by their ARN', async () => {
    const certificateId = await created();
    expect(await certificates.exists(home, certificateArn(home, certificateId))).toBe(true);
    expect(await certificates.exists(home, certificateArn(home, 'f'.repeat(64)))).toBe(false);
    expect(await certificates.exists(neighbour, certificateArn(home, certificateId))).toBe(false);
    expect(await certificates.exists(home, certificateId)).toBe(false);
  });

  test('one registered in several realms is known with each, and its status there', async () => {
    const lamp = identity('lamp');
    const certificatePem = toPem(certificateDer(lamp, lamp));
    const registration = new CertificateRegistration(domain);
    const { certificateId } = await registration.registerWithoutCa(home, { certificatePem, status: 'ACTIVE' });
    await registration.registerWithoutCa(neighbour, { certificatePem });
    const known = await certificates.realmsOfCertificate(certificateId);
    expect(known.map(({ realm, status }) => [realm, status])).toEqual([
      [home, 'ACTIVE'],
      [neighbour, 'INACTIVE'],
    ]);
  });
});
