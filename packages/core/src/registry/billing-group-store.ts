/** Where billing groups are kept. Which things are in them is a column of the things. */
import type { Migration } from '../store/migrations.ts';
import type { Position } from '../store/pagination.ts';
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { BillingGroup } from './billing-group.ts';
import type { ThingTables } from './thing-store.ts';

interface BillingGroupRow {
  realm: string;
  billing_group_name: string;
  billing_group_id: string;
  description: string | null;
  version: number;
  created_at: number;
}

interface BillingGroupTables extends Pick<ThingTables, 'thing'> {
  billing_group: BillingGroupRow;
}

export const billingGroupMigration: Migration = {
  name: 'registry: billing groups',
  statements: schema => [
    schema
      .createTable('billing_group')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('billing_group_name', 'text', column => column.notNull())
      .addColumn('billing_group_id', 'text', column => column.notNull())
      .addColumn('description', 'text')
      .addColumn('version', 'bigint', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('billing_group_key', ['realm', 'billing_group_name']),
    schema.alterTable('thing').addColumn('billing_group_name', 'text'),
    schema.createIndex('thing_by_billing_group').on('thing').columns(['realm', 'billing_group_name', 'thing_name']),
  ],
};

const tables = (store: Store) => queryBuilder<BillingGroupTables>(store);

export async function readBillingGroup(store: Store, realm: string, name: string): Promise<BillingGroup | undefined> {
  const query = tables(store)
    .selectFrom('billing_group')
    .selectAll()
    .where('realm', '=', realm)
    .where('billing_group_name', '=', name);
  const row = await readFirst(store, query);
  return row && toBillingGroup(row);
}

/** Groups by name, as far as the name begins with the prefix. */
export async function listBillingGroups(
  store: Store,
  realm: string,
  { namePrefixFilter }: { readonly namePrefixFilter?: string | undefined },
  after: Position | undefined,
  limit: number,
): Promise<BillingGroup[]> {
  let query = tables(store).selectFrom('billing_group').selectAll().where('realm', '=', realm);
  if (namePrefixFilter !== undefined) {
    query = query.where(({ eb, fn, val }) =>
      eb(fn('substr', ['billing_group_name', val(1), val(namePrefixFilter.length)]), '=', namePrefixFilter),
    );
  }
  if (after) query = query.where('billing_group_name', '>', after[0] as string);
  return (await readAll(store, query.orderBy('billing_group_name').limit(limit))).map(toBillingGroup);
}

/** The names of a group's things. */
export async function listThingsInBillingGroup(
  store: Store,
  realm: string,
  billingGroupName: string,
  after: Position | undefined,
  limit: number,
): Promise<string[]> {
  let query = tables(store)
    .selectFrom('thing')
    .select('thing_name')
    .where('realm', '=', realm)
    .where('billing_group_name', '=', billingGroupName);
  if (after) query = query.where('thing_name', '>', after[0] as string);
  return (await readAll(store, query.orderBy('thing_name').limit(limit))).map(row => row.thing_name);
}

export const insertBillingGroup = (store: Store, realm: string, group: BillingGroup): Write =>
  write(
    tables(store)
      .insertInto('billing_group')
      .values({
        realm,
        billing_group_name: group.billingGroupName,
        billing_group_id: group.billingGroupId,
        description: group.description ?? null,
        version: group.version,
        created_at: group.createdAt,
      }),
    1,
  );

/** Stale unless the stored group still has the version just before this one's. */
export const replaceBillingGroup = (store: Store, realm: string, group: BillingGroup): Write =>
  write(
    tables(store)
      .updateTable('billing_group')
      .set({ description: group.description ?? null, version: group.version })
      .where('realm', '=', realm)
      .where('billing_group_name', '=', group.billingGroupName)
      .where('billing_group_id', '=', group.billingGroupId)
      .where('version', '=', group.version - 1),
    1,
  );

/** Stale unless the stored group is exactly this one. Its things leave it. */
export const deleteBillingGroup = (store: Store, realm: string, group: BillingGroup): Write[] => [
  write(
    tables(store)
      .deleteFrom('billing_group')
      .where('realm', '=', realm)
      .where('billing_group_name', '=', group.billingGroupName)
      .where('billing_group_id', '=', group.billingGroupId)
      .where('version', '=', group.version),
    1,
  ),
  write(
    tables(store)
      .updateTable('thing')
      .set({ billing_group_name: null })
      .where('realm', '=', realm)
      .where('billing_group_name', '=', group.billingGroupName),
  ),
];

/** Changes nothing; stale if the group has gone: what refers to it is committed together with this. */
export const claimBillingGroup = (store: Store, realm: string, name: string): Write =>
  write(
    tables(store)
      .updateTable('billing_group')
      .set({ billing_group_name: name })
      .where('realm', '=', realm)
      .where('billing_group_name', '=', name),
    1,
  );

/** Puts a thing from one group (or none) into another (or none); stale if it is not in the first any more. */
export const moveToBillingGroup = (
  store: Store,
  realm: string,
  thingName: string,
  { from, to }: { readonly from: string | undefined; readonly to: string | undefined },
): Write =>
  write(
    tables(store)
      .updateTable('thing')
      .set({ billing_group_name: to ?? null })
      .where('realm', '=', realm)
      .where('thing_name', '=', thingName)
      .where(({ eb }) =>
        from === undefined ? eb('billing_group_name', 'is', null) : eb('billing_group_name', '=', from),
      ),
    1,
  );

const toBillingGroup = (row: BillingGroupRow): BillingGroup => ({
  billingGroupName: row.billing_group_name,
  billingGroupId: row.billing_group_id,
  description: row.description ?? undefined,
  version: row.version,
  createdAt: row.created_at,
});
