export { type Fleet, type FleetOptions, openFleet } from './fleet.ts';
