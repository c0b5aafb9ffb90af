export { LifecycleEvents, type LifecycleEventsOptions } from './lifecycle-events.ts';
