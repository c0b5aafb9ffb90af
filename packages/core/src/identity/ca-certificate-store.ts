/** The tables of registered CAs and of the codes that prove who holds their keys. */
import type { Selectable } from 'kysely';
import { type Realm, realmKey, realmOfKey } from '../realm.ts';
import type { Migration } from '../store/migrations.ts';
import type { Page } from '../store/pagination.ts';
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { AutoRegistrationStatus, CaCertificate, CaCertificateStatus } from './ca-certificate.ts';
import type { CertificateMode } from './certificate.ts';
import { type CreationPageRequest, pageByCreation } from './creation-order.ts';

interface CaCertificateRow {
  realm: string;
  certificate_id: string;
  status: CaCertificateStatus;
  mode: CertificateMode;
  /** The region, in DEFAULT mode: there only one account may have the CA. Null in SNI_ONLY mode. */
  sole_in_region: string | null;
  pem: string;
  auto_registration: AutoRegistrationStatus;
  template_body: string | null;
  role_arn: string | null;
  template_name: string | null;
  subject_key: string;
  not_before: number;
  not_after: number;
  created_at: number;
  modified_at: number;
  customer_version: number;
  generation_id: string;
}

interface CaCertificateTables {
  ca_certificate: CaCertificateRow;
  registration_code: { realm: string; code: string };
}

