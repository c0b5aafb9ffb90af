/** Fleet metrics. */
import { type FleetMetrics, fleetMetricArn } from '@thingd/core';
import type { FleetMetricUnit } from '../generated/iot.ts';
import type { IotHandlers } from './operation.ts';

export interface FleetMetricServices {
  readonly fleetMetrics: FleetMetrics;
}

export const fleetMetricOperations = ({ fleetMetrics }: FleetMetricServices): IotHandlers => ({
  async CreateFleetMetric(input, { realm }) {
    const { metricName } = await fleetMetrics.create(realm, input);
    return { metricName, metricArn: fleetMetricArn(realm, metricName) };
  },

  async DescribeFleetMetric({ metricName }, { realm }) {
    const { createdAt, modifiedAt, unit, ...metric } = await fleetMetrics.describe(realm, metricName);
    return {
      ...metric,
      aggregationType: { ...metric.aggregationType, values: metric.aggregationType.values ?? [] },
      unit: unit as FleetMetricUnit | undefined,
      creationDate: new Date(createdAt),
      lastModifiedDate: new Date(modifiedAt),
      metricArn: fleetMetricArn(realm, metricName),
    };
  },

  async UpdateFleetMetric(input, { realm }) {
    await fleetMetrics.update(realm, input);
  },

  async DeleteFleetMetric({ metricName, expectedVersion }, { realm }) {
    await fleetMetrics.delete(realm, metricName, expectedVersion);
  },

  async ListFleetMetrics(input, { realm }) {
    const { items, nextToken } = await fleetMetrics.list(realm, input);
    const metrics = items.map(({ metricName }) => ({ metricName, metricArn: fleetMetricArn(realm, metricName) }));
    return { fleetMetrics: metrics, nextToken };
  },
});
