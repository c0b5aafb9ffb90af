export * from './clock.ts';
export * from './errors.ts';
export * from './events/changes.ts';
export * from './realm.ts';
export * from './store/index.ts';