export const caCertificateMigration: Migration = {
  name: 'identity: CA certificates',
  statements: schema => [
    schema
      .createTable('ca_certificate')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('certificate_id', 'text', column => column.notNull())
      .addColumn('status', 'text', column => column.notNull())
      .addColumn('mode', 'text', column => column.notNull())
      .addColumn('sole_in_region', 'text')
      .addColumn('pem', 'text', column => column.notNull())
      .addColumn('auto_registration', 'text', column => column.notNull())
      .addColumn('template_body', 'text')
      .addColumn('role_arn', 'text')
      .addColumn('template_name', 'text')
      .addColumn('subject_key', 'text', column => column.notNull())
      .addColumn('not_before', 'bigint', column => column.notNull())
      .addColumn('not_after', 'bigint', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('modified_at', 'bigint', column => column.notNull())
      .addColumn('customer_version', 'bigint', column => column.notNull())
      .addColumn('generation_id', 'text', column => column.notNull())
      .addPrimaryKeyConstraint('ca_certificate_key', ['realm', 'certificate_id'])
      .addUniqueConstraint('ca_certificate_sole_in_region', ['certificate_id', 'sole_in_region']),
    schema.createIndex('ca_certificate_by_subject').on('ca_certificate').columns(['subject_key', 'realm']),
    schema
      .createTable('registration_code')
      .addColumn('realm', 'text', column => column.notNull().primaryKey())
      .addColumn('code', 'text', column => column.notNull()),
  ],
};

const tables = (store: Store) => queryBuilder<CaCertificateTables>(store);

function toCaCertificate(row: Selectable<CaCertificateRow>): CaCertificate {
  const config = {
    ...(row.template_body === null ? {} : { templateBody: row.template_body }),
    ...(row.role_arn === null ? {} : { roleArn: row.role_arn }),
    ...(row.template_name === null ? {} : { templateName: row.template_name }),
  };
  return {
    realm: realmOfKey(row.realm),
    certificateId: row.certificate_id,
    status: row.status,
    certificateMode: row.mode,
    certificatePem: row.pem,
    autoRegistrationStatus: row.auto_registration,
    ...(Object.keys(config).length === 0 ? {} : { registrationConfig: config }),
    subjectKey: row.subject_key,
    validity: { notBefore: row.not_before, notAfter: row.not_after },
    creationDate: row.created_at,
    lastModifiedDate: row.modified_at,
    customerVersion: row.customer_version,
    generationId: row.generation_id,
  };
}

function toRow(ca: CaCertificate): CaCertificateRow {
  return {
    realm: realmKey(ca.realm),
    certificate_id: ca.certificateId,
    status: ca.status,
    mode: ca.certificateMode,
    sole_in_region: ca.certificateMode === 'DEFAULT' ? ca.realm.region : null,
    pem: ca.certificatePem,
    auto_registration: ca.autoRegistrationStatus,
    template_body: ca.registrationConfig?.templateBody ?? null,
    role_arn: ca.registrationConfig?.roleArn ?? null,
    template_name: ca.registrationConfig?.templateName ?? null,
    subject_key: ca.subjectKey,
    not_before: ca.validity.notBefore,
    not_after: ca.validity.notAfter,
    created_at: ca.creationDate,
    modified_at: ca.lastModifiedDate,
    customer_version: ca.customerVersion,
    generation_id: ca.generationId,
  };
}

export async function findCaCertificate(
  store: Store,
  realm: Realm,
  certificateId: string,
): Promise<CaCertificate | undefined> {
  const query = tables(store)
    .selectFrom('ca_certificate')
    .selectAll()
    .where('realm', '=', realmKey(realm))
    .where('certificate_id', '=', certificateId);
  const row = await readFirst(store, query);
  return row && toCaCertificate(row);
}

/** The CAs of this name, in one realm or, without one, in all. */
export async function findCaCertificatesBySubject(
  store: Store,
  subjectKey: string,
  realm?: Realm,
): Promise<CaCertificate[]> {
  let query = tables(store).selectFrom('ca_certificate').selectAll().where('subject_key', '=', subjectKey);
  if (realm) query = query.where('realm', '=', realmKey(realm));
  return (await readAll(store, query.orderBy('realm').orderBy('certificate_id'))).map(toCaCertificate);
}

/** Fails with `DuplicateKey` where the realm has it, or, in DEFAULT mode, where another account of the region has. */
export const insertCaCertificate = (store: Store, ca: CaCertificate): Write =>
  write(tables(store).insertInto('ca_certificate').values(toRow(ca)));

/** Puts `next` in place of `current`, as long as no one else changed it since. */
export function replaceCaCertificate(store: Store, current: CaCertificate, next: CaCertificate): Write {
  const { realm, certificate_id, ...changed } = toRow(next);
  const update = tables(store)
    .updateTable('ca_certificate')
    .set(changed)
    .where('realm', '=', realm)
    .where('certificate_id', '=', certificate_id)
    .where('customer_version', '=', current.customerVersion);
  return write(update, 1);
}

/** Removes the CA, as long as no one else changed it since. */
export function deleteCaCertificate(store: Store, { realm, certificateId, customerVersion }: CaCertificate): Write {
  const removal = tables(store)
    .deleteFrom('ca_certificate')
    .where('realm', '=', realmKey(realm))
    .where('certificate_id', '=', certificateId)
    .where('customer_version', '=', customerVersion);
  return write(removal, 1);
}

export interface CaCertificatePageRequest extends CreationPageRequest {
  readonly templateName?: string | undefined;
}

export function listCaCertificates(
  store: Store,
  realm: Realm,
  request: CaCertificatePageRequest,
): Promise<Page<CaCertificate>> {
  return pageByCreation('ca', request, async ({ beyond, direction, limit }) => {
    let query = tables(store)
      .selectFrom('ca_certificate')
      .selectAll()
      .where('realm', '=', realmKey(realm))
      .where(beyond)
      .orderBy('created_at', direction)
      .orderBy('certificate_id', direction)
      .limit(limit);
    if (request.templateName !== undefined) query = query.where('template_name', '=', request.templateName);
    return (await readAll(store, query)).map(toCaCertificate);
  });
}

export async function findRegistrationCode(store: Store, realm: Realm): Promise<string | undefined> {
  const query = tables(store).selectFrom('registration_code').select('code').where('realm', '=', realmKey(realm));
  return (await readFirst(store, query))?.code;
}

export const insertRegistrationCode = (store: Store, realm: Realm, code: string): Write =>
  write(
    tables(store)
      .insertInto('registration_code')
      .values({ realm: realmKey(realm), code }),
  );

export const deleteRegistrationCode = (store: Store, realm: Realm): Write =>
  write(tables(store).deleteFrom('registration_code').where('realm', '=', realmKey(realm)), 1);
