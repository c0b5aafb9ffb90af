/** Where shadows and their history are kept: one row a shadow, one row a version. Documents are text. */

import { handWritten } from '../store/hand-written.ts';
import type { Migration } from '../store/migrations.ts';
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { SqlValue, Store, Write } from '../store/store.ts';
import { type JsonObject, parseJson } from './json.ts';
import type { Metadata } from './section.ts';
import type { Shadow, ShadowText } from './shadow.ts';

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
    /** JSON object of both sections' metadata. */
    metadata: string;
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
      .addColumn('metadata', 'text', column => column.notNull())
      .addColumn('updated_at', 'bigint', column => column.notNull())
      .addColumn('deleted_at', 'bigint')
      .addPrimaryKeyConstraint('shadow_key', ['realm', 'thing_name', 'shadow_name']),
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
  /** The version of the row, also while the shadow is deleted. */
  readonly version: number;
  readonly shadow: Shadow | undefined;
  /** Milliseconds since the epoch. */
  readonly deletedAt: number | undefined;
}

export interface ShadowVersion {
  readonly version: number;
  readonly desired: JsonObject;
  readonly reported: JsonObject;
  readonly change: JsonObject | null;
  readonly principal: string;
  readonly updatedAt: number;
  readonly deletedAt: number | undefined;
}

/** The statements of the update path, spelled once for a dialect. */
interface Statements {
  readonly read: string;
  readonly save: string;
  readonly remember: string;
}

