/** Shadows in the program, and their history by the program's own API. */
export { historyRoutes, type VersionsAnswer } from './history-routes.ts';
export { RealmShadows, type ShadowSettings } from './realm-shadows.ts';
