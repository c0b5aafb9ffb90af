/**
 * The whole schema: every domain folder's migrations, in the order they are run. New ones are appended; those released never
 * change and never move.
 */
import { thingPrincipalMigration } from '../registry/thing-principal-store.ts';
import { thingMigration } from '../registry/thing-store.ts';
import { thingTypeMigration } from '../registry/thing-type-store.ts';
import { tagMigration } from '../tags/tag-store.ts';
import type { Migration } from './migrations.ts';

export const schema: readonly Migration[] = [thingTypeMigration, thingMigration, thingPrincipalMigration, tagMigration];
