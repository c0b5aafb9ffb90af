import { beforeEach, describe, expect, test } from 'vitest';
import { caPem, certificatePem, identity } from '../testing/certificates.ts';
import { CaCertificates } from './ca-certificate-service.ts';
import { type CertificateStatus, certificateArn, ownedBy } from './certificate.ts';
import { CertificateRegistration } from './certificate-registration.ts';
import { Certificates } from './certificate-service.ts';
import { CertificateTransfers } from './certificate-transfer-service.ts';
import {
  abroad,
  home,
  neighbour,
  start,
  TestAttachments,
  type TestDomain,
  testDomain,
  testSigner,
} from './domain-fixtures.ts';

let domain: TestDomain;
let attachments: TestAttachments;
let certificates: Certificates;
let transfers: CertificateTransfers;
let certificateId: string;

beforeEach(async () => {
  domain = await testDomain();
  attachments = new TestAttachments();
  certificates = new Certificates(domain, testSigner(), attachments);
  transfers = new CertificateTransfers(domain, attachments);
  certificateId = (await certificates.createWithKeys(home)).certificate.certificateId;
  domain.told.length = 0;
});

const offer = (transferMessage?: string) =>
  transfers.transfer(home, certificateId, { targetAwsAccount: neighbour.accountId, transferMessage });
const rejected = (name: string) => expect.objectContaining({ name });
const at = (realm: typeof home) => certificates.describe(realm, certificateId);
const status = (realm: typeof home, status: string) => ({ kind: 'certificate', realm, certificateId, status });

describe('offering', () => {
  test("answers with the certificate's ARN at its target", async () => {
    expect(await offer()).toBe(`arn:aws:iot:eu-west-1:222222222222:cert/${certificateId}`);
  });

  test('shows on both sides as PENDING_TRANSFER, owned by the source, with the message', async () => {
    await offer('for you');
    for (const realm of [home, neighbour]) {
      const certificate = await at(realm);
      expect(certificate).toMatchObject({
        status: 'PENDING_TRANSFER',
        transfer: { transferMessage: 'for you', transferDate: start },
      });
      expect(ownedBy(certificate)).toBe(home.accountId);
    }
    expect(domain.told).toEqual([status(home, 'PENDING_TRANSFER'), status(neighbour, 'PENDING_TRANSFER')]);
  });

  test('is listed as outgoing by the source, and by the target among its own', async () => {
    await offer();
    const ids = async (page: Promise<{ items: { certificateId: string }[] }>) =>
      (await page).items.map(item => item.certificateId);
    expect(await ids(transfers.listOutgoing(home))).toEqual([certificateId]);
    expect(await ids(transfers.listOutgoing(neighbour))).toEqual([]);
    expect(await ids(certificates.list(neighbour))).toEqual([certificateId]);
  });

  test('does not make it a principal of the target yet', async () => {
    await offer();
    expect(await certificates.exists(neighbour, certificateArn(neighbour, certificateId))).toBe(false);
    expect(await certificates.exists(home, certificateArn(home, certificateId))).toBe(true);
  });

  test.each<CertificateStatus>(['ACTIVE', 'REVOKED'])('one that is %s is CertificateStateException', async other => {
    await certificates.update(home, certificateId, other);
    await expect(offer()).rejects.toEqual(rejected('CertificateStateException'));
  });

  test('one offered already is CertificateStateException', async () => {
    await offer();
    await expect(offer()).rejects.toEqual(rejected('CertificateStateException'));
    await expect(transfers.transfer(neighbour, certificateId, { targetAwsAccount: '333333333333' })).rejects.toEqual(
      rejected('CertificateStateException'),
    );
  });

  test('one with policies or things attached is TransferConflictException', async () => {
    attachments.withPolicies.add(certificateArn(home, certificateId));
    await expect(offer()).rejects.toEqual(rejected('TransferConflictException'));
    attachments.withPolicies.clear();
    attachments.withThings.add(certificateArn(home, certificateId));
    await expect(offer()).rejects.toEqual(rejected('TransferConflictException'));
  });

  test('one the target has registered is TransferConflictException', async () => {
    const { certificatePem } = await at(home);
    await new CertificateRegistration(domain).registerWithoutCa(neighbour, { certificatePem });
    await expect(offer()).rejects.toEqual(rejected('TransferConflictException'));
  });

  test('to oneself is InvalidRequestException', async () => {
    await expect(transfers.transfer(home, certificateId, { targetAwsAccount: home.accountId })).rejects.toEqual(
      rejected('InvalidRequestException'),
    );
  });

  test('an unknown one is ResourceNotFoundException', async () => {
    certificateId = 'f'.repeat(64);
    await expect(offer()).rejects.toEqual(rejected('ResourceNotFoundException'));
  });
});

