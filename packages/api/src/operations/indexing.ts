/** Fleet indexing: what is indexed, and what is asked of the indexes. */
import {
  type AggregationQuery,
  type FleetIndexing,
  type IndexDocument,
  managedFields,
  ServiceError,
  type ThingConnectivity,
  type ThingDocument,
} from '@thingd/core';
import type { DisconnectReasonValue } from '../generated/iot.ts';
import type { IotHandlers } from './operation.ts';

export interface IndexingServices {
  readonly fleetIndexing: FleetIndexing;
  readonly thingConnectivity: ThingConnectivity;
}

export const indexingOperations = ({ fleetIndexing, thingConnectivity }: IndexingServices): IotHandlers => ({
  async GetIndexingConfiguration(_, { realm }) {
    const { things, thingGroups } = await fleetIndexing.configuration(realm);
    return {
      thingIndexingConfiguration: { ...things, ...withManagedFields(things) },
      thingGroupIndexingConfiguration: { ...thingGroups, ...withManagedFields(thingGroups) },
    };
  },

  // Managed fields are AWS's to say: those of a configuration that was read and is sent back are passed over.
  async UpdateIndexingConfiguration({ thingIndexingConfiguration, thingGroupIndexingConfiguration }, { realm }) {
    const { managedFields: _, ...things } = thingIndexingConfiguration ?? {};
    const { managedFields: __, ...thingGroups } = thingGroupIndexingConfiguration ?? {};
    await fleetIndexing.updateConfiguration(realm, {
      ...('thingIndexingMode' in things && { things }),
      ...('thingGroupIndexingMode' in thingGroups && { thingGroups }),
    });
  },

  async ListIndices({ nextToken, maxResults }, { realm }) {
    const names = await fleetIndexing.list(realm);
    const rest = names.filter(name => nextToken === undefined || name > nextToken);
    const page = rest.slice(0, maxResults);
    return { indexNames: page, ...(page.length < rest.length && { nextToken: page.at(-1) }) };
  },

  async DescribeIndex({ indexName }, { realm }) {
    return fleetIndexing.describe(realm, indexName);
  },

  async SearchIndex(input, { realm }) {
    const { items, nextToken } = await fleetIndexing.search(realm, input);
    return input.indexName === 'AWS_ThingGroups'
      ? { thingGroups: items.map(groupOf), nextToken }
      : { things: items.map(thingOf), nextToken };
  },

  async GetStatistics(input, { realm }) {
    return { statistics: await fleetIndexing.statistics(realm, aggregation(input)) };
  },

  async GetPercentiles(input, { realm }) {
    return { percentiles: await fleetIndexing.percentiles(realm, { ...aggregation(input), percents: input.percents }) };
  },

  async GetCardinality(input, { realm }) {
    return { cardinality: await fleetIndexing.cardinality(realm, aggregation(input)) };
  },

  async GetBucketsAggregation({ bucketsAggregationType, ...input }, { realm }) {
    const { termsAggregation } = bucketsAggregationType;
    if (termsAggregation === undefined) {
      throw new ServiceError('InvalidAggregationException', '`bucketsAggregationType` needs a `termsAggregation`');
    }
    return fleetIndexing.buckets(realm, { ...aggregation(input), maxBuckets: termsAggregation.maxBuckets });
  },

  async GetThingConnectivityData({ thingName }, { realm }) {
    const { things } = await fleetIndexing.configuration(realm);
    if (things.thingConnectivityIndexingMode !== 'STATUS') {
      throw new ServiceError(
        'IndexNotReadyException',
        'connectivity is not indexed: `thingConnectivityIndexingMode` is OFF',
      );
    }
    const { connected, timestamp, disconnectReason } = await thingConnectivity.describe(realm, thingName);
    return {
      thingName,
      connected,
      timestamp: timestamp === undefined ? undefined : new Date(timestamp),
      disconnectReason: connected ? 'NONE' : (disconnectReason as DisconnectReasonValue | undefined),
    };
  },
});

const aggregation = ({
  indexName,
  queryString,
  queryVersion,
  aggregationField,
}: AggregationQuery): AggregationQuery => ({
  indexName,
  queryString,
  queryVersion,
  aggregationField,
});

function withManagedFields(configuration: Parameters<typeof managedFields>[0]) {
  const fields = managedFields(configuration);
  return fields.length > 0 ? { managedFields: fields } : {};
}

function thingOf(document: IndexDocument) {
  if (document.kind !== 'thing') throw new Error('a group is no thing');
  const { thingName, thingId, thingTypeName, thingGroupNames, attributes } = document;
  return {
    thingName,
    thingId,
    thingTypeName,
    thingGroupNames,
    attributes,
    shadow: document.shadow && JSON.stringify(document.shadow),
    deviceDefender: document.deviceDefender && JSON.stringify(document.deviceDefender),
    connectivity: document.connectivity && connectivityOf(document.connectivity),
  };
}

const connectivityOf = ({ connected, timestamp, disconnectReason }: NonNullable<ThingDocument['connectivity']>) => ({
  connected,
  timestamp,
  disconnectReason,
});

function groupOf(document: IndexDocument) {
  if (document.kind !== 'thingGroup') throw new Error('a thing is no group');
  const { thingGroupName, thingGroupId, thingGroupDescription, attributes, parentGroupNames } = document;
  return { thingGroupName, thingGroupId, thingGroupDescription, attributes, parentGroupNames };
}
