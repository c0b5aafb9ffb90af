export * from './attributes.ts';
export * from './limits.ts';
export * from './principal.ts';
export * from './thing.ts';
export * from './thing-principal-service.ts';
export type { ThingPrincipal, ThingPrincipalType } from './thing-principal-store.ts';
export * from './thing-service.ts';
export * from './thing-type.ts';
export * from './thing-type-service.ts';
