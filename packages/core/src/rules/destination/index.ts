/** Destinations of HTTP actions. */
export { covers, type Destination, type DestinationStatus } from './destination.ts';
export { Destinations, type SendChallenge } from './destination-service.ts';
export { destinationMigration } from './destination-store.ts';
