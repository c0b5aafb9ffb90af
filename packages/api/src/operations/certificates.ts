/** Device certificates: made here, or registered from elsewhere. */
import {
  type Certificate,
  type CertificateRegistration,
  type Certificates,
  certificateArn,
  ownedBy,
  type Page,
} from '@thingd/core';
import type { CertificateDescription, TransferData } from '../generated/iot.ts';
import type { IotHandlers } from './operation.ts';

export interface CertificateServices {
  readonly certificates: Certificates;
  readonly certificateRegistration: CertificateRegistration;
}

export const certificateOperations = ({ certificates, certificateRegistration }: CertificateServices): IotHandlers => ({
  async CreateKeysAndCertificate({ setAsActive }, { realm }) {
    const { certificate, keyPair } = await certificates.createWithKeys(realm, { setAsActive });
    return {
      ...idsOf(certificate),
      certificatePem: certificate.certificatePem,
      keyPair: { PublicKey: keyPair.publicKey, PrivateKey: keyPair.privateKey },
    };
  },

  async CreateCertificateFromCsr(input, { realm }) {
    const certificate = await certificates.createFromCsr(realm, input);
    return { ...idsOf(certificate), certificatePem: certificate.certificatePem };
  },

  async RegisterCertificate(input, { realm }) {
    return idsOf(await certificateRegistration.register(realm, input));
  },

  async RegisterCertificateWithoutCA(input, { realm }) {
    return idsOf(await certificateRegistration.registerWithoutCa(realm, input));
  },

  async DescribeCertificate({ certificateId }, { realm }) {
    return { certificateDescription: descriptionOf(await certificates.describe(realm, certificateId)) };
  },

  async ListCertificates({ marker, pageSize, ascendingOrder }, { realm }) {
    const page = { nextToken: marker, maxResults: pageSize, ascendingOrder };
    return listOf(await certificates.list(realm, page));
  },

  async ListCertificatesByCA({ caCertificateId, marker, pageSize, ascendingOrder }, { realm }) {
    const page = { nextToken: marker, maxResults: pageSize, ascendingOrder };
    return listOf(await certificates.listByCa(realm, caCertificateId, page));
  },

  async UpdateCertificate({ certificateId, newStatus }, { realm }) {
    await certificates.update(realm, certificateId, newStatus);
  },

  async DeleteCertificate({ certificateId, forceDelete }, { realm }) {
    await certificates.delete(realm, certificateId, { forceDelete });
  },
});

const idsOf = ({ realm, certificateId }: Certificate) => ({
  certificateArn: certificateArn(realm, certificateId),
  certificateId,
});

const listOf = ({ items, nextToken }: Page<Certificate>) => ({
  certificates: items.map(certificate => ({
    ...idsOf(certificate),
    status: certificate.status,
    certificateMode: certificate.certificateMode,
    creationDate: new Date(certificate.creationDate),
  })),
  nextMarker: nextToken,
});

const descriptionOf = (certificate: Certificate): CertificateDescription => ({
  ...idsOf(certificate),
  caCertificateId: certificate.caCertificateId,
  status: certificate.status,
  certificatePem: certificate.certificatePem,
  ownedBy: ownedBy(certificate),
  previousOwnedBy: certificate.previousOwnedBy,
  creationDate: new Date(certificate.creationDate),
  lastModifiedDate: new Date(certificate.lastModifiedDate),
  customerVersion: certificate.customerVersion,
  transferData: transferDataOf(certificate),
  generationId: certificate.generationId,
  validity: {
    notBefore: new Date(certificate.validity.notBefore),
    notAfter: new Date(certificate.validity.notAfter),
  },
  certificateMode: certificate.certificateMode,
});

const transferDataOf = ({ transfer }: Certificate): TransferData => ({
  transferMessage: transfer.transferMessage,
  rejectReason: transfer.rejectReason,
  transferDate: dateOf(transfer.transferDate),
  acceptDate: dateOf(transfer.acceptDate),
  rejectDate: dateOf(transfer.rejectDate),
});

const dateOf = (time: number | undefined): Date | undefined => (time === undefined ? undefined : new Date(time));
