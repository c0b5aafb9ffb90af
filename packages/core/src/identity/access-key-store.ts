/** The table of access keys. Ids are unique across all accounts, as they are all a request says of its caller. */
import type { Migration } from '../store/migrations.ts';
import { type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { AccessKey } from './access-key.ts';

interface AccessKeyTables {
  access_key: {
    access_key_id: string;
    secret_access_key: string;
    account_id: string;
    policy_document: string;
    created_at: number;
  };
}

export const accessKeyMigration: Migration = {
  name: 'identity: access keys',
  statements: schema => [
    schema
      .createTable('access_key')
      .addColumn('access_key_id', 'text', column => column.notNull().primaryKey())
      .addColumn('secret_access_key', 'text', column => column.notNull())
      .addColumn('account_id', 'text', column => column.notNull())
      .addColumn('policy_document', 'text', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull()),
    schema.createIndex('access_key_by_account').on('access_key').columns(['account_id', 'access_key_id']),
  ],
};

const tables = (store: Store) => queryBuilder<AccessKeyTables>(store);

const toAccessKey = (row: AccessKeyTables['access_key']): AccessKey => ({
  accessKeyId: row.access_key_id,
  secretAccessKey: row.secret_access_key,
  accountId: row.account_id,
  policyDocument: row.policy_document,
  createDate: row.created_at,
});

export async function findAccessKey(store: Store, accessKeyId: string): Promise<AccessKey | undefined> {
  const query = tables(store).selectFrom('access_key').selectAll().where('access_key_id', '=', accessKeyId);
  const row = await readFirst(store, query);
  return row && toAccessKey(row);
}

export const insertAccessKey = (store: Store, key: AccessKey): Write =>
  write(
    tables(store).insertInto('access_key').values({
      access_key_id: key.accessKeyId,
      secret_access_key: key.secretAccessKey,
      account_id: key.accountId,
      policy_document: key.policyDocument,
      created_at: key.createDate,
    }),
  );

/** Fails with `StaleWrite` where there is none. */
export const deleteAccessKey = (store: Store, accessKeyId: string): Write =>
  write(tables(store).deleteFrom('access_key').where('access_key_id', '=', accessKeyId), 1);

/** By id: of one account, or of all. */
export async function listAccessKeys(store: Store, request: PageRequest, accountId?: string): Promise<Page<AccessKey>> {
  const listing = {
    name: 'access keys',
    order: ['string'] as const,
    position: (key: AccessKey) => [key.accessKeyId],
  };
  return await readPage(listing, request, async (after, limit) => {
    let query = tables(store).selectFrom('access_key').selectAll().orderBy('access_key_id').limit(limit);
    if (accountId !== undefined) query = query.where('account_id', '=', accountId);
    if (after) query = query.where('access_key_id', '>', after[0] as string);
    return (await readAll(store, query)).map(toAccessKey);
  });
}
