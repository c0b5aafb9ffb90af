/** Where thing types are kept. */
import type { Migration } from '../store/migrations.ts';
import type { Position } from '../store/pagination.ts';
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { ThingType } from './thing-type.ts';

export interface ThingTypeTables {
  thing_type: ThingTypeRow;
}

interface ThingTypeRow {
  realm: string;
  thing_type_name: string;
  thing_type_id: string;
  /** JSON of the normalized properties. */
  properties: string;
  created_at: number;
  deprecated_at: number | null;
}

export const thingTypeMigration: Migration = {
  name: 'registry: thing types',
  statements: schema => [
    schema
      .createTable('thing_type')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('thing_type_name', 'text', column => column.notNull())
      .addColumn('thing_type_id', 'text', column => column.notNull())
      .addColumn('properties', 'text', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('deprecated_at', 'bigint')
      .addPrimaryKeyConstraint('thing_type_key', ['realm', 'thing_type_name']),
  ],
};

export async function readThingType(
  store: Store,
  realm: string,
  thingTypeName: string,
): Promise<ThingType | undefined> {
  const query = queryBuilder<ThingTypeTables>(store)
    .selectFrom('thing_type')
    .selectAll()
    .where('realm', '=', realm)
    .where('thing_type_name', '=', thingTypeName);
  const row = await readFirst(store, query);
  return row && toThingType(row);
}

export async function listThingTypes(
  store: Store,
  realm: string,
  filter: { thingTypeName?: string | undefined },
  after: Position | undefined,
  limit: number,
): Promise<ThingType[]> {
  const query = queryBuilder<ThingTypeTables>(store)
    .selectFrom('thing_type')
    .selectAll()
    .where('realm', '=', realm)
    .$if(filter.thingTypeName !== undefined, all => all.where('thing_type_name', '=', filter.thingTypeName!))
    .$if(after !== undefined, all => all.where('thing_type_name', '>', after![0] as string))
    .orderBy('thing_type_name')
    .limit(limit);
  return (await readAll(store, query)).map(toThingType);
}

export const insertThingType = (store: Store, realm: string, type: ThingType): Write =>
  write(queryBuilder<ThingTypeTables>(store).insertInto('thing_type').values(toRow(realm, type)), 1);

/** Stale unless the stored thing type is still as `present`. */
export const replaceThingType = (store: Store, realm: string, present: ThingType, type: ThingType): Write =>
  write(
    queryBuilder<ThingTypeTables>(store)
      .updateTable('thing_type')
      .set({ properties: JSON.stringify(type.properties), deprecated_at: type.deprecatedAt ?? null })
      .where('realm', '=', realm)
      .where('thing_type_id', '=', type.thingTypeId)
      .where('thing_type_name', '=', type.thingTypeName)
      .where('properties', '=', JSON.stringify(present.properties))
      .where(({ eb }) =>
        present.deprecatedAt === undefined
          ? eb('deprecated_at', 'is', null)
          : eb('deprecated_at', '=', present.deprecatedAt),
      ),
    1,
  );

/** Stale while things are of this type, and unless it is deprecated since the time that was read. */
export const deleteThingType = (
  store: Store,
  realm: string,
  type: ThingType & { readonly deprecatedAt: number },
): Write =>
  write(
    queryBuilder<ThingTypeTables>(store)
      .deleteFrom('thing_type')
      .where('realm', '=', realm)
      .where('thing_type_name', '=', type.thingTypeName)
      .where('thing_type_id', '=', type.thingTypeId)
      .where('deprecated_at', '=', type.deprecatedAt),
    1,
  );

const toRow = (realm: string, type: ThingType): ThingTypeRow => ({
  realm,
  thing_type_name: type.thingTypeName,
  thing_type_id: type.thingTypeId,
  properties: JSON.stringify(type.properties),
  created_at: type.createdAt,
  deprecated_at: type.deprecatedAt ?? null,
});

const toThingType = (row: ThingTypeRow): ThingType => ({
  thingTypeName: row.thing_type_name,
  thingTypeId: row.thing_type_id,
  properties: JSON.parse(row.properties),
  createdAt: row.created_at,
  deprecatedAt: row.deprecated_at ?? undefined,
});
