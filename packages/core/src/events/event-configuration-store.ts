/** Which kinds of event a realm has switched on or off; a kind without a row is off. */
import { sql } from 'kysely';
import type { Migration } from '../store/migrations.ts';
import { queryBuilder, readAll, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { EventType } from './event-configuration.ts';

interface EventConfigurationTables {
  event_configuration: {
    realm: string;
    event_type: EventType;
    /** 0 or 1. */
    enabled: number;
    created_at: number;
    modified_at: number;
  };
}

export const eventConfigurationMigration: Migration = {
  name: 'events: configurations',
  statements: schema => [
    schema
      .createTable('event_configuration')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('event_type', 'text', column => column.notNull())
      .addColumn('enabled', 'integer', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('modified_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('event_configuration_key', ['realm', 'event_type']),
  ],
};

export interface StoredEventConfiguration {
  readonly eventType: EventType;
  readonly enabled: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export async function readEventConfigurations(store: Store, realm: string): Promise<StoredEventConfiguration[]> {
  const query = queryBuilder<EventConfigurationTables>(store)
    .selectFrom('event_configuration')
    .selectAll()
    .where('realm', '=', realm);
  return (await readAll(store, query)).map(row => ({
    eventType: row.event_type,
    enabled: row.enabled === 1,
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
  }));
}

/** Sets one kind; the time it was first set stays. */
export const putEventConfiguration = (
  store: Store,
  realm: string,
  eventType: EventType,
  enabled: boolean,
  now: number,
): Write =>
  write(
    queryBuilder<EventConfigurationTables>(store)
      .insertInto('event_configuration')
      .values({ realm, event_type: eventType, enabled: enabled ? 1 : 0, created_at: now, modified_at: now })
      .onConflict(conflict =>
        conflict.columns(['realm', 'event_type']).doUpdateSet({
          enabled: sql.ref('excluded.enabled'),
          modified_at: sql.ref('excluded.modified_at'),
        }),
      ),
    1,
  );
