/** Datapoints of fleet metrics on their way to CloudWatch, or whatever speaks its protocol. *AWS: Fleet metrics, "View in CloudWatch"*. */
import type { MetricDatum, StandardUnit } from '@aws-sdk/client-cloudwatch';
import { ActionFailure, type Datapoint, type FleetMetric } from '@thingd/core';
import { type AwsClients, askAws, cloudwatch } from '../rules/actions/aws/index.ts';

const namespace = 'IoTFleetMetrics';

/** Data of one PutMetricData; AWS takes 1,000. */
const batchSize = 500;

/** Data that wait while CloudWatch cannot be reached; the oldest go first. */
const mostWaiting = 10_000;

/** CloudWatch takes no greater value. *AWS: MetricDatum*, "in the range of -2^360 to 2^360". */
const greatest = 2 ** 360;

export interface CloudWatchMetricsOptions {
  readonly clients: AwsClients;
  /** Told when data cannot be sent, and not again until some could. */
  readonly failed: (error: unknown) => void;
}

export class CloudWatchMetrics {
  readonly #clients: AwsClients;
  readonly #failed: (error: unknown) => void;
  /** What has not been sent, by region. */
  readonly #waiting = new Map<string, MetricDatum[]>();
  #isFailing = false;

  constructor({ clients, failed }: CloudWatchMetricsOptions) {
    this.#clients = clients;
    this.#failed = failed;
  }

  /** Whether the environment names where to send to. AWS itself is named like any other: nobody is billed unasked. */
  static isConfigured(clients: AwsClients): boolean {
    return clients.endpointOf(cloudwatch.name) !== undefined;
  }

  /** Sent with the next `send`. `computedAt` in milliseconds since the epoch. */
  add(region: string, metric: FleetMetric, datapoints: readonly Datapoint[], computedAt: number): void {
    const waiting = this.#waiting.get(region) ?? [];
    for (const { name, value } of datapoints) {
      if (Math.abs(value) > greatest) continue;
      waiting.push({
        MetricName: metric.metricName,
        Dimensions: [{ Name: 'AggregationType', Value: name }],
        Value: value,
        Timestamp: new Date(computedAt),
        ...(metric.unit !== undefined && { Unit: metric.unit as StandardUnit }),
      });
    }
    waiting.splice(0, waiting.length - mostWaiting);
    this.#waiting.set(region, waiting);
  }

  /** Sends what waits. What nobody has taken waits for the next call; what was refused is given up. */
  async send(signal: AbortSignal): Promise<void> {
    for (const [region, waiting] of this.#waiting) {
      while (waiting.length > 0 && (await this.#put(region, waiting.slice(0, batchSize), signal))) {
        waiting.splice(0, batchSize);
      }
    }
  }

  /** False if it is to be tried again. */
  async #put(region: string, data: MetricDatum[], signal: AbortSignal): Promise<boolean> {
    try {
      await askAws(this.#clients, {
        service: cloudwatch,
        request: `PutMetricData ${namespace}`,
        region,
        signal,
        send: (client, options) => client.putMetricData({ Namespace: namespace, MetricData: data }, options),
      });
      this.#isFailing = false;
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (!this.#isFailing) this.#failed(error);
      this.#isFailing = true;
      return !(error instanceof ActionFailure && error.isTransient);
    }
  }
}
