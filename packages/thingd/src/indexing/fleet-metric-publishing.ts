/**
 * Fleet metrics made known: computed when they are due, shown in `/metrics`, and sent to CloudWatch where that is configured. Whoever
 * calls `publish` runs them; of several processes each metric is still published by one alone.
 */
import {
  type Changes,
  type Datapoint,
  type FleetMetricListener,
  type FleetMetrics,
  type Realm,
  realmKey,
} from '@thingd/core';
import type { CloudWatchMetrics } from './cloudwatch-metrics.ts';

export interface FleetMetricPublishingOptions {
  readonly fleetMetrics: FleetMetrics;
  readonly changes: Changes;
  /** Undefined sends nothing. */
  readonly cloudWatch: CloudWatchMetrics | undefined;
  /** Told when a metric cannot be computed, and not again until it could. */
  readonly failed: (error: unknown, where: string) => void;
}

/** One number of a metric, as it was last computed. */
export interface FleetMetricValue extends Datapoint {
  readonly realm: string;
  readonly metricName: string;
}

/** Metrics whose numbers are kept. */
const mostMetrics = 1000;

export class FleetMetricPublishing {
  readonly #options: FleetMetricPublishingOptions;
  /** By realm and name, as computed last. */
  readonly #values = new Map<string, readonly FleetMetricValue[]>();
  /** Those that could not be computed when they were last tried. */
  readonly #failing = new Set<string>();
  readonly #stopListening: () => void;

  constructor(options: FleetMetricPublishingOptions) {
    this.#options = options;
    this.#stopListening = options.changes.on(change => {
      if (change.kind !== 'fleetMetric') return;
      const key = keyOf(change.realm, change.metricName);
      this.#values.delete(key);
      this.#failing.delete(key);
    });
  }

  /** Never rejects. To be called once a minute: that is the shortest period. */
  async publish(signal: AbortSignal): Promise<void> {
    const { fleetMetrics, cloudWatch, failed } = this.#options;
    try {
      const listener: FleetMetricListener = {
        publish: (realm, metric, datapoints, computedAt) => {
          this.#failing.delete(keyOf(realm, metric.metricName));
          this.#keep(realm, metric.metricName, datapoints);
          cloudWatch?.add(realm.region, metric, datapoints, computedAt);
        },
        failed: (realm, { metricName }, error) => {
          const key = keyOf(realm, metricName);
          if (!this.#failing.has(key)) failed(error, `computing fleet metric \`${metricName}\` of ${realmKey(realm)}`);
          this.#failing.add(key);
        },
      };
      await fleetMetrics.tick(listener, signal);
    } catch (error) {
      failed(error, 'computing fleet metrics');
    }
    await cloudWatch?.send(signal);
  }

  /** Of the metrics there are, the numbers last computed. */
  *values(): Iterable<FleetMetricValue> {
    for (const values of this.#values.values()) yield* values;
  }

  close(): void {
    this.#stopListening();
  }

  #keep(realm: Realm, metricName: string, datapoints: readonly Datapoint[]): void {
    const key = keyOf(realm, metricName);
    if (!this.#values.has(key) && this.#values.size >= mostMetrics) return;
    this.#values.set(
      key,
      datapoints.map(datapoint => ({ realm: realmKey(realm), metricName, ...datapoint })),
    );
  }
}

const keyOf = (realm: Realm, metricName: string): string => `${realmKey(realm)} ${metricName}`;
