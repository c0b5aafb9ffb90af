import {
  AcceptCertificateTransferCommand,
  CancelCertificateTransferCommand,
  CreateCertificateFromCsrCommand,
  CreateKeysAndCertificateCommand,
  DeleteCACertificateCommand,
  DeleteCertificateCommand,
  DeleteRegistrationCodeCommand,
  DescribeCACertificateCommand,
  DescribeCertificateCommand,
  GetRegistrationCodeCommand,
  IoTClient,
  ListCACertificatesCommand,
  ListCertificatesByCACommand,
  ListCertificatesCommand,
  ListOutgoingCertificatesCommand,
  RegisterCACertificateCommand,
  RegisterCertificateCommand,
  RegisterCertificateWithoutCACommand,
  RejectCertificateTransferCommand,
  TransferCertificateCommand,
  UpdateCACertificateCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { CaCertificates, CertificateRegistration, Certificates, CertificateTransfers } from '@thingd/core';
import { caPem, certificatePem, identity, openDomain } from '@thingd/core/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../fixtures/server.ts';
import { caCertificateOperations } from './ca-certificates.ts';
import { certificateTransferOperations } from './certificate-transfers.ts';
import { certificateOperations } from './certificates.ts';

const source = '111111111111';
const target = '222222222222';
/** The test domain's clock stands still here. */
const now = new Date(Date.UTC(2026, 0, 1));
const factory = identity('factory');

let server: TestServer;
let iot: IoTClient;

const clientOf = (accountId: string) =>
  new IoTClient({
    endpoint: server.url,
    region: 'eu-west-1',
    // In dev mode an access key id of twelve digits is the account.
    credentials: { accessKeyId: accountId, secretAccessKey: 'any' },
    maxAttempts: 1,
  });

beforeEach(async () => {
  const domain = await openDomain();
  const root = identity('root');
  const issue = async () => ({
    certificatePem: certificatePem(identity('AWS IoT Certificate'), root),
    keyPair: { publicKey: 'public', privateKey: 'private' },
  });
  const signer = { issueKeysAndCertificate: issue, issueFromCsr: issue };
  const attachments = {
    attached: async () => ({ policies: false, things: false }),
    expectNone: async () => [],
    detachPolicies: async () => [],
  };
  server = await startTestServer(
    {
      iot: {
        ...certificateOperations({
          certificates: new Certificates(domain, signer, attachments),
          certificateRegistration: new CertificateRegistration(domain),
        }),
        ...caCertificateOperations({ caCertificates: new CaCertificates(domain) }),
        ...certificateTransferOperations({ certificateTransfers: new CertificateTransfers(domain, attachments) }),
      },
    },
    { dev: { realm: { accountId: source, region: 'eu-west-1' } } },
  );
  iot = clientOf(source);
});

afterEach(() => server.close());

const created = async (setAsActive = false) => await iot.send(new CreateKeysAndCertificateCommand({ setAsActive }));

const describeAs = async (client: IoTClient, certificateId: string | undefined) =>
  (await client.send(new DescribeCertificateCommand({ certificateId }))).certificateDescription;

describe('a certificate', () => {
  test('is created with its keys, described, updated, listed and deleted', async () => {
    const { certificateId, certificateArn, certificatePem, keyPair } = await created(true);
    expect(certificateArn).toBe(`arn:aws:iot:eu-west-1:${source}:cert/${certificateId}`);
    expect(keyPair).toEqual({ PublicKey: 'public', PrivateKey: 'private' });
    await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
    expect(await describeAs(iot, certificateId)).toEqual({
      certificateArn,
      certificateId,
      certificatePem,
      status: 'INACTIVE',
      ownedBy: source,
      creationDate: now,
      lastModifiedDate: now,
      customerVersion: 2,
      transferData: {},
      generationId: expect.any(String),
      validity: { notBefore: new Date('2025-01-01T00:00:00Z'), notAfter: new Date('2049-12-31T23:59:59Z') },
      certificateMode: 'DEFAULT',
    });
    const { certificates } = await iot.send(new ListCertificatesCommand({}));
    const listed = { certificateArn, certificateId, status: 'INACTIVE', certificateMode: 'DEFAULT', creationDate: now };
    expect(certificates).toEqual([listed]);
    await iot.send(new DeleteCertificateCommand({ certificateId }));
    expect((await iot.send(new ListCertificatesCommand({}))).certificates).toEqual([]);
  });

  test('is created from a signing request', async () => {
    const command = new CreateCertificateFromCsrCommand({ certificateSigningRequest: 'csr', setAsActive: true });
    const { certificateId, certificatePem } = await iot.send(command);
    expect(await describeAs(iot, certificateId)).toMatchObject({ status: 'ACTIVE', certificatePem });
  });

  test('that is ACTIVE is not deleted, and the SDK sees AWS’s error', async () => {
    const { certificateId } = await created(true);
    await expect(iot.send(new DeleteCertificateCommand({ certificateId }))).rejects.toMatchObject({
      name: 'CertificateStateException',
      $metadata: { httpStatusCode: 406 },
    });
  });

  test('registered twice is refused with the one that exists', async () => {
    const certificate = certificatePem(identity('lamp'), factory);
    const command = () => new RegisterCertificateWithoutCACommand({ certificatePem: certificate, status: 'ACTIVE' });
    const { certificateId, certificateArn } = await iot.send(command());
    await expect(iot.send(command())).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      resourceId: certificateId,
      resourceArn: certificateArn,
    });
  });

  test('is listed page by page', async () => {
    for (let count = 0; count < 3; count++) await created();
    const first = await iot.send(new ListCertificatesCommand({ pageSize: 2 }));
    const second = await iot.send(new ListCertificatesCommand({ pageSize: 2, marker: first.nextMarker }));
    const ids = [...first.certificates!, ...second.certificates!].map(({ certificateId }) => certificateId);
    expect([new Set(ids).size, second.nextMarker]).toEqual([3, undefined]);
  });
});

