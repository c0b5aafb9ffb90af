/** Where thing groups are kept, and how their hierarchy is walked. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from '../store/migrations.ts';
import type { Position } from '../store/pagination.ts';
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { DynamicGroupStatus } from './dynamic-group.ts';
import type { ThingGroup } from './thing-group.ts';

export interface ThingGroupTables {
  thing_group: ThingGroupRow;
}

export interface ThingGroupRow {
  realm: string;
  thing_group_name: string;
  thing_group_id: string;
  parent_group_name: string | null;
  description: string | null;
  /** JSON object. */
  attributes: string;
  version: number;
  created_at: number;
  /** These four are null in a static group. */
  index_name: string | null;
  query_string: string | null;
  query_version: string | null;
  status: DynamicGroupStatus | null;
}

export const thingGroupMigration: Migration = {
  name: 'registry: thing groups',
  statements: schema => [
    schema
      .createTable('thing_group')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('thing_group_name', 'text', column => column.notNull())
      .addColumn('thing_group_id', 'text', column => column.notNull())
      .addColumn('parent_group_name', 'text')
      .addColumn('description', 'text')
      .addColumn('attributes', 'text', column => column.notNull())
      .addColumn('version', 'bigint', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('thing_group_key', ['realm', 'thing_group_name'])
      // No cascade: a group with child groups cannot be deleted.
      .addForeignKeyConstraint('thing_group_has_parent', ['realm', 'parent_group_name'], 'thing_group', [
        'realm',
        'thing_group_name',
      ]),
    schema
      .createIndex('thing_group_by_parent')
      .on('thing_group')
      .columns(['realm', 'parent_group_name', 'thing_group_name']),
  ],
};

export const dynamicGroupMigration: Migration = {
  name: 'registry: dynamic thing groups',
  statements: schema => [
    schema.alterTable('thing_group').addColumn('index_name', 'text'),
    schema.alterTable('thing_group').addColumn('query_string', 'text'),
    schema.alterTable('thing_group').addColumn('query_version', 'text'),
    schema.alterTable('thing_group').addColumn('status', 'text'),
    schema.createIndex('thing_group_by_status').on('thing_group').columns(['status', 'realm', 'thing_group_name']),
  ],
};

export async function readThingGroup(store: Store, realm: string, name: string): Promise<ThingGroup | undefined> {
  const query = queryBuilder<ThingGroupTables>(store)
    .selectFrom('thing_group')
    .selectAll()
    .where('realm', '=', realm)
    .where('thing_group_name', '=', name);
  const row = await readFirst(store, query);
  return row && toThingGroup(row);
}

export const thingGroupExists = async (store: Store, realm: string, name: string): Promise<boolean> =>
  (await readThingGroup(store, realm, name)) !== undefined;

/** A group's path from its root down to itself; empty if there is no such group. */
export const readPath = async (store: Store, realm: string, name: string): Promise<string[]> =>
  (await readPaths(store, realm, [name])).get(name) ?? [];

/** The paths of several groups, by their name. */
export async function readPaths(store: Store, realm: string, names: readonly string[]): Promise<Map<string, string[]>> {
  if (names.length === 0) return new Map();
  const query = queryBuilder<ThingGroupTables>(store)
    .withRecursive('ancestor', path =>
      path
        .selectFrom('thing_group')
        .select([
          'thing_group_name as start',
          'thing_group_name as name',
          'parent_group_name',
          sql<number>`0`.as('distance'),
        ])
        .where('realm', '=', realm)
        .where('thing_group_name', 'in', names)
        .unionAll(
          path
            .selectFrom('thing_group')
            .innerJoin('ancestor', 'ancestor.parent_group_name', 'thing_group.thing_group_name')
            .select([
              'ancestor.start',
              'thing_group.thing_group_name as name',
              'thing_group.parent_group_name',
              sql<number>`ancestor.distance + 1`.as('distance'),
            ])
            .where('thing_group.realm', '=', realm),
        ),
    )
    .selectFrom('ancestor')
    .select(['start', 'name'])
    .orderBy('distance', 'desc');
  const paths = new Map<string, string[]>();
  for (const { start, name } of await readAll(store, query)) {
    const path = paths.get(start);
    if (path) path.push(name);
    else paths.set(start, [name]);
  }
  return paths;
}

/** A common table `descendant (name)` of all groups below `root`, for a query to join. */
export const withDescendants = <Tables extends ThingGroupTables>(db: Kysely<Tables>, realm: string, root: string) =>
  (db as unknown as Kysely<ThingGroupTables>).withRecursive('descendant', below =>
    below
      .selectFrom('thing_group')
      .select('thing_group_name as name')
      .where('realm', '=', realm)
      .where('parent_group_name', '=', root)
      .unionAll(
        below
          .selectFrom('thing_group')
          .innerJoin('descendant', 'descendant.name', 'thing_group.parent_group_name')
          .select('thing_group.thing_group_name as name')
          .where('thing_group.realm', '=', realm),
      ),
  );

export interface ThingGroupFilter {
  readonly parentGroup?: string | undefined;
  readonly namePrefixFilter?: string | undefined;
  /**
   * With a parent: whether to go below its direct children (default: no). Without one: whether to go below the groups that have
   * no parent (default: yes).
   */
  readonly recursive?: boolean | undefined;
}

/** Groups by name, as far as they pass the filter. */
export async function listThingGroups(
  store: Store,
  realm: string,
  filter: ThingGroupFilter,
  after: Position | undefined,
  limit: number,
): Promise<ThingGroup[]> {
  const { parentGroup, namePrefixFilter, recursive } = filter;
  const db = queryBuilder<ThingGroupTables>(store);
  let query = db.selectFrom('thing_group').selectAll().where('realm', '=', realm);
  if (parentGroup !== undefined && recursive) {
    query = query.where('thing_group_name', 'in', () =>
      withDescendants(db, realm, parentGroup).selectFrom('descendant').select('name'),
    );
  } else if (parentGroup !== undefined) {
    query = query.where('parent_group_name', '=', parentGroup);
  } else if (recursive === false) {
    query = query.where('parent_group_name', 'is', null);
  }
  if (namePrefixFilter !== undefined) {
    query = query.where(({ eb, fn, val }) =>
      eb(fn('substr', ['thing_group_name', val(1), val(namePrefixFilter.length)]), '=', namePrefixFilter),
    );
  }
  if (after) query = query.where('thing_group_name', '>', after[0] as string);
  return (await readAll(store, query.orderBy('thing_group_name').limit(limit))).map(toThingGroup);
}

export async function countChildGroups(store: Store, realm: string, name: string): Promise<number> {
  const query = queryBuilder<ThingGroupTables>(store)
    .selectFrom('thing_group')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('realm', '=', realm)
    .where('parent_group_name', '=', name);
  return (await readFirst(store, query))?.count ?? 0;
}

/** Stale if the parent has gone. */
export const insertThingGroup = (store: Store, realm: string, group: ThingGroup): Write =>
  write(
    queryBuilder<ThingGroupTables>(store)
      .insertInto('thing_group')
      .values({
        realm,
        thing_group_name: group.thingGroupName,
        thing_group_id: group.thingGroupId,
        parent_group_name: group.parentGroupName ?? null,
        description: group.description ?? null,
        attributes: JSON.stringify(group.attributes),
        version: group.version,
        created_at: group.createdAt,
        ...queryColumns(group),
      }),
    1,
  );

/** Stale unless the stored group still has the version just before this one's. */
export const replaceThingGroup = (store: Store, realm: string, group: ThingGroup): Write =>
  write(
    queryBuilder<ThingGroupTables>(store)
      .updateTable('thing_group')
      .set({
        description: group.description ?? null,
        attributes: JSON.stringify(group.attributes),
        version: group.version,
        ...queryColumns(group),
      })
      .where('realm', '=', realm)
      .where('thing_group_name', '=', group.thingGroupName)
      .where('thing_group_id', '=', group.thingGroupId)
      .where('version', '=', group.version - 1),
    1,
  );

/** Stale unless the stored group is exactly this one, and while it has child groups. */
export const deleteThingGroup = (store: Store, realm: string, group: ThingGroup): Write =>
  write(
    queryBuilder<ThingGroupTables>(store)
      .deleteFrom('thing_group')
      .where('realm', '=', realm)
      .where('thing_group_name', '=', group.thingGroupName)
      .where('thing_group_id', '=', group.thingGroupId)
      .where('version', '=', group.version),
    1,
  );

/** Changes nothing; stale if the group has gone: what refers to it is committed together with this. */
export const claimThingGroup = (store: Store, realm: string, group: ThingGroup): Write =>
  write(
    queryBuilder<ThingGroupTables>(store)
      .updateTable('thing_group')
      .set({ thing_group_id: group.thingGroupId })
      .where('realm', '=', realm)
      .where('thing_group_name', '=', group.thingGroupName)
      .where('thing_group_id', '=', group.thingGroupId),
    1,
  );

const queryColumns = ({ query }: ThingGroup) => ({
  index_name: query?.indexName ?? null,
  query_string: query?.queryString ?? null,
  query_version: query?.queryVersion ?? null,
  status: query?.status ?? null,
});

export const toThingGroup = (row: ThingGroupRow): ThingGroup => ({
  thingGroupName: row.thing_group_name,
  thingGroupId: row.thing_group_id,
  parentGroupName: row.parent_group_name ?? undefined,
  description: row.description ?? undefined,
  attributes: JSON.parse(row.attributes),
  ...(row.query_string !== null && {
    query: {
      indexName: row.index_name!,
      queryString: row.query_string,
      queryVersion: row.query_version!,
      status: row.status!,
    },
  }),
  version: row.version,
  createdAt: row.created_at,
});
