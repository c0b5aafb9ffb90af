/** Use-cases of fleet metrics: aggregations that are taken again and again. *AWS: Fleet metrics*. */
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { iotArn, type Realm, realmKey, realmOfKey } from '../realm.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import { StaleWrite } from '../store/store.ts';
import { checkTags, type Tag } from '../tags/tag.ts';
import { deleteAllTags, putTags } from '../tags/tag-store.ts';
import type { Statistics } from './aggregate.ts';
import type { FleetIndexing } from './fleet-indexing.ts';
import {
  type AggregationType,
  allFleetMetrics,
  deleteFleetMetric,
  type FleetMetric,
  type FleetMetricDefinition,
  insertFleetMetric,
  listFleetMetrics,
  noteComputed,
  readFleetMetric,
  replaceFleetMetric,
} from './fleet-metric-store.ts';
import { queryVersion } from './query/parse.ts';

type Defaulted = 'indexName' | 'queryVersion';

export interface CreateFleetMetric
  extends Omit<FleetMetricDefinition, Defaulted>,
    Partial<Pick<FleetMetricDefinition, Defaulted>> {
  readonly metricName: string;
  readonly tags?: readonly Tag[] | undefined;
}

export interface UpdateFleetMetric extends Partial<FleetMetricDefinition> {
  readonly metricName: string;
  readonly expectedVersion?: number | undefined;
}

/** One number of a metric, as CloudWatch would take it. */
export interface Datapoint {
  /** `count`, `average` …, a percent, or `cardinality`. */
  readonly name: string;
  readonly value: number;
}

export const fleetMetricArn = (realm: Realm, metricName: string): string => iotArn(realm, `fleetmetric/${metricName}`);

const listing: Listing<FleetMetric> = {
  name: 'fleet metrics',
  order: ['string'],
  position: metric => [metric.metricName],
};

const statistics: readonly (keyof Statistics)[] = [
  ...(['count', 'average', 'sum', 'minimum', 'maximum', 'sumOfSquares', 'variance', 'stdDeviation'] as const),
];

/** Told what became of each metric that was due. */
export interface FleetMetricListener {
  /** `computedAt` in milliseconds since the epoch. */
  publish(realm: Realm, metric: FleetMetric, datapoints: readonly Datapoint[], computedAt: number): void;
  failed(realm: Realm, metric: FleetMetric, error: unknown): void;
}

export class FleetMetrics {
  readonly #domain: Domain;
  readonly #indexing: FleetIndexing;
  readonly #limits: { readonly tagsOfResource: number };

  constructor(
    domain: Domain,
    indexing: FleetIndexing,
    limits: { readonly tagsOfResource: number } = { tagsOfResource: 50 },
  ) {
    this.#domain = domain;
    this.#indexing = indexing;
    this.#limits = limits;
  }

