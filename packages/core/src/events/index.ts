export * from './changes.ts';
export {
  EventConfigurations,
  type EventConfigurationsOfRealm,
  type EventType,
  eventTypes,
} from './event-configuration.ts';
export * from './lifecycle.ts';
export { type Departure, Presence, type PresenceOptions } from './presence.ts';
export { startPresenceRun } from './presence-store.ts';
export { RegistryAnnouncer, type RegistryAnnouncerOptions } from './registry-announcer.ts';
