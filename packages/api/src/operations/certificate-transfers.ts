/** Certificates on their way from one account to another. */
import { type CertificateTransfers, certificateArn } from '@thingd/core';
import type { IotHandlers } from './operation.ts';

export interface CertificateTransferServices {
  readonly certificateTransfers: CertificateTransfers;
}

export const certificateTransferOperations = ({ certificateTransfers }: CertificateTransferServices): IotHandlers => ({
  async TransferCertificate({ certificateId, ...request }, { realm }) {
    return { transferredCertificateArn: await certificateTransfers.transfer(realm, certificateId, request) };
  },

  async AcceptCertificateTransfer({ certificateId, setAsActive }, { realm }) {
    await certificateTransfers.accept(realm, certificateId, { setAsActive });
  },

  async RejectCertificateTransfer({ certificateId, rejectReason }, { realm }) {
    await certificateTransfers.reject(realm, certificateId, rejectReason);
  },

  async CancelCertificateTransfer({ certificateId }, { realm }) {
    await certificateTransfers.cancel(realm, certificateId);
  },

  async ListOutgoingCertificates({ marker, pageSize, ascendingOrder }, { realm }) {
    const page = { nextToken: marker, maxResults: pageSize, ascendingOrder };
    const { items, nextToken } = await certificateTransfers.listOutgoing(realm, page);
    const outgoingCertificates = items.map(({ certificateId, transfer, creationDate }) => ({
      certificateArn: certificateArn(realm, certificateId),
      certificateId,
      transferredTo: transfer.transferredTo,
      transferDate: transfer.transferDate === undefined ? undefined : new Date(transfer.transferDate),
      transferMessage: transfer.transferMessage,
      creationDate: new Date(creationDate),
    }));
    return { outgoingCertificates, nextMarker: nextToken };
  },
});
