export * from './tag.ts';
export * from './tag-service.ts';
