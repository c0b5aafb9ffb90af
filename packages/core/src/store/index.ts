export * from './migrations.ts';
export * from './pagination.ts';
export * from './query.ts';
export * from './retry.ts';
export * from './schema.ts';
export * from './store.ts';
