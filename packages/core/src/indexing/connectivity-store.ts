/** Which things are connected, or when and why they last were not: one row a thing, under the client id that is its name. */
import { spelled } from '../store/hand-written.ts';
import type { Migration } from '../store/migrations.ts';
import { queryBuilder } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { Connectivity } from './document.ts';
import { readPieces } from './statements.ts';

interface ConnectivityRow {
  thing_name: string;
  connected: number;
  timestamp: number;
  disconnect_reason: string | null;
  version: number;
  /** While it is disconnected, when the index forgets since when and why; null once it has. */
  fades_at: number | null;
}

export const connectivityMigration: Migration = {
  name: 'indexing: connectivity of things',
  statements: schema => [
    schema
      .createTable('thing_connectivity')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('thing_name', 'text', column => column.notNull())
      .addColumn('connected', 'integer', column => column.notNull())
      .addColumn('timestamp', 'bigint', column => column.notNull())
      .addColumn('disconnect_reason', 'text')
      .addColumn('version', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('thing_connectivity_key', ['realm', 'thing_name'])
      .addForeignKeyConstraint(
        'thing_connectivity_of_thing',
        ['realm', 'thing_name'],
        'thing',
        ['realm', 'thing_name'],
        constraint => constraint.onDelete('cascade'),
      ),
  ],
};

/** An index forgets, the table does not. What was disconnected before this was known fades an hour after. */
export const fadingMigration: Migration = {
  name: 'indexing: connectivity that fades',
  statements: (schema, dialect) => [
    schema.alterTable('thing_connectivity').addColumn('fades_at', 'bigint'),
    queryBuilder<{ thing_connectivity: ConnectivityRow }>({ dialect })
      .updateTable('thing_connectivity')
      .set(({ eb }) => ({ fades_at: eb('timestamp', '+', 3_600_000) }))
      .where('connected', '=', 0),
    schema
      .createIndex('thing_connectivity_fading')
      .on('thing_connectivity')
      .column('fades_at')
      .where('fades_at', 'is not', null),
  ],
};

/** What is known of a client when it connects or disconnects. */
export interface ConnectivityChange {
  readonly realm: string;
  readonly thingName: string;
  readonly state: Required<Omit<Connectivity, 'disconnectReason'>> & Pick<Connectivity, 'disconnectReason'>;
  /** Of a disconnection, in milliseconds since the epoch. */
  readonly fadesAt?: number;
}

/** Does nothing where there is no such thing: other clients are not of the fleet. */
export const writeConnectivity = (store: Store, { realm, thingName, state, fadesAt }: ConnectivityChange): Write => ({
  sql: spelled(
    store,
    'insert into thing_connectivity (realm, thing_name, connected, timestamp, disconnect_reason, version, fades_at) ' +
      'select realm, thing_name, cast(? as integer), cast(? as bigint), cast(? as text), cast(? as bigint), cast(? as bigint) ' +
      'from thing where realm = ? and thing_name = ? on conflict (realm, thing_name) do update set ' +
      'connected = excluded.connected, timestamp = excluded.timestamp, ' +
      'disconnect_reason = excluded.disconnect_reason, version = excluded.version, fades_at = excluded.fades_at',
  ),
  parameters: [
    Number(state.connected),
    state.timestamp,
    state.disconnectReason ?? null,
    state.version,
    fadesAt ?? null,
    realm,
    thingName,
  ],
});

/** Everything known. */
export async function readConnectivity(
  store: Store,
  realm: string,
  thingNames: readonly string[],
): Promise<Map<string, Connectivity>> {
  return new Map((await readRows(store, realm, thingNames)).map(row => [row.thing_name, toConnectivity(row)]));
}

/** What the index is to know: of those that have been disconnected for long, that they are. */
export async function readIndexedConnectivity(
  store: Store,
  realm: string,
  thingNames: readonly string[],
): Promise<Map<string, Connectivity>> {
  const hasFaded = (row: ConnectivityRow) => row.connected === 0 && row.fades_at === null;
  const indexed = (row: ConnectivityRow) =>
    hasFaded(row) ? { connected: false, version: row.version } : toConnectivity(row);
  return new Map((await readRows(store, realm, thingNames)).map(row => [row.thing_name, indexed(row)]));
}

const readRows = (store: Store, realm: string, thingNames: readonly string[]): Promise<ConnectivityRow[]> =>
  readPieces<ConnectivityRow>(
    store,
    'select thing_name, connected, timestamp, disconnect_reason, version, fades_at from thing_connectivity ' +
      'where realm = ? and thing_name in (…)',
    [realm],
    thingNames,
  );

/** Of all realms, things whose disconnection is to be forgotten by `now`. */
export async function listFading(
  store: Store,
  now: number,
  limit: number,
): Promise<{ realm: string; thingName: string }[]> {
  const rows = await store.all<{ realm: string; thing_name: string }>({
    sql: spelled(store, `select realm, thing_name from thing_connectivity where fades_at <= ? limit ${limit}`),
    parameters: [now],
  });
  return rows.map(({ realm, thing_name }) => ({ realm, thingName: thing_name }));
}

/** Leaves a thing alone that has been back meanwhile. */
export const fade = (store: Store, realm: string, thingName: string, now: number): Write => ({
  sql: spelled(
    store,
    'update thing_connectivity set fades_at = null where realm = ? and thing_name = ? and fades_at <= ?',
  ),
  parameters: [realm, thingName, now],
});

/** Of all realms, those that are still marked as connected: after a crash nobody is. */
export async function listConnected(store: Store): Promise<{ realm: string; thingName: string }[]> {
  const rows = await store.all<{ realm: string; thing_name: string }>({
    sql: 'select realm, thing_name from thing_connectivity where connected = 1',
    parameters: [],
  });
  return rows.map(({ realm, thing_name }) => ({ realm, thingName: thing_name }));
}

export const markDisconnected = (
  store: Store,
  timestamp: number,
  disconnectReason: string,
  fadesAt: number,
): Write => ({
  sql: spelled(
    store,
    'update thing_connectivity set connected = 0, timestamp = ?, disconnect_reason = ?, fades_at = ? where connected = 1',
  ),
  parameters: [timestamp, disconnectReason, fadesAt],
});

const toConnectivity = (row: ConnectivityRow): Connectivity => ({
  connected: row.connected === 1,
  timestamp: row.timestamp,
  ...(row.disconnect_reason !== null && { disconnectReason: row.disconnect_reason }),
  version: row.version,
});
