/** Where policies and their versions are kept; the table of their attachments too, which `policy-attachment-store.ts` reads. */
import type { Migration } from '../store/migrations.ts';
import type { Position } from '../store/pagination.ts';
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';

export interface Policy {
  readonly policyName: string;
  readonly defaultVersionId: number;
  /** The highest version there has been: ids are never used again. */
  readonly lastVersionId: number;
  /** Another one after each change of the policy or its versions. */
  readonly generationId: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export interface PolicyVersion {
  readonly versionId: number;
  readonly document: string;
  readonly createdAt: number;
}

export interface PolicyTables {
  policy: PolicyRow;
  policy_version: { realm: string; policy_name: string; version_id: number; document: string; created_at: number };
  policy_attachment: { realm: string; target: string; policy_name: string; attached_at: number };
}

interface PolicyRow {
  realm: string;
  policy_name: string;
  default_version_id: number;
  last_version_id: number;
  generation_id: string;
  created_at: number;
  modified_at: number;
}

export const policyMigration: Migration = {
  name: 'policy: policies, versions and attachments',
  statements: schema => [
    schema
      .createTable('policy')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('policy_name', 'text', column => column.notNull())
      .addColumn('default_version_id', 'bigint', column => column.notNull())
      .addColumn('last_version_id', 'bigint', column => column.notNull())
      .addColumn('generation_id', 'text', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('modified_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('policy_key', ['realm', 'policy_name']),
    schema.createIndex('policy_by_creation').on('policy').columns(['realm', 'created_at', 'policy_name']),
    schema
      .createTable('policy_version')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('policy_name', 'text', column => column.notNull())
      .addColumn('version_id', 'bigint', column => column.notNull())
      .addColumn('document', 'text', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('policy_version_key', ['realm', 'policy_name', 'version_id'])
      .addForeignKeyConstraint(
        'policy_version_of_policy',
        ['realm', 'policy_name'],
        'policy',
        ['realm', 'policy_name'],
        constraint => constraint.onDelete('cascade'),
      ),
    schema
      .createTable('policy_attachment')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('target', 'text', column => column.notNull())
      .addColumn('policy_name', 'text', column => column.notNull())
      .addColumn('attached_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('policy_attachment_key', ['realm', 'target', 'policy_name'])
      // No cascade: an attached policy cannot be deleted.
      .addForeignKeyConstraint('policy_attachment_of_policy', ['realm', 'policy_name'], 'policy', [
        'realm',
        'policy_name',
      ]),
    schema
      .createIndex('policy_attachment_by_policy')
      .on('policy_attachment')
      .columns(['realm', 'policy_name', 'attached_at', 'target']),
  ],
};

const tables = (store: Store) => queryBuilder<PolicyTables>(store);

export async function readPolicy(store: Store, realm: string, policyName: string): Promise<Policy | undefined> {
  const query = tables(store)
    .selectFrom('policy')
    .selectAll()
    .where('realm', '=', realm)
    .where('policy_name', '=', policyName);
  const row = await readFirst(store, query);
  return row && toPolicy(row);
}

export const policyExists = async (store: Store, realm: string, policyName: string): Promise<boolean> =>
  (await readPolicy(store, realm, policyName)) !== undefined;

/** In order of creation, or with `descending` the other way round. */
export async function listPolicies(
  store: Store,
  realm: string,
  descending: boolean,
  after: Position | undefined,
  limit: number,
): Promise<Policy[]> {
  const direction = descending ? 'desc' : 'asc';
  const query = tables(store)
    .selectFrom('policy')
    .selectAll()
    .where('realm', '=', realm)
    .$if(after !== undefined, all =>
      all.where(({ eb, refTuple, tuple }) =>
        eb(
          refTuple('created_at', 'policy_name'),
          descending ? '<' : '>',
          tuple(after![0] as number, after![1] as string),
        ),
      ),
    )
    .orderBy('created_at', direction)
    .orderBy('policy_name', direction)
    .limit(limit);
  return (await readAll(store, query)).map(toPolicy);
}

/** Oldest first. */
export async function readVersions(store: Store, realm: string, policyName: string): Promise<PolicyVersion[]> {
  const query = tables(store)
    .selectFrom('policy_version')
    .selectAll()
    .where('realm', '=', realm)
    .where('policy_name', '=', policyName)
    .orderBy('version_id');
  return (await readAll(store, query)).map(row => ({
    versionId: row.version_id,
    document: row.document,
    createdAt: row.created_at,
  }));
}

export function insertPolicy(store: Store, realm: string, policy: Policy, version: PolicyVersion): Write[] {
  const row: PolicyRow = {
    realm,
    policy_name: policy.policyName,
    default_version_id: policy.defaultVersionId,
    last_version_id: policy.lastVersionId,
    generation_id: policy.generationId,
    created_at: policy.createdAt,
    modified_at: policy.modifiedAt,
  };
  return [
    write(tables(store).insertInto('policy').values(row), 1),
    insertVersion(store, realm, policy.policyName, version),
  ];
}

/** Stale unless the stored policy is still `present`. */
export const replacePolicy = (store: Store, realm: string, present: Policy, policy: Policy): Write =>
  write(
    tables(store)
      .updateTable('policy')
      .set({
        default_version_id: policy.defaultVersionId,
        last_version_id: policy.lastVersionId,
        generation_id: policy.generationId,
        modified_at: policy.modifiedAt,
      })
      .where('realm', '=', realm)
      .where('policy_name', '=', present.policyName)
      .where('generation_id', '=', present.generationId),
    1,
  );

/** Stale unless the stored policy is still this one, and while it is attached to anything. Its versions go with it. */
export const deletePolicy = (store: Store, realm: string, policy: Policy): Write =>
  write(
    tables(store)
      .deleteFrom('policy')
      .where('realm', '=', realm)
      .where('policy_name', '=', policy.policyName)
      .where('generation_id', '=', policy.generationId),
    1,
  );

export const insertVersion = (store: Store, realm: string, policyName: string, version: PolicyVersion): Write =>
  write(
    tables(store).insertInto('policy_version').values({
      realm,
      policy_name: policyName,
      version_id: version.versionId,
      document: version.document,
      created_at: version.createdAt,
    }),
    1,
  );

export const deleteVersion = (store: Store, realm: string, policyName: string, versionId: number): Write =>
  write(
    tables(store)
      .deleteFrom('policy_version')
      .where('realm', '=', realm)
      .where('policy_name', '=', policyName)
      .where('version_id', '=', versionId),
    1,
  );

const toPolicy = (row: PolicyRow): Policy => ({
  policyName: row.policy_name,
  defaultVersionId: row.default_version_id,
  lastVersionId: row.last_version_id,
  generationId: row.generation_id,
  createdAt: row.created_at,
  modifiedAt: row.modified_at,
});
