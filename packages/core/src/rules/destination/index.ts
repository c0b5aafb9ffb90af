/** Destinations of actions: URLs, and InfluxDBs. */
export {
  covers,
  type Destination,
  type DestinationStatus,
  type DestinationTarget,
  type HttpTarget,
  type InfluxDbTarget,
} from './destination.ts';
export { type Challenge, Destinations } from './destination-service.ts';
export { destinationMigration, influxDbDestinationMigration } from './destination-store.ts';
