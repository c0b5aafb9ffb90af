export * from './clock.ts';
export type * from './domain.ts';
export * from './errors.ts';
export * from './events/changes.ts';
export * from './realm.ts';
export * from './registry/index.ts';
export * from './store/index.ts';
export * from './store/schema.ts';
export * from './tags/index.ts';
