/** Which things are connected, or when and why they last were not: one row a thing, under the client id that is its name. */
import type { Migration } from '../store/migrations.ts';
import type { Store, Write } from '../store/store.ts';
import type { Connectivity } from './document.ts';
import { readPieces, spelled } from './statements.ts';

interface ConnectivityRow {
  thing_name: string;
  connected: number;
  timestamp: number;
  disconnect_reason: string | null;
  version: number;
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

/** Does nothing where there is no such thing: other clients are not of the fleet. */
export const writeConnectivity = (store: Store, realm: string, thingName: string, state: Connectivity): Write => ({
  sql: spelled(
    store,
    'insert into thing_connectivity (realm, thing_name, connected, timestamp, disconnect_reason, version) ' +
      'select realm, thing_name, cast(? as integer), cast(? as bigint), cast(? as text), cast(? as bigint) ' +
      'from thing where realm = ? and thing_name = ? on conflict (realm, thing_name) do update set ' +
      'connected = excluded.connected, timestamp = excluded.timestamp, ' +
      'disconnect_reason = excluded.disconnect_reason, version = excluded.version',
  ),
  parameters: [
    Number(state.connected),
    state.timestamp,
    state.disconnectReason ?? null,
    state.version,
    realm,
    thingName,
  ],
});

export async function readConnectivity(
  store: Store,
  realm: string,
  thingNames: readonly string[],
): Promise<Map<string, Connectivity>> {
  const text =
    'select thing_name, connected, timestamp, disconnect_reason, version from thing_connectivity ' +
    'where realm = ? and thing_name in (…)';
  const rows = await readPieces<ConnectivityRow>(store, text, [realm], thingNames);
  return new Map(rows.map(row => [row.thing_name, toConnectivity(row)]));
}

/** Of all realms, those that are still marked as connected: after a crash nobody is. */
export async function listConnected(store: Store): Promise<{ realm: string; thingName: string }[]> {
  const rows = await store.all<{ realm: string; thing_name: string }>({
    sql: 'select realm, thing_name from thing_connectivity where connected = 1',
    parameters: [],
  });
  return rows.map(({ realm, thing_name }) => ({ realm, thingName: thing_name }));
}

export const markDisconnected = (store: Store, timestamp: number, disconnectReason: string): Write => ({
  sql: spelled(
    store,
    'update thing_connectivity set connected = 0, timestamp = ?, disconnect_reason = ? where connected = 1',
  ),
  parameters: [timestamp, disconnectReason],
});

const toConnectivity = (row: ConnectivityRow): Connectivity => ({
  connected: row.connected === 1,
  timestamp: row.timestamp,
  ...(row.disconnect_reason !== null && { disconnectReason: row.disconnect_reason }),
  version: row.version,
});