describe('accepting', () => {
  test.each([
    [false, 'INACTIVE'],
    [true, 'ACTIVE'],
  ])(
    'with setAsActive %s gives the target the certificate as %s and takes it from the source',
    async (setAsActive, then) => {
      await offer('for you');
      domain.told.length = 0;
      domain.clock.advance(1000);
      await transfers.accept(neighbour, certificateId, { setAsActive });
      const accepted = await at(neighbour);
      expect(accepted).toMatchObject({
        status: then,
        previousOwnedBy: home.accountId,
        transfer: { transferMessage: 'for you', acceptDate: start + 1000 },
      });
      expect(ownedBy(accepted)).toBe(neighbour.accountId);
      await expect(at(home)).rejects.toEqual(rejected('ResourceNotFoundException'));
      expect(domain.told).toEqual([status(neighbour, then), status(home, 'DELETED')]);
    },
  );

  test.each([
    ['forgets the CA of the source', [home], false],
    ['keeps its CA where the target has registered it too', [home, neighbour], true],
  ])('%s', async (_title, registeredBy, isKept) => {
    const factory = identity('factory');
    const caCertificate = caPem(factory);
    const authorities = new CaCertificates(domain);
    const ca = { caCertificate, certificateMode: 'SNI_ONLY', setAsActive: true } as const;
    for (const realm of registeredBy) await authorities.register(realm, ca);
    const registered = await new CertificateRegistration(domain).register(home, {
      certificatePem: certificatePem(identity('lamp'), factory),
    });
    certificateId = registered.certificateId;
    const { caCertificateId } = await at(home);
    expect(caCertificateId).toBeDefined();
    await offer();
    await transfers.accept(neighbour, certificateId);
    expect((await at(neighbour)).caCertificateId).toBe(isKept ? caCertificateId : undefined);
    expect((await certificates.listByCa(neighbour, caCertificateId!)).items).toHaveLength(isKept ? 1 : 0);
  });

  test('lets the target offer it onward', async () => {
    await offer();
    await transfers.accept(neighbour, certificateId);
    await transfers.transfer(neighbour, certificateId, { targetAwsAccount: '333333333333' });
    const third = { ...home, accountId: '333333333333' };
    await transfers.accept(third, certificateId);
    expect(await at(third)).toMatchObject({ status: 'INACTIVE', previousOwnedBy: neighbour.accountId });
  });
});

describe('rejecting', () => {
  test('gives it back INACTIVE with the reason, and the target forgets it', async () => {
    await offer();
    domain.clock.advance(1000);
    await transfers.reject(neighbour, certificateId, 'not ours');
    expect(await at(home)).toMatchObject({
      status: 'INACTIVE',
      transfer: { rejectReason: 'not ours', rejectDate: start + 1000 },
    });
    await expect(at(neighbour)).rejects.toEqual(rejected('ResourceNotFoundException'));
  });

  test('leaves it free to be offered again, without the old reason', async () => {
    await offer();
    await transfers.reject(neighbour, certificateId, 'not ours');
    await offer('please');
    const { transfer } = await at(neighbour);
    expect([transfer.transferMessage, transfer.rejectReason]).toEqual(['please', undefined]);
  });
});

describe('cancelling', () => {
  test('gives it back INACTIVE, and the target forgets it', async () => {
    await offer();
    await transfers.cancel(home, certificateId);
    expect((await at(home)).status).toBe('INACTIVE');
    await expect(at(neighbour)).rejects.toEqual(rejected('ResourceNotFoundException'));
    expect((await transfers.listOutgoing(home)).items).toEqual([]);
  });
});

describe('a transfer that is over', () => {
  const over = rejected('TransferAlreadyCompletedException');

  test('by acceptance cannot be cancelled, accepted or rejected', async () => {
    await offer();
    await transfers.accept(neighbour, certificateId);
    await expect(transfers.cancel(home, certificateId)).rejects.toEqual(over);
    await expect(transfers.accept(neighbour, certificateId)).rejects.toEqual(over);
    await expect(transfers.reject(neighbour, certificateId)).rejects.toEqual(over);
  });

  test('by rejection cannot be cancelled, accepted or rejected', async () => {
    await offer();
    await transfers.reject(neighbour, certificateId);
    await expect(transfers.cancel(home, certificateId)).rejects.toEqual(over);
    await expect(transfers.accept(neighbour, certificateId)).rejects.toEqual(over);
    await expect(transfers.reject(neighbour, certificateId)).rejects.toEqual(over);
  });

  test('is ended once, whoever is quicker', async () => {
    await offer();
    const outcomes = await Promise.allSettled([
      transfers.accept(neighbour, certificateId),
      transfers.cancel(home, certificateId),
      transfers.reject(neighbour, certificateId),
    ]);
    expect(outcomes.filter(outcome => outcome.status === 'fulfilled')).toHaveLength(1);
    expect(await certificates.realmsOfCertificate(certificateId)).toHaveLength(1);
  });
});

describe('only its own side may', () => {
  test('the source neither accept nor reject, the target not cancel', async () => {
    await offer();
    const refused = rejected('TransferAlreadyCompletedException');
    await expect(transfers.accept(home, certificateId)).rejects.toEqual(refused);
    await expect(transfers.reject(home, certificateId)).rejects.toEqual(refused);
    await expect(transfers.cancel(neighbour, certificateId)).rejects.toEqual(refused);
  });

  test('a third account, or another region, know nothing of it', async () => {
    await offer();
    const unknown = rejected('ResourceNotFoundException');
    await expect(transfers.accept({ ...home, accountId: '333333333333' }, certificateId)).rejects.toEqual(unknown);
    await expect(transfers.cancel(abroad, certificateId)).rejects.toEqual(unknown);
  });
});
