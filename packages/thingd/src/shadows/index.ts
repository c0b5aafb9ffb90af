/** Shadows in the program, and their history by the program's own API. */
export { RealmShadows, type ShadowSettings } from './realm-shadows.ts';
