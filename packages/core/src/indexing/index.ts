/** Fleet indexing: searching and aggregating things and groups by everything known of them. */
export type { AggregationField, Bucket, Statistics } from './aggregate.ts';
export {
  type Field,
  type FieldType,
  type IndexName,
  managedFields,
  type ThingGroupIndexingConfiguration,
  type ThingIndexingConfiguration,
} from './configuration.ts';
export { ThingConnectivity } from './connectivity.ts';
export type {
  Connectivity,
  IndexDocument,
  ShadowDocument,
  ThingDocument,
  ThingGroupDocument,
} from './document.ts';
export {
  type AggregationQuery,
  FleetIndexing,
  type FleetIndexingOptions,
  type IndexDescription,
  type IndexingConfiguration,
  type IndexQuery,
} from './fleet-indexing.ts';
export type { AggregationType, FleetMetric, FleetMetricDefinition } from './fleet-metric-store.ts';
export {
  type CreateFleetMetric,
  type Datapoint,
  type FleetMetricListener,
  FleetMetrics,
  fleetMetricArn,
  type UpdateFleetMetric,
} from './fleet-metrics.ts';
export { fleetQueries } from './fleet-queries.ts';
export { type IndexedListener, Indexer, type IndexerOptions } from './indexer.ts';
export { awsIndexingLimits, type IndexingLimits, openIndexingLimits } from './limits.ts';
export type { IndexReader } from './plan.ts';
export { matches } from './query/evaluate.ts';
export { parseQuery, queryVersion } from './query/parse.ts';
export type { Query as SearchQuery } from './query/query.ts';
export { readThingDocuments } from './thing-documents.ts';
