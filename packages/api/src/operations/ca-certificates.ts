/** Certificate authorities of the users' own, and the code that proves who holds their keys. */
import { type CaCertificate, type CaCertificates, caCertificateArn } from '@thingd/core';
import type { IotHandlers } from './operation.ts';

export interface CaCertificateServices {
  readonly caCertificates: CaCertificates;
}

export const caCertificateOperations = ({ caCertificates }: CaCertificateServices): IotHandlers => ({
  async GetRegistrationCode(_input, { realm }) {
    return { registrationCode: await caCertificates.getRegistrationCode(realm) };
  },

  async DeleteRegistrationCode(_input, { realm }) {
    await caCertificates.deleteRegistrationCode(realm);
  },

  async RegisterCACertificate(input, { realm }) {
    return idsOf(await caCertificates.register(realm, input));
  },

  async DescribeCACertificate({ certificateId }, { realm }) {
    const ca = await caCertificates.describe(realm, certificateId);
    return {
      certificateDescription: {
        ...idsOf(ca),
        status: ca.status,
        certificatePem: ca.certificatePem,
        ownedBy: realm.accountId,
        creationDate: new Date(ca.creationDate),
        autoRegistrationStatus: ca.autoRegistrationStatus,
        lastModifiedDate: new Date(ca.lastModifiedDate),
        customerVersion: ca.customerVersion,
        generationId: ca.generationId,
        validity: { notBefore: new Date(ca.validity.notBefore), notAfter: new Date(ca.validity.notAfter) },
        certificateMode: ca.certificateMode,
      },
      registrationConfig: ca.registrationConfig,
    };
  },

  async ListCACertificates({ marker, pageSize, ascendingOrder, templateName }, { realm }) {
    const page = { nextToken: marker, maxResults: pageSize, ascendingOrder, templateName };
    const { items, nextToken } = await caCertificates.list(realm, page);
    const certificates = items.map(ca => ({
      ...idsOf(ca),
      status: ca.status,
      creationDate: new Date(ca.creationDate),
    }));
    return { certificates, nextMarker: nextToken };
  },

  async UpdateCACertificate({ certificateId, ...update }, { realm }) {
    await caCertificates.update(realm, certificateId, update);
  },

  async DeleteCACertificate({ certificateId }, { realm }) {
    await caCertificates.delete(realm, certificateId);
  },
});

const idsOf = ({ realm, certificateId }: CaCertificate) => ({
  certificateArn: caCertificateArn(realm, certificateId),
  certificateId,
});
