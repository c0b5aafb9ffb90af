/** Where destinations are kept. */
import type { Migration } from '../../store/migrations.ts';
import type { Position } from '../../store/pagination.ts';
import { queryBuilder, readAll, readFirst, write } from '../../store/query.ts';
import type { Store, Write } from '../../store/store.ts';
import type { Destination, DestinationStatus, InfluxDbTarget } from './destination.ts';

interface DestinationRow {
  realm: string;
  arn: string;
  /** By what it is one of its kind: the confirmed URL, or the ARN of an InfluxDB destination, of which an endpoint may have several. */
  confirmation_url: string;
  status: string;
  status_reason: string | null;
  confirmation_token: string;
  created_at: number;
  updated_at: number;
  /** `InfluxDbTarget` as JSON; null for HTTP. */
  influxdb: string | null;
}

interface DestinationTables {
  rule_destination: DestinationRow;
}

export const destinationMigration: Migration = {
  name: 'rules: destinations',
  statements: schema => [
    schema
      .createTable('rule_destination')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('arn', 'text', column => column.notNull())
      .addColumn('confirmation_url', 'text', column => column.notNull())
      .addColumn('status', 'text', column => column.notNull())
      .addColumn('status_reason', 'text')
      .addColumn('confirmation_token', 'text', column => column.notNull().unique())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('updated_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('rule_destination_arn', ['realm', 'arn'])
      .addUniqueConstraint('rule_destination_url', ['realm', 'confirmation_url']),
  ],
};

export const influxDbDestinationMigration: Migration = {
  name: 'rules: InfluxDB destinations',
  statements: schema => [schema.alterTable('rule_destination').addColumn('influxdb', 'text')],
};

const tables = (store: Store) => queryBuilder<DestinationTables>(store);

export async function readDestination(store: Store, realm: string, arn: string): Promise<Destination | undefined> {
  const query = tables(store).selectFrom('rule_destination').selectAll();
  const row = await readFirst(store, query.where('realm', '=', realm).where('arn', '=', arn));
  return row && toDestination(row);
}

export async function readDestinationByToken(
  store: Store,
  token: string,
): Promise<{ readonly realm: string; readonly destination: Destination } | undefined> {
  const query = tables(store).selectFrom('rule_destination').selectAll().where('confirmation_token', '=', token);
  const row = await readFirst(store, query);
  return row && { realm: row.realm, destination: toDestination(row) };
}

/** Destinations by ARN. */
export async function listDestinations(
  store: Store,
  realm: string,
  after: Position | undefined,
  limit: number,
): Promise<Destination[]> {
  let query = tables(store).selectFrom('rule_destination').selectAll().where('realm', '=', realm);
  if (after) query = query.where('arn', '>', after[0] as string);
  return (await readAll(store, query.orderBy('arn').limit(limit))).map(toDestination);
}

export const insertDestination = (store: Store, realm: string, destination: Destination): Write =>
  write(
    tables(store)
      .insertInto('rule_destination')
      .values({
        realm,
        arn: destination.arn,
        confirmation_url: destination.target.kind === 'http' ? destination.target.confirmationUrl : destination.arn,
        status: destination.status,
        status_reason: destination.statusReason ?? null,
        confirmation_token: destination.confirmationToken,
        created_at: destination.createdAt,
        updated_at: destination.lastUpdatedAt,
        influxdb: destination.target.kind === 'influxdb' ? JSON.stringify(destination.target) : null,
      }),
    1,
  );

/** Stale unless the stored destination still has the status and token of `from`. */
export const replaceDestination = (store: Store, realm: string, from: Destination, to: Destination): Write =>
  write(
    tables(store)
      .updateTable('rule_destination')
      .set({
        status: to.status,
        status_reason: to.statusReason ?? null,
        confirmation_token: to.confirmationToken,
        updated_at: to.lastUpdatedAt,
      })
      .where('realm', '=', realm)
      .where('arn', '=', from.arn)
      .where('status', '=', from.status)
      .where('confirmation_token', '=', from.confirmationToken),
    1,
  );

export const deleteDestination = (store: Store, realm: string, arn: string): Write =>
  write(tables(store).deleteFrom('rule_destination').where('realm', '=', realm).where('arn', '=', arn));

const toDestination = (row: DestinationRow): Destination => ({
  arn: row.arn,
  target:
    row.influxdb === null
      ? { kind: 'http', confirmationUrl: row.confirmation_url }
      : (JSON.parse(row.influxdb) as InfluxDbTarget),
  status: row.status as DestinationStatus,
  statusReason: row.status_reason ?? undefined,
  confirmationToken: row.confirmation_token,
  createdAt: row.created_at,
  lastUpdatedAt: row.updated_at,
});