describe('a CA', () => {
  test('is registered by proof of its key, and its certificates with it', async () => {
    const { registrationCode } = await iot.send(new GetRegistrationCodeCommand({}));
    const registrationConfig = { roleArn: `arn:aws:iam::${source}:role/provision`, templateBody: '{}' };
    const { certificateId, certificateArn } = await iot.send(
      new RegisterCACertificateCommand({
        caCertificate: caPem(factory),
        verificationCertificate: certificatePem(identity(registrationCode!), factory),
        setAsActive: true,
        allowAutoRegistration: true,
        registrationConfig,
      }),
    );
    expect(certificateArn).toBe(`arn:aws:iot:eu-west-1:${source}:cacert/${certificateId}`);
    const described = await iot.send(new DescribeCACertificateCommand({ certificateId }));
    expect(described.registrationConfig).toEqual(registrationConfig);
    expect(described.certificateDescription).toMatchObject({
      certificateArn,
      status: 'ACTIVE',
      ownedBy: source,
      autoRegistrationStatus: 'ENABLE',
      certificateMode: 'DEFAULT',
      customerVersion: 1,
      creationDate: now,
    });
    const lamp = certificatePem(identity('lamp'), factory);
    const device = await iot.send(new RegisterCertificateCommand({ certificatePem: lamp, status: 'ACTIVE' }));
    expect((await describeAs(iot, device.certificateId))?.caCertificateId).toBe(certificateId);
    const { certificates } = await iot.send(new ListCertificatesByCACommand({ caCertificateId: certificateId }));
    expect(certificates?.map(listed => listed.certificateId)).toEqual([device.certificateId]);
  });

  test('is listed, updated and deleted, and so is the registration code', async () => {
    const register = new RegisterCACertificateCommand({ caCertificate: caPem(factory), certificateMode: 'SNI_ONLY' });
    const { certificateId, certificateArn } = await iot.send(register);
    await iot.send(new UpdateCACertificateCommand({ certificateId, newStatus: 'ACTIVE' }));
    const { certificates } = await iot.send(new ListCACertificatesCommand({}));
    expect(certificates).toEqual([{ certificateArn, certificateId, status: 'ACTIVE', creationDate: now }]);
    const remove = () => iot.send(new DeleteCACertificateCommand({ certificateId }));
    await expect(remove()).rejects.toMatchObject({ name: 'CertificateStateException' });
    await iot.send(new UpdateCACertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
    await remove();
    await iot.send(new GetRegistrationCodeCommand({}));
    await iot.send(new DeleteRegistrationCodeCommand({}));
    await expect(iot.send(new DeleteRegistrationCodeCommand({}))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('a transfer', () => {
  const offer = async () => {
    const { certificateId } = await created();
    const command = { certificateId, targetAwsAccount: target, transferMessage: 'for you' };
    const { transferredCertificateArn } = await iot.send(new TransferCertificateCommand(command));
    return { certificateId, transferredCertificateArn };
  };

  test('is offered, listed as outgoing and accepted', async () => {
    const { certificateId, transferredCertificateArn } = await offer();
    expect(transferredCertificateArn).toBe(`arn:aws:iot:eu-west-1:${target}:cert/${certificateId}`);
    const { outgoingCertificates } = await iot.send(new ListOutgoingCertificatesCommand({}));
    expect(outgoingCertificates).toEqual([
      {
        certificateArn: `arn:aws:iot:eu-west-1:${source}:cert/${certificateId}`,
        certificateId,
        transferredTo: target,
        transferDate: now,
        transferMessage: 'for you',
        creationDate: now,
      },
    ]);
    const receiver = clientOf(target);
    expect(await describeAs(receiver, certificateId)).toMatchObject({ status: 'PENDING_TRANSFER', ownedBy: source });
    await receiver.send(new AcceptCertificateTransferCommand({ certificateId, setAsActive: true }));
    expect(await describeAs(receiver, certificateId)).toMatchObject({
      status: 'ACTIVE',
      ownedBy: target,
      previousOwnedBy: source,
      transferData: { transferMessage: 'for you', transferDate: now, acceptDate: now },
    });
    await expect(iot.send(new CancelCertificateTransferCommand({ certificateId }))).rejects.toMatchObject({
      name: 'TransferAlreadyCompletedException',
      $metadata: { httpStatusCode: 410 },
    });
  });

  test('is rejected with a reason that the source can read', async () => {
    const { certificateId } = await offer();
    const rejectReason = 'not ours';
    await clientOf(target).send(new RejectCertificateTransferCommand({ certificateId, rejectReason }));
    expect(await describeAs(iot, certificateId)).toMatchObject({
      status: 'INACTIVE',
      transferData: { rejectReason, rejectDate: now },
    });
  });

  test('is cancelled by the source', async () => {
    const { certificateId } = await offer();
    await iot.send(new CancelCertificateTransferCommand({ certificateId }));
    await expect(describeAs(clientOf(target), certificateId)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});
