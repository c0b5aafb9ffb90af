/**
 * The whole schema: every domain folder's migrations, in the order they are run: a table comes after those it refers to.
 * Migrations that are released never change; what comes later is appended to its folder's.
 */
import { membershipMigrations } from '../registry/membership-store.ts';
import { thingGroupMigrations } from '../registry/thing-group-store.ts';
import { thingPrincipalMigrations } from '../registry/thing-principal-store.ts';
import { thingMigrations } from '../registry/thing-store.ts';
import { thingTypeMigrations } from '../registry/thing-type-store.ts';
import { tagMigrations } from '../tags/tag-store.ts';
import type { Migration } from './migrations.ts';

export const schema: readonly Migration[] = [
  ...thingTypeMigrations,
  ...thingMigrations,
  ...thingPrincipalMigrations,
  ...thingGroupMigrations,
  ...membershipMigrations,
  ...tagMigrations,
];