  /**
   * Creating a metric again as it is returns the present one. Throws what its query and its aggregation would, and
   * `ResourceAlreadyExistsException` for a metric of that name that differs.
   */
  async create(realm: Realm, { metricName, tags = [], ...input }: CreateFleetMetric): Promise<FleetMetric> {
    const { store, clock } = this.#domain;
    checkTags(tags, this.#limits);
    const definition = {
      ...input,
      indexName: input.indexName ?? 'AWS_Things',
      queryVersion: input.queryVersion ?? queryVersion,
    };
    await this.#check(realm, definition);
    return retryStale(async () => {
      const present = await readFleetMetric(store, realmKey(realm), metricName);
      if (present) {
        if (isSame(present, definition)) return present;
        throw new ServiceError(
          'ResourceAlreadyExistsException',
          `fleet metric \`${metricName}\` exists with another definition`,
          {
            resourceId: metricName,
            resourceArn: fleetMetricArn(realm, metricName),
          },
        );
      }
      const now = clock.now();
      const metric = { ...definition, metricName, version: 1, createdAt: now, modifiedAt: now };
      await store.commit([
        insertFleetMetric(store, realmKey(realm), metric),
        ...putTags(store, realmKey(realm), fleetMetricArn(realm, metricName), tags),
      ]);
      return metric;
    });
  }

  /** Throws `ResourceNotFoundException`. */
  async describe(realm: Realm, metricName: string): Promise<FleetMetric> {
    const metric = await readFleetMetric(this.#domain.store, realmKey(realm), metricName);
    if (!metric) throw new ServiceError('ResourceNotFoundException', `fleet metric \`${metricName}\` not found`);
    return metric;
  }

  /** What is not given stays. Throws as `create` does, `ResourceNotFoundException` and `VersionConflictException`. */
  update(realm: Realm, { metricName, expectedVersion, ...input }: UpdateFleetMetric): Promise<FleetMetric> {
    const { store, clock, changes } = this.#domain;
    return retryStale(async () => {
      const present = await this.describe(realm, metricName);
      checkVersion(present, expectedVersion);
      const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
      const metric = { ...present, ...given, version: present.version + 1, modifiedAt: clock.now() };
      await this.#check(realm, metric);
      await store.commit([replaceFleetMetric(store, realmKey(realm), metric)]);
      changes.emit({ kind: 'fleetMetric', realm, metricName });
      return metric;
    });
  }

  /** Deleting a metric that does not exist succeeds. Throws `VersionConflictException`. */
  delete(realm: Realm, metricName: string, expectedVersion?: number): Promise<void> {
    const { store, changes } = this.#domain;
    return retryStale(async () => {
      const present = await readFleetMetric(store, realmKey(realm), metricName);
      if (!present) return;
      checkVersion(present, expectedVersion);
      await store.commit([
        deleteFleetMetric(store, realmKey(realm), present),
        deleteAllTags(store, realmKey(realm), fleetMetricArn(realm, metricName)),
      ]);
      changes.emit({ kind: 'fleetMetric', realm, metricName });
    });
  }

  list(realm: Realm, request: PageRequest): Promise<Page<FleetMetric>> {
    return readPage(listing, request, (after, limit) =>
      listFleetMetrics(this.#domain.store, realmKey(realm), after, limit),
    );
  }

  /** A metric's numbers now. What no thing has a value for has no number, but a count of 0. (AWS: Troubleshooting fleet metrics) */
  async compute(realm: Realm, metric: FleetMetricDefinition): Promise<Datapoint[]> {
    const { name, values = [] } = metric.aggregationType;
    switch (name) {
      case 'Statistics': {
        const all: Statistics = await this.#indexing.statistics(realm, metric);
        const wanted = statistics.filter(key => values.length === 0 || values.includes(key));
        return wanted.flatMap(key => (all[key] === undefined ? [] : [{ name: key, value: all[key] }]));
      }
      case 'Percentiles': {
        const percents = values.length === 0 ? undefined : values.map(Number);
        const pairs = await this.#indexing.percentiles(realm, { ...metric, percents });
        return pairs.map(({ percent, value }) => ({ name: String(percent), value }));
      }
      case 'Cardinality':
        return [{ name: 'cardinality', value: await this.#indexing.cardinality(realm, metric) }];
    }
  }

  /**
   * Computes the metrics that are due and gives each to `publish`. Periods are counted from the epoch, as CloudWatch counts its own; a
   * metric is due once in each, when it begins or as soon after as the program runs. Of several processes one publishes it. A metric
   * that fails, as its index may be off by now, goes to `failed` alone, and is tried again with the next call. What is not done when
   * `signal` aborts is left to the next call too.
   */
  async tick({ publish, failed }: FleetMetricListener, signal?: AbortSignal): Promise<void> {
    const { store, clock } = this.#domain;
    for (const { realm: key, metric, computedFor } of await allFleetMetrics(store)) {
      const period = metric.period * 1000;
      const now = clock.now();
      const due = Math.floor(now / period) * period;
      if (signal?.aborted) return;
      if (due <= computedFor) continue;
      const realm = realmOfKey(key);
      try {
        const datapoints = await this.compute(realm, metric);
        await store.commit([noteComputed(store, key, metric, due)]);
        publish(realm, metric, datapoints, now);
      } catch (error) {
        // Another process has published it, or it was changed or deleted while it was computed.
        if (!(error instanceof StaleWrite)) failed(realm, metric, error);
      }
    }
  }

  async #check(realm: Realm, metric: FleetMetricDefinition): Promise<void> {
    if (metric.period % 60 !== 0) throw invalid(`\`period\` of ${metric.period} seconds is not in whole minutes`);
    checkValues(metric.aggregationType);
    await this.compute(realm, metric);
  }
}

function checkValues({ name, values = [] }: AggregationType): void {
  const allowed: Record<AggregationType['name'], (value: string) => boolean> = {
    Statistics: value => statistics.includes(value as keyof Statistics),
    Percentiles: value => /^\d+(?:\.\d+)?$/.test(value) && Number(value) <= 100,
    Cardinality: value => value === 'cardinality',
  };
  const wrong = values.find(value => !allowed[name](value));
  if (wrong !== undefined) throw invalid(`\`${wrong}\` is no value of the aggregation type ${name}`);
}

function checkVersion(metric: FleetMetric, expectedVersion: number | undefined): void {
  if (expectedVersion === undefined || expectedVersion === metric.version) return;
  throw new ServiceError(
    'VersionConflictException',
    `fleet metric \`${metric.metricName}\` has version ${metric.version}, not the expected ${expectedVersion}`,
  );
}

const isSame = (metric: FleetMetric, definition: FleetMetricDefinition): boolean =>
  JSON.stringify(definitionOf(metric)) === JSON.stringify(definitionOf(definition));

const definitionOf = (metric: FleetMetricDefinition): readonly unknown[] => [
  ...[metric.queryString, metric.indexName, metric.queryVersion, metric.aggregationField],
  ...[metric.aggregationType.name, metric.aggregationType.values, metric.period, metric.description, metric.unit],
];

const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
