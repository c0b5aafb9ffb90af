/** Where things are kept: one row each, and one row per attribute to find them by. */
import { spelled } from '../store/hand-written.ts';
import type { Migration } from '../store/migrations.ts';
import type { Position } from '../store/pagination.ts';
import { queryBuilder, readAll, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { Attributes } from './attributes.ts';
import type { Thing } from './thing.ts';

export interface ThingTables {
  thing: ThingRow;
  thing_attribute: { realm: string; thing_name: string; attribute_name: string; attribute_value: string };
}

export interface ThingRow {
  realm: string;
  thing_name: string;
  thing_id: string;
  thing_type_name: string | null;
  /** JSON object. */
  attributes: string;
  version: number;
  /** One more with each change of the thing's group memberships. */
  membership_version: number;
  created_at: number;
  billing_group_name: string | null;
}

export const thingMigration: Migration = {
  name: 'registry: things',
  statements: schema => [
    schema
      .createTable('thing')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('thing_name', 'text', column => column.notNull())
      .addColumn('thing_id', 'text', column => column.notNull())
      .addColumn('thing_type_name', 'text')
      .addColumn('attributes', 'text', column => column.notNull())
      .addColumn('version', 'bigint', column => column.notNull())
      .addColumn('membership_version', 'bigint', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('thing_key', ['realm', 'thing_name'])
      .addForeignKeyConstraint('thing_has_type', ['realm', 'thing_type_name'], 'thing_type', [
        'realm',
        'thing_type_name',
      ]),
    schema.createIndex('thing_by_type').on('thing').columns(['realm', 'thing_type_name', 'thing_name']),
    schema
      .createTable('thing_attribute')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('thing_name', 'text', column => column.notNull())
      .addColumn('attribute_name', 'text', column => column.notNull())
      .addColumn('attribute_value', 'text', column => column.notNull())
      .addPrimaryKeyConstraint('thing_attribute_key', ['realm', 'thing_name', 'attribute_name'])
      .addForeignKeyConstraint(
        'thing_attribute_of_thing',
        ['realm', 'thing_name'],
        'thing',
        ['realm', 'thing_name'],
        constraint => constraint.onDelete('cascade'),
      ),
    schema
      .createIndex('thing_attribute_by_value')
      .on('thing_attribute')
      .columns(['realm', 'attribute_name', 'attribute_value', 'thing_name']),
  ],
};

export interface ThingFilter {
  readonly thingTypeName?: string | undefined;
  readonly attributeName?: string | undefined;
  readonly attributeValue?: string | undefined;
  /** `attributeValue` is the beginning of the value, not all of it. */
  readonly usePrefixAttributeValue?: boolean | undefined;
}

/** Things by name, as far as they pass the filter. */
export async function listThings(
  store: Store,
  realm: string,
  filter: ThingFilter,
  after: Position | undefined,
  limit: number,
): Promise<Thing[]> {
  const { thingTypeName, attributeName, attributeValue, usePrefixAttributeValue } = filter;
  let query = queryBuilder<ThingTables>(store).selectFrom('thing').selectAll('thing').where('thing.realm', '=', realm);
  if (thingTypeName !== undefined) query = query.where('thing.thing_type_name', '=', thingTypeName);
  if (attributeName !== undefined) {
    query = query.where(thing =>
      thing.exists(
        thing
          .selectFrom('thing_attribute')
          .select('thing_attribute.thing_name')
          .whereRef('thing_attribute.thing_name', '=', 'thing.thing_name')
          .where('thing_attribute.realm', '=', realm)
          .where('attribute_name', '=', attributeName)
          .$if(attributeValue !== undefined, attribute =>
            usePrefixAttributeValue
              ? attribute.where(({ eb, fn, val }) =>
                  eb(fn('substr', ['attribute_value', val(1), val(attributeValue!.length)]), '=', attributeValue),
                )
              : attribute.where('attribute_value', '=', attributeValue!),
          ),
      ),
    );
  }
  if (after) query = query.where('thing.thing_name', '>', after[0] as string);
  return (await readAll(store, query.orderBy('thing.thing_name').limit(limit))).map(toThing);
}

export async function readThing(store: Store, realm: string, thingName: string): Promise<Thing | undefined> {
  const row = await readRow(store, realm, thingName);
  return row && toThing(row);
}

export const thingExists = async (store: Store, realm: string, thingName: string): Promise<boolean> =>
  (await readThing(store, realm, thingName)) !== undefined;

/** The version a change of the thing's memberships must find; `undefined` when there is no such thing. */
export const readMembershipVersion = async (
  store: Store,
  realm: string,
  thingName: string,
): Promise<number | undefined> => (await readRow(store, realm, thingName))?.membership_version;

// A fleet that registers itself does little else than these: to have them compiled each time cost a tenth of such a call.
// (`bench/registry.ts`)

async function readRow(store: Store, realm: string, thingName: string): Promise<ThingRow | undefined> {
  const sql = spelled(store, 'select * from thing where realm = ? and thing_name = ?');
  return (await store.all<ThingRow>({ sql, parameters: [realm, thingName] }))[0];
}

export function insertThing(store: Store, realm: string, thing: Thing): Write[] {
  const insert = {
    sql: spelled(
      store,
      'insert into thing (realm, thing_name, thing_id, thing_type_name, attributes, version, membership_version, created_at, ' +
        'billing_group_name) values (?, ?, ?, ?, ?, ?, 0, ?, ?)',
    ),
    parameters: [
      ...[realm, thing.thingName, thing.thingId, thing.thingTypeName ?? null, JSON.stringify(thing.attributes)],
      ...[thing.version, thing.createdAt, thing.billingGroupName ?? null],
    ],
    expect: 1,
  };
  return [insert, ...changeAttributes(store, realm, thing.thingName, {}, thing.attributes)];
}

/** Stale unless what is stored is still `present`, however long ago that was read. */
export function replaceThing(store: Store, realm: string, present: Thing, thing: Thing): Write[] {
  // A database that is given the type looks whether it is there, and writes to the index by types.
  const hasNewType = thing.thingTypeName !== present.thingTypeName;
  const update = {
    sql: spelled(
      store,
      `update thing set ${hasNewType ? 'thing_type_name = ?, ' : ''}attributes = ?, version = ? ` +
        'where realm = ? and thing_name = ? and thing_id = ? and version = ? and billing_group_name is not distinct from ?',
    ),
    parameters: [
      ...(hasNewType ? [thing.thingTypeName ?? null] : []),
      ...[JSON.stringify(thing.attributes), thing.version],
      ...[realm, present.thingName, present.thingId, present.version, present.billingGroupName ?? null],
    ],
    expect: 1,
  };
  return [update, ...changeAttributes(store, realm, thing.thingName, present.attributes, thing.attributes)];
}

/** Stale unless the stored thing is exactly this one, and while principals are attached to it. */
export const deleteThing = (store: Store, realm: string, thing: Thing): Write =>
  write(
    queryBuilder<ThingTables>(store)
      .deleteFrom('thing')
      .where('realm', '=', realm)
      .where('thing_name', '=', thing.thingName)
      .where('thing_id', '=', thing.thingId)
      .where('version', '=', thing.version),
    1,
  );

/** Claims the right to change the thing's memberships, read at `version`. */
export const bumpMembershipVersion = (store: Store, realm: string, thingName: string, version: number): Write =>
  write(
    queryBuilder<ThingTables>(store)
      .updateTable('thing')
      .set({ membership_version: version + 1 })
      .where('realm', '=', realm)
      .where('thing_name', '=', thingName)
      .where('membership_version', '=', version),
    1,
  );

/** What stays as it is costs nothing: most updates change one attribute of several. */
function changeAttributes(
  store: Store,
  realm: string,
  thingName: string,
  before: Attributes,
  after: Attributes,
): Write[] {
  const valueBefore = new Map(Object.entries(before));
  const changed = Object.entries(after).filter(([name, value]) => valueBefore.get(name) !== value);
  const removed = [...valueBefore.keys()].filter(name => !Object.hasOwn(after, name));
  return [
    ...changed.map(attribute => putAttribute(store, realm, thingName, attribute)),
    ...removed.map(name => ({
      sql: spelled(store, 'delete from thing_attribute where realm = ? and thing_name = ? and attribute_name = ?'),
      parameters: [realm, thingName, name],
    })),
  ];
}

const putAttribute = (store: Store, realm: string, thingName: string, [name, value]: [string, string]): Write => ({
  sql: spelled(
    store,
    'insert into thing_attribute (realm, thing_name, attribute_name, attribute_value) values (?, ?, ?, ?) ' +
      'on conflict (realm, thing_name, attribute_name) do update set attribute_value = excluded.attribute_value',
  ),
  parameters: [realm, thingName, name, value],
});

export const toThing = (row: ThingRow): Thing => ({
  thingName: row.thing_name,
  thingId: row.thing_id,
  thingTypeName: row.thing_type_name ?? undefined,
  attributes: JSON.parse(row.attributes),
  billingGroupName: row.billing_group_name ?? undefined,
  version: row.version,
  createdAt: row.created_at,
});
