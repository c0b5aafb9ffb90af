/** Where shadows and their history are kept: one row a shadow, one row a version. Documents are text. */

import { handWritten } from '../store/hand-written.ts';
import type { Migration } from '../store/migrations.ts';
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import { type JsonObject, parseJson } from './json.ts';
import type { Metadata } from './section.ts';
import { newShadow, type Shadow } from './shadow.ts';

/** A shadow's full name; the classic shadow's `shadowName` is empty. */
export interface ShadowKey {
  readonly realm: string;
  readonly thingName: string;
  readonly shadowName: string;
}

export interface ShadowTables {
  shadow: {
    realm: string;
    thing_name: string;
    shadow_name: string;
    version: number;
    desired: string;
    reported: string;
    desired_metadata: string;
    reported_metadata: string;
    updated_at: number;
    /** Set while only the version number is left. */
    deleted_at: number | null;
  };
  shadow_version: {
    realm: string;
    thing_name: string;
    shadow_name: string;
    version: number;
    desired: string;
    reported: string;
    /** `state` of the request that made this version, as JSON. */
    change: string;
    principal: string;
    updated_at: number;
    /** When the shadow was deleted at this version. */
    deleted_at: number | null;
  };
}

export const shadowMigration: Migration = {
  name: 'shadow: documents and their history',
  statements: schema => [
    schema
      .createTable('shadow')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('thing_name', 'text', column => column.notNull())
      .addColumn('shadow_name', 'text', column => column.notNull())
      .addColumn('version', 'bigint', column => column.notNull())
      .addColumn('desired', 'text', column => column.notNull())
      .addColumn('reported', 'text', column => column.notNull())
      .addColumn('desired_metadata', 'text', column => column.notNull())
      .addColumn('reported_metadata', 'text', column => column.notNull())
      .addColumn('updated_at', 'bigint', column => column.notNull())
      .addColumn('deleted_at', 'bigint')
      .addPrimaryKeyConstraint('shadow_key', ['realm', 'thing_name', 'shadow_name']),
    schema.createIndex('shadow_deleted').on('shadow').column('deleted_at').where('deleted_at', 'is not', null),
    schema
      .createTable('shadow_version')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('thing_name', 'text', column => column.notNull())
      .addColumn('shadow_name', 'text', column => column.notNull())
      .addColumn('version', 'bigint', column => column.notNull())
      .addColumn('desired', 'text', column => column.notNull())
      .addColumn('reported', 'text', column => column.notNull())
      .addColumn('change', 'text', column => column.notNull())
      .addColumn('principal', 'text', column => column.notNull())
      .addColumn('updated_at', 'bigint', column => column.notNull())
      .addColumn('deleted_at', 'bigint')
      .addPrimaryKeyConstraint('shadow_version_key', ['realm', 'thing_name', 'shadow_name', 'version', 'updated_at']),
    schema.createIndex('shadow_version_by_age').on('shadow_version').columns(['updated_at']),
  ],
};

/** A stored row: a shadow, or what is left of a deleted one. */
export interface ShadowRecord {
  /** Of the row, also while the shadow is deleted; 0 where there is no row. */
  readonly version: number;
  readonly shadow: Shadow | undefined;
  /** Milliseconds since the epoch; never less than before, so that versions are in the order of time. */
  readonly updatedAt: number;
  /** Milliseconds since the epoch. */
  readonly deletedAt: number | undefined;
}

const noRecord: ShadowRecord = { version: 0, shadow: undefined, updatedAt: 0, deletedAt: undefined };

/** One version as a list shows it. */
export interface ShadowVersionSummary {
  readonly version: number;
  /** `state` of the request that made it; null for one that cleared everything. */
  readonly change: JsonObject | null;
  readonly principal: string;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
  /** When the shadow was deleted at this version. */
  readonly deletedAt: number | undefined;
}

export interface ShadowVersion extends ShadowVersionSummary {
  readonly desired: JsonObject;
  readonly reported: JsonObject;
}

/** The statements of the update path, spelled once for a dialect. */
interface Statements {
  readonly read: string;
  readonly save: string;
  readonly remember: string;
  readonly forget: string;
}

