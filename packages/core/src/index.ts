/** AWS IoT's ideas as plain domain code. */
export { type Clock, systemClock } from './clock.ts';
export { ServiceError, type ServiceErrorName, ServiceErrorStatus } from './errors.ts';
export { type Change, type ChangeListener, Changes } from './events/changes.ts';
export { iotArn, partitionOf, type Realm, realmKey } from './realm.ts';
export type * from './store/store.ts';