const spell = (dialect: Store['dialect']): Statements => ({
  read: handWritten(
    dialect,
    'select version, desired, reported, metadata, deleted_at from shadow where realm = ? and thing_name = ? and shadow_name = ?',
  ),
  // One row changes if there was none, or if it still has the version that was read; otherwise none does.
  save: handWritten(
    dialect,
    'insert into shadow (realm, thing_name, shadow_name, version, desired, reported, metadata, updated_at, deleted_at) ' +
      'values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (realm, thing_name, shadow_name) do update set version = excluded.version, ' +
      'desired = excluded.desired, reported = excluded.reported, metadata = excluded.metadata, updated_at = excluded.updated_at, ' +
      'deleted_at = excluded.deleted_at where shadow.version = ?',
  ),
  remember: handWritten(
    dialect,
    'insert into shadow_version (realm, thing_name, shadow_name, version, desired, reported, change, principal, updated_at) ' +
      'values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  ),
});

const spelled: Record<Store['dialect'], Statements> = { sqlite: spell('sqlite'), postgres: spell('postgres') };

export async function readShadow(store: Store, key: ShadowKey): Promise<ShadowRecord | undefined> {
  const parameters = [key.realm, key.thingName, key.shadowName];
  const [row] = await store.all<ShadowTables['shadow']>({ sql: spelled[store.dialect].read, parameters });
  if (row === undefined) return undefined;
  const version = Number(row.version);
  const deletedAt = row.deleted_at === null ? undefined : Number(row.deleted_at);
  if (deletedAt !== undefined) return { version, shadow: undefined, deletedAt };
  const metadata = JSON.parse(row.metadata) as { desired: Metadata; reported: Metadata };
  const desired = { state: parseJson(row.desired) as JsonObject, metadata: metadata.desired };
  const reported = { state: parseJson(row.reported) as JsonObject, metadata: metadata.reported };
  return { version, shadow: { version, desired, reported }, deletedAt };
}

/** Stale unless the row is absent or still has version `previous`; `previous` is undefined where there was no row. */
export function saveShadow(
  store: Store,
  key: ShadowKey,
  shadow: Shadow,
  text: ShadowText,
  previous: number | undefined,
  now: number,
  deletedAt: number | null = null,
): Write {
  const metadata = JSON.stringify({ desired: shadow.desired.metadata, reported: shadow.reported.metadata });
  const { realm, thingName, shadowName } = key;
  const row: SqlValue[] = [realm, thingName, shadowName, shadow.version, text.desired, text.reported, metadata, now];
  return { sql: spelled[store.dialect].save, parameters: [...row, deletedAt, previous ?? -1], expect: 1 };
}

/** One more version in the history. `change` is the `state` of the request, as JSON. */
export function rememberVersion(
  store: Store,
  key: ShadowKey,
  version: number,
  text: ShadowText,
  change: string,
  principal: string,
  now: number,
): Write {
  const { realm, thingName, shadowName } = key;
  const parameters = [realm, thingName, shadowName, version, text.desired, text.reported, change, principal, now];
  return { sql: spelled[store.dialect].remember, parameters };
}

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
    .selectAll()
    .where('realm', '=', realm)
    .where('thing_name', '=', thingName)
    .where('shadow_name', '=', shadowName)
    .orderBy('updated_at', 'desc')
    .orderBy('version', 'desc');

/** The newest versions first, those older than `before` (a version) if it is given. */
export async function listVersions(
  store: Store,
  key: ShadowKey,
  before: number | undefined,
  limit: number,
): Promise<ShadowVersion[]> {
  const query = versionsOf(store, key).limit(limit);
  const rows = await readAll(store, before === undefined ? query : query.where('version', '<', before));
  return rows.map(toVersion);
}

/** One version; the newest of that number, should the count have started over. */
export async function readVersion(store: Store, key: ShadowKey, version: number): Promise<ShadowVersion | undefined> {
  const row = await readFirst(store, versionsOf(store, key).where('version', '=', version).limit(1));
  return row && toVersion(row);
}

/** The version that was current at `time`, in ms; also one that was deleted by then, which its `deletedAt` tells. */
export async function readVersionAt(store: Store, key: ShadowKey, time: number): Promise<ShadowVersion | undefined> {
  const row = await readFirst(store, versionsOf(store, key).where('updated_at', '<=', time).limit(1));
  return row && toVersion(row);
}

/** Marks the newest version as the one at which the shadow was deleted. */
export const markDeleted = (
  store: Store,
  { realm, thingName, shadowName }: ShadowKey,
  version: number,
  now: number,
): Write =>
  write(
    queryBuilder<ShadowTables>(store)
      .updateTable('shadow_version')
      .set({ deleted_at: now })
      .where('realm', '=', realm)
      .where('thing_name', '=', thingName)
      .where('shadow_name', '=', shadowName)
      .where('version', '=', version)
      .where('deleted_at', 'is', null),
  );

/** Forgets versions up to and including `version`. */
export const forgetVersions = (store: Store, { realm, thingName, shadowName }: ShadowKey, version: number): Write =>
  write(
    queryBuilder<ShadowTables>(store)
      .deleteFrom('shadow_version')
      .where('realm', '=', realm)
      .where('thing_name', '=', thingName)
      .where('shadow_name', '=', shadowName)
      .where('version', '<=', version),
  );

/** Forgets what is older than `time` in ms, in all realms, but never the version a shadow is at. */
export const forgetVersionsBefore = (store: Store, time: number): Write =>
  write(
    queryBuilder<ShadowTables>(store)
      .deleteFrom('shadow_version')
      .where('updated_at', '<', time)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('shadow')
              .select('shadow.version')
              .whereRef('shadow.realm', '=', 'shadow_version.realm')
              .whereRef('shadow.thing_name', '=', 'shadow_version.thing_name')
              .whereRef('shadow.shadow_name', '=', 'shadow_version.shadow_name')
              .whereRef('shadow.version', '=', 'shadow_version.version'),
          ),
        ),
      ),
  );

const toVersion = (row: ShadowTables['shadow_version']): ShadowVersion => ({
  version: Number(row.version),
  desired: parseJson(row.desired) as JsonObject,
  reported: parseJson(row.reported) as JsonObject,
  change: parseJson(row.change) as JsonObject | null,
  principal: row.principal,
  updatedAt: Number(row.updated_at),
  deletedAt: row.deleted_at === null ? undefined : Number(row.deleted_at),
});