const spell = (dialect: Store['dialect']): Statements => ({
  read: handWritten(
    dialect,
    'select version, desired, reported, desired_metadata, reported_metadata, updated_at, deleted_at from shadow ' +
      'where realm = ? and thing_name = ? and shadow_name = ?',
  ),
  // One row changes if there was none, or if it still is the one that was read; otherwise none does.
  save: handWritten(
    dialect,
    'insert into shadow (realm, thing_name, shadow_name, version, desired, reported, desired_metadata, reported_metadata, ' +
      'updated_at, deleted_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (realm, thing_name, shadow_name) do update set ' +
      'version = excluded.version, desired = excluded.desired, reported = excluded.reported, ' +
      'desired_metadata = excluded.desired_metadata, reported_metadata = excluded.reported_metadata, ' +
      'updated_at = excluded.updated_at, deleted_at = excluded.deleted_at ' +
      'where shadow.version = ? and coalesce(shadow.deleted_at, 0) = ?',
  ),
  remember: handWritten(
    dialect,
    'insert into shadow_version (realm, thing_name, shadow_name, version, desired, reported, change, principal, updated_at) ' +
      'values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  ),
  forget: handWritten(
    dialect,
    'delete from shadow_version where realm = ? and thing_name = ? and shadow_name = ? and version <= ?',
  ),
});

const spelled: Record<Store['dialect'], Statements> = { sqlite: spell('sqlite'), postgres: spell('postgres') };

export async function readShadow(store: Store, key: ShadowKey): Promise<ShadowRecord> {
  const parameters = [key.realm, key.thingName, key.shadowName];
  const [row] = await store.all<ShadowTables['shadow']>({ sql: spelled[store.dialect].read, parameters });
  if (row === undefined) return noRecord;
  const version = Number(row.version);
  const updatedAt = Number(row.updated_at);
  if (row.deleted_at !== null) return { version, shadow: undefined, updatedAt, deletedAt: Number(row.deleted_at) };
  const { desired, reported, desired_metadata: desiredMetadata, reported_metadata: reportedMetadata } = row;
  const shadow = {
    version,
    desired: { state: parseJson(desired) as JsonObject, metadata: JSON.parse(desiredMetadata) as Metadata },
    reported: { state: parseJson(reported) as JsonObject, metadata: JSON.parse(reportedMetadata) as Metadata },
    text: { desired, reported, desiredMetadata, reportedMetadata },
  };
  return { version, shadow, updatedAt, deletedAt: undefined };
}

/** Stale unless the row still is `previous`, or is absent as it was then. */
export function saveShadow(store: Store, key: ShadowKey, next: ShadowRecord, previous: ShadowRecord): Write {
  const { desired, reported, desiredMetadata, reportedMetadata } = (next.shadow ?? newShadow()).text;
  return {
    sql: spelled[store.dialect].save,
    parameters: [
      key.realm,
      key.thingName,
      key.shadowName,
      next.version,
      desired,
      reported,
      desiredMetadata,
      reportedMetadata,
      next.updatedAt,
      next.deletedAt ?? null,
      previous.version,
      previous.deletedAt ?? 0,
    ],
    expect: 1,
  };
}

/** One more version in the history. `change` is the `state` of the request, as JSON. */
export function rememberVersion(
  store: Store,
  key: ShadowKey,
  { version, text }: Shadow,
  change: string,
  principal: string,
  updatedAt: number,
): Write {
  const { realm, thingName, shadowName } = key;
  const parameters = [realm, thingName, shadowName, version, text.desired, text.reported, change, principal, updatedAt];
  return { sql: spelled[store.dialect].remember, parameters };
}

/** Forgets versions up to and including `version`. */
export const forgetVersions = (store: Store, { realm, thingName, shadowName }: ShadowKey, version: number): Write => ({
  sql: spelled[store.dialect].forget,
  parameters: [realm, thingName, shadowName, version],
});

/**
 * Marks the newest version as the one at which the shadow was deleted. It is told by its time as well: where the count has started over,
 * an older one has the same number.
 */
export const markDeleted = (store: Store, key: ShadowKey, newest: ShadowRecord, deletedAt: number): Write =>
  write(
    queryBuilder<ShadowTables>(store)
      .updateTable('shadow_version')
      .set({ deleted_at: deletedAt })
      .where('realm', '=', key.realm)
      .where('thing_name', '=', key.thingName)
      .where('shadow_name', '=', key.shadowName)
      .where('version', '=', newest.version)
      .where('updated_at', '=', newest.updatedAt),
  );

/** Names of a thing's named shadows after `after`, in order. */
export async function listShadowNames(
  store: Store,
  realm: string,
  thingName: string,
  after: string,
  limit: number,
): Promise<string[]> {
  const query = queryBuilder<ShadowTables>(store)
    .selectFrom('shadow')
    .select('shadow_name')
    .where('realm', '=', realm)
    .where('thing_name', '=', thingName)
    .where('shadow_name', '>', after)
    .where('deleted_at', 'is', null)
    .orderBy('shadow_name')
    .limit(limit);
  return (await readAll(store, query)).map(row => row.shadow_name);
}

const versionsOf = (store: Store, { realm, thingName, shadowName }: ShadowKey) =>
  queryBuilder<ShadowTables>(store)
    .selectFrom('shadow_version')
    .where('realm', '=', realm)
    .where('thing_name', '=', thingName)
    .where('shadow_name', '=', shadowName)
    .orderBy('updated_at', 'desc')
    .orderBy('version', 'desc');

/** The newest versions first; with `before`, those that come after it in that order. */
export async function listVersions(
  store: Store,
  key: ShadowKey,
  before: { readonly updatedAt: number; readonly version: number } | undefined,
  limit: number,
): Promise<ShadowVersionSummary[]> {
  const query = versionsOf(store, key)
    .select(['version', 'change', 'principal', 'updated_at', 'deleted_at'])
    .$if(before !== undefined, list =>
      list.where(({ or, and, eb }) =>
        or([
          eb('updated_at', '<', before!.updatedAt),
          and([eb('updated_at', '=', before!.updatedAt), eb('version', '<', before!.version)]),
        ]),
      ),
    )
    .limit(limit);
  return (await readAll(store, query)).map(toSummary);
}

/** One version; the newest of that number, should the count have started over. */
export async function readVersion(store: Store, key: ShadowKey, version: number): Promise<ShadowVersion | undefined> {
  const row = await readFirst(store, versionsOf(store, key).selectAll().where('version', '=', version).limit(1));
  return row && toVersion(row);
}

/** The version that was current at `time`, in ms; also one that was deleted by then, which its `deletedAt` tells. */
export async function readVersionAt(store: Store, key: ShadowKey, time: number): Promise<ShadowVersion | undefined> {
  const row = await readFirst(store, versionsOf(store, key).selectAll().where('updated_at', '<=', time).limit(1));
  return row && toVersion(row);
}

/** Rows looked at in one commit: a database busy with old rows still has its turn for new ones. */
const forgottenAtOnce = 1000;

/** Forgets versions older than `time` in ms, of all realms, but never the one a shadow is at. */
export async function forgetVersionsBefore(store: Store, time: number): Promise<void> {
  const db = queryBuilder<ShadowTables>(store);
  for (let from = -1; from < time - 1; ) {
    const step = db
      .selectFrom('shadow_version')
      .select('updated_at')
      .where('updated_at', '>', from)
      .where('updated_at', '<', time)
      .orderBy('updated_at')
      .limit(1)
      .offset(forgottenAtOnce - 1);
    const until = Number((await readFirst(store, step))?.updated_at ?? time - 1);
    const forget = db
      .deleteFrom('shadow_version')
      .where('updated_at', '>', from)
      .where('updated_at', '<=', until)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('shadow')
              .select('shadow.version')
              .whereRef('shadow.realm', '=', 'shadow_version.realm')
              .whereRef('shadow.thing_name', '=', 'shadow_version.thing_name')
              .whereRef('shadow.shadow_name', '=', 'shadow_version.shadow_name')
              .whereRef('shadow.version', '=', 'shadow_version.version')
              .where('shadow.deleted_at', 'is', null),
          ),
        ),
      );
    await store.commit([write(forget)]);
    from = until;
  }
}

/** Forgets shadows deleted before `time` in ms: from then on their versions begin anew. */
export const forgetDeletedBefore = (store: Store, time: number): Write =>
  write(queryBuilder<ShadowTables>(store).deleteFrom('shadow').where('deleted_at', '<', time));

type SummaryRow = Pick<
  ShadowTables['shadow_version'],
  'version' | 'change' | 'principal' | 'updated_at' | 'deleted_at'
>;

const toSummary = (row: SummaryRow): ShadowVersionSummary => ({
  version: Number(row.version),
  change: parseJson(row.change) as JsonObject | null,
  principal: row.principal,
  updatedAt: Number(row.updated_at),
  deletedAt: row.deleted_at === null ? undefined : Number(row.deleted_at),
});

const toVersion = (row: ShadowTables['shadow_version']): ShadowVersion => ({
  ...toSummary(row),
  desired: parseJson(row.desired) as JsonObject,
  reported: parseJson(row.reported) as JsonObject,
});
