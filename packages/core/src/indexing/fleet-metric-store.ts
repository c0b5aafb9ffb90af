/** Where fleet metrics are kept. */
import type { Migration } from '../store/migrations.ts';
import type { Position } from '../store/pagination.ts';
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';

export interface FleetMetricDefinition {
  readonly queryString: string;
  readonly indexName: string;
  readonly queryVersion: string;
  readonly aggregationField: string;
  readonly aggregationType: AggregationType;
  /** Seconds, in whole minutes. */
  readonly period: number;
  readonly description?: string | undefined;
  /** One of CloudWatch's units. */
  readonly unit?: string | undefined;
}

export interface AggregationType {
  readonly name: 'Statistics' | 'Percentiles' | 'Cardinality';
  /** Which of the aggregation's numbers to take: `count`, `average` … or percents. */
  readonly values?: readonly string[] | undefined;
}

export interface FleetMetric extends FleetMetricDefinition {
  readonly metricName: string;
  /** 1 at creation, one more with each update. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly modifiedAt: number;
}

interface FleetMetricTables {
  fleet_metric: {
    realm: string;
    metric_name: string;
    /** JSON object. */
    definition: string;
    version: number;
    created_at: number;
    modified_at: number;
    computed_for: number;
  };
}

export const fleetMetricMigration: Migration = {
  name: 'indexing: fleet metrics',
  statements: schema => [
    schema
      .createTable('fleet_metric')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('metric_name', 'text', column => column.notNull())
      .addColumn('definition', 'text', column => column.notNull())
      .addColumn('version', 'bigint', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('modified_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('fleet_metric_key', ['realm', 'metric_name']),
  ],
};

/** When the last period began that a metric was computed for, in milliseconds since the epoch. */
export const fleetMetricScheduleMigration: Migration = {
  name: 'indexing: what fleet metrics were last computed for',
  statements: schema => [
    schema.alterTable('fleet_metric').addColumn('computed_for', 'bigint', column => column.notNull().defaultTo(0)),
  ],
};

const tables = (store: Store) => queryBuilder<FleetMetricTables>(store);

export async function readFleetMetric(store: Store, realm: string, name: string): Promise<FleetMetric | undefined> {
  const query = tables(store)
    .selectFrom('fleet_metric')
    .selectAll()
    .where('realm', '=', realm)
    .where('metric_name', '=', name);
  const row = await readFirst(store, query);
  return row && toMetric(row);
}

/** A realm's metrics by name. */
export async function listFleetMetrics(
  store: Store,
  realm: string,
  after: Position | undefined,
  limit: number,
): Promise<FleetMetric[]> {
  let query = tables(store).selectFrom('fleet_metric').selectAll().where('realm', '=', realm);
  if (after) query = query.where('metric_name', '>', after[0] as string);
  return (await readAll(store, query.orderBy('metric_name').limit(limit))).map(toMetric);
}

/** Every realm's, with when the last period began that each was computed for. */
export async function allFleetMetrics(
  store: Store,
): Promise<{ realm: string; metric: FleetMetric; computedFor: number }[]> {
  const rows = await readAll(store, tables(store).selectFrom('fleet_metric').selectAll().orderBy('metric_name'));
  return rows.map(row => ({ realm: row.realm, metric: toMetric(row), computedFor: row.computed_for }));
}

/** Stale if the stored metric has another version, or was computed for that period already. */
export const noteComputed = (store: Store, realm: string, metric: FleetMetric, computedFor: number): Write =>
  write(
    tables(store)
      .updateTable('fleet_metric')
      .set({ computed_for: computedFor })
      .where('realm', '=', realm)
      .where('metric_name', '=', metric.metricName)
      .where('version', '=', metric.version)
      .where('computed_for', '<', computedFor),
    1,
  );

export const insertFleetMetric = (store: Store, realm: string, metric: FleetMetric): Write =>
  write(
    tables(store)
      .insertInto('fleet_metric')
      .values({
        realm,
        metric_name: metric.metricName,
        created_at: metric.createdAt,
        computed_for: metric.createdAt,
        ...changing(metric),
      }),
    1,
  );

/** Stale unless the stored metric still has the version just before this one's. */
export const replaceFleetMetric = (store: Store, realm: string, metric: FleetMetric): Write =>
  write(
    tables(store)
      .updateTable('fleet_metric')
      .set(changing(metric))
      .where('realm', '=', realm)
      .where('metric_name', '=', metric.metricName)
      .where('version', '=', metric.version - 1),
    1,
  );

/** Stale unless the stored metric has this version. */
export const deleteFleetMetric = (store: Store, realm: string, { metricName, version }: FleetMetric): Write =>
  write(
    tables(store)
      .deleteFrom('fleet_metric')
      .where('realm', '=', realm)
      .where('metric_name', '=', metricName)
      .where('version', '=', version),
    1,
  );

const changing = ({ metricName: _, version, createdAt: __, modifiedAt, ...definition }: FleetMetric) => ({
  definition: JSON.stringify(definition),
  version,
  modified_at: modifiedAt,
});

const toMetric = (row: FleetMetricTables['fleet_metric']): FleetMetric => ({
  ...JSON.parse(row.definition),
  metricName: row.metric_name,
  version: row.version,
  createdAt: row.created_at,
  modifiedAt: row.modified_at,
});
