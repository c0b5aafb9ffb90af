/** The table of device certificates. A row belongs to one realm; one certificate may have rows in several. */
import type { Selectable } from 'kysely';
import { type Realm, realmKey, realmOfKey } from '../realm.ts';
import type { Migration } from '../store/migrations.ts';
import type { Page } from '../store/pagination.ts';
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { Certificate, CertificateMode, CertificateStatus } from './certificate.ts';
import { type CreationPageRequest, pageByCreation } from './creation-order.ts';

interface CertificateRow {
  realm: string;
  certificate_id: string;
  status: CertificateStatus;
  mode: CertificateMode;
  pem: string;
  ca_certificate_id: string | null;
  previous_owned_by: string | null;
  not_before: number;
  not_after: number;
  created_at: number;
  modified_at: number;
  customer_version: number;
  generation_id: string;
  transferred_from: string | null;
  transferred_to: string | null;
  transfer_message: string | null;
  transferred_at: number | null;
  accepted_at: number | null;
  rejected_at: number | null;
  reject_reason: string | null;
}

interface CertificateTables {
  certificate: CertificateRow;
}

export const certificateMigration: Migration = {
  name: 'identity: certificates',
  statements: schema => [
    schema
      .createTable('certificate')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('certificate_id', 'text', column => column.notNull())
      .addColumn('status', 'text', column => column.notNull())
      .addColumn('mode', 'text', column => column.notNull())
      .addColumn('pem', 'text', column => column.notNull())
      .addColumn('ca_certificate_id', 'text')
      .addColumn('previous_owned_by', 'text')
      .addColumn('not_before', 'bigint', column => column.notNull())
      .addColumn('not_after', 'bigint', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('modified_at', 'bigint', column => column.notNull())
      .addColumn('customer_version', 'bigint', column => column.notNull())
      .addColumn('generation_id', 'text', column => column.notNull())
      .addColumn('transferred_from', 'text')
      .addColumn('transferred_to', 'text')
      .addColumn('transfer_message', 'text')
      .addColumn('transferred_at', 'bigint')
      .addColumn('accepted_at', 'bigint')
      .addColumn('rejected_at', 'bigint')
      .addColumn('reject_reason', 'text')
      .addPrimaryKeyConstraint('certificate_key', ['realm', 'certificate_id']),
    schema.createIndex('certificate_by_id').on('certificate').columns(['certificate_id']),
    schema.createIndex('certificate_by_creation').on('certificate').columns(['realm', 'created_at', 'certificate_id']),
    schema
      .createIndex('certificate_by_ca')
      .on('certificate')
      .columns(['realm', 'ca_certificate_id', 'created_at', 'certificate_id']),
  ],
};

const tables = (store: Store) => queryBuilder<CertificateTables>(store);

const optional = <K extends string, V>(key: K, value: V | null): Partial<Record<K, V>> =>
  value === null ? {} : ({ [key]: value } as Record<K, V>);

function toCertificate(row: Selectable<CertificateRow>): Certificate {
  return {
    realm: realmOfKey(row.realm),
    certificateId: row.certificate_id,
    status: row.status,
    certificateMode: row.mode,
    certificatePem: row.pem,
    ...optional('caCertificateId', row.ca_certificate_id),
    ...optional('previousOwnedBy', row.previous_owned_by),
    validity: { notBefore: row.not_before, notAfter: row.not_after },
    creationDate: row.created_at,
    lastModifiedDate: row.modified_at,
    customerVersion: row.customer_version,
    generationId: row.generation_id,
    transfer: {
      ...optional('transferredFrom', row.transferred_from),
      ...optional('transferredTo', row.transferred_to),
      ...optional('transferMessage', row.transfer_message),
      ...optional('transferDate', row.transferred_at),
      ...optional('acceptDate', row.accepted_at),
      ...optional('rejectDate', row.rejected_at),
      ...optional('rejectReason', row.reject_reason),
    },
  };
}

function toRow(certificate: Certificate): CertificateRow {
  const { transfer, validity } = certificate;
  return {
    realm: realmKey(certificate.realm),
    certificate_id: certificate.certificateId,
    status: certificate.status,
    mode: certificate.certificateMode,
    pem: certificate.certificatePem,
    ca_certificate_id: certificate.caCertificateId ?? null,
    previous_owned_by: certificate.previousOwnedBy ?? null,
    not_before: validity.notBefore,
    not_after: validity.notAfter,
    created_at: certificate.creationDate,
    modified_at: certificate.lastModifiedDate,
    customer_version: certificate.customerVersion,
    generation_id: certificate.generationId,
    transferred_from: transfer.transferredFrom ?? null,
    transferred_to: transfer.transferredTo ?? null,
    transfer_message: transfer.transferMessage ?? null,
    transferred_at: transfer.transferDate ?? null,
    accepted_at: transfer.acceptDate ?? null,
    rejected_at: transfer.rejectDate ?? null,
    reject_reason: transfer.rejectReason ?? null,
  };
}

export async function findCertificate(
  store: Store,
  realm: Realm,
  certificateId: string,
): Promise<Certificate | undefined> {
  const query = tables(store)
    .selectFrom('certificate')
    .selectAll()
    .where('realm', '=', realmKey(realm))
    .where('certificate_id', '=', certificateId);
  const row = await readFirst(store, query);
  return row && toCertificate(row);
}

/** The certificate in every realm that knows it. */
export async function findCertificateInRealms(store: Store, certificateId: string): Promise<Certificate[]> {
  const query = tables(store).selectFrom('certificate').selectAll().where('certificate_id', '=', certificateId);
  return (await readAll(store, query.orderBy('realm'))).map(toCertificate);
}

/** Fails with `DuplicateKey` where the realm has it already. */
export const insertCertificate = (store: Store, certificate: Certificate): Write =>
  write(tables(store).insertInto('certificate').values(toRow(certificate)));

/** Puts `next` in place of `current`, as long as no one else changed it since. */
export function replaceCertificate(store: Store, current: Certificate, next: Certificate): Write {
  const { realm, certificate_id, ...changed } = toRow(next);
  const update = tables(store)
    .updateTable('certificate')
    .set(changed)
    .where('realm', '=', realm)
    .where('certificate_id', '=', certificate_id)
    .where('customer_version', '=', current.customerVersion);
  return write(update, 1);
}

/** Changes nothing; stale if the certificate has gone or is being transferred: what refers to it is committed together with this. */
export function claimCertificate(store: Store, { realm, certificateId }: Certificate): Write {
  const claim = tables(store)
    .updateTable('certificate')
    .set({ certificate_id: certificateId })
    .where('realm', '=', realmKey(realm))
    .where('certificate_id', '=', certificateId)
    .where('status', '<>', 'PENDING_TRANSFER');
  return write(claim, 1);
}

/** Removes the certificate, as long as no one else changed it since. */
export function deleteCertificate(store: Store, { realm, certificateId, customerVersion }: Certificate): Write {
  const removal = tables(store)
    .deleteFrom('certificate')
    .where('realm', '=', realmKey(realm))
    .where('certificate_id', '=', certificateId)
    .where('customer_version', '=', customerVersion);
  return write(removal, 1);
}

export interface CertificateFilter {
  readonly caCertificateId?: string;
  /** Only those offered by this realm to another account and not accepted yet. */
  readonly outgoing?: boolean;
}

export function listCertificates(
  store: Store,
  realm: Realm,
  request: CreationPageRequest,
  filter: CertificateFilter = {},
): Promise<Page<Certificate>> {
  return pageByCreation('certificate', request, async ({ beyond, direction, limit }) => {
    let query = tables(store)
      .selectFrom('certificate')
      .selectAll()
      .where('realm', '=', realmKey(realm))
      .where(beyond)
      .orderBy('created_at', direction)
      .orderBy('certificate_id', direction)
      .limit(limit);
    if (filter.caCertificateId !== undefined) query = query.where('ca_certificate_id', '=', filter.caCertificateId);
    if (filter.outgoing)
      query = query.where('status', '=', 'PENDING_TRANSFER').where('transferred_to', '<>', realm.accountId);
    return (await readAll(store, query)).map(toCertificate);
  });
}
