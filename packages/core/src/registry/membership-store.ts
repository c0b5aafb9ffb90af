/** Which things are in which groups. */
import type { Migration } from '../store/migrations.ts';
import type { Position } from '../store/pagination.ts';
import { queryBuilder, readAll, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { ThingGroup } from './thing-group.ts';
import { type ThingGroupTables, toThingGroup, withDescendants } from './thing-group-store.ts';

export interface MembershipTables extends ThingGroupTables {
  thing_group_member: { realm: string; thing_group_name: string; thing_name: string; added_at: number };
}

export const membershipMigration: Migration = {
  name: 'registry: members of thing groups',
  statements: schema => [
    schema
      .createTable('thing_group_member')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('thing_group_name', 'text', column => column.notNull())
      .addColumn('thing_name', 'text', column => column.notNull())
      .addColumn('added_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('thing_group_member_key', ['realm', 'thing_group_name', 'thing_name'])
      .addForeignKeyConstraint(
        'thing_group_member_in_group',
        ['realm', 'thing_group_name'],
        'thing_group',
        ['realm', 'thing_group_name'],
        constraint => constraint.onDelete('cascade'),
      )
      .addForeignKeyConstraint(
        'thing_group_member_is_thing',
        ['realm', 'thing_name'],
        'thing',
        ['realm', 'thing_name'],
        constraint => constraint.onDelete('cascade'),
      ),
    schema
      .createIndex('thing_group_member_by_thing')
      .on('thing_group_member')
      .columns(['realm', 'thing_name', 'thing_group_name']),
  ],
};

/** The names of the groups a thing is a direct member of. */
export async function listGroupsOfThing(
  store: Store,
  realm: string,
  thingName: string,
  after?: Position,
  limit?: number,
): Promise<string[]> {
  const query = queryBuilder<MembershipTables>(store)
    .selectFrom('thing_group_member')
    .select('thing_group_name')
    .where('realm', '=', realm)
    .where('thing_name', '=', thingName)
    .$if(after !== undefined, all => all.where('thing_group_name', '>', after![0] as string))
    .orderBy('thing_group_name')
    .$if(limit !== undefined, all => all.limit(limit!));
  return (await readAll(store, query)).map(row => row.thing_group_name);
}

/** The groups a thing is a direct member of, by name. */
export async function readGroupsOfThing(store: Store, realm: string, thingName: string): Promise<ThingGroup[]> {
  const query = queryBuilder<MembershipTables>(store)
    .selectFrom('thing_group')
    .innerJoin('thing_group_member', join =>
      join
        .onRef('thing_group_member.realm', '=', 'thing_group.realm')
        .onRef('thing_group_member.thing_group_name', '=', 'thing_group.thing_group_name'),
    )
    .selectAll('thing_group')
    .where('thing_group_member.realm', '=', realm)
    .where('thing_group_member.thing_name', '=', thingName)
    .orderBy('thing_group.thing_group_name');
  return (await readAll(store, query)).map(toThingGroup);
}

/** The names of the groups a thing is in and of those above them, each once. */
export async function readGroupsAbove(store: Store, realm: string, thingName: string): Promise<string[]> {
  const query = queryBuilder<MembershipTables>(store)
    .withRecursive('above', groups =>
      groups
        .selectFrom('thing_group_member')
        .select('thing_group_name as name')
        .where('realm', '=', realm)
        .where('thing_name', '=', thingName)
        .union(
          groups
            .selectFrom('above')
            .innerJoin('thing_group', 'thing_group.thing_group_name', 'above.name')
            .select(({ ref }) => ref('thing_group.parent_group_name').$notNull().as('name'))
            .where('thing_group.realm', '=', realm)
            .where('thing_group.parent_group_name', 'is not', null),
        ),
    )
    .selectFrom('above')
    .select('name');
  return (await readAll(store, query)).map(row => row.name);
}

/** The names of a group's things, with `recursive` of those in the groups below it too. */
export async function listThingsInGroup(
  store: Store,
  realm: string,
  group: { thingGroupName: string; recursive?: boolean | undefined },
  after: Position | undefined,
  limit: number,
): Promise<string[]> {
  const { thingGroupName, recursive } = group;
  const db = queryBuilder<MembershipTables>(store);
  const query = db
    .selectFrom('thing_group_member')
    .select('thing_name')
    .distinct()
    .where('realm', '=', realm)
    .where(({ eb, or }) =>
      or([
        eb('thing_group_name', '=', thingGroupName),
        ...(recursive
          ? [
              eb('thing_group_name', 'in', () =>
                withDescendants(db, realm, thingGroupName).selectFrom('descendant').select('name'),
              ),
            ]
          : []),
      ]),
    )
    .$if(after !== undefined, all => all.where('thing_name', '>', after![0] as string))
    .orderBy('thing_name')
    .limit(limit);
  return (await readAll(store, query)).map(row => row.thing_name);
}

/** Stale if the group or the thing has gone. */
export const insertMembership = (
  store: Store,
  realm: string,
  thingGroupName: string,
  thingName: string,
  addedAt: number,
): Write =>
  write(
    queryBuilder<MembershipTables>(store)
      .insertInto('thing_group_member')
      .values({ realm, thing_group_name: thingGroupName, thing_name: thingName, added_at: addedAt }),
    1,
  );

export const deleteMembership = (store: Store, realm: string, thingGroupName: string, thingName: string): Write =>
  write(
    queryBuilder<MembershipTables>(store)
      .deleteFrom('thing_group_member')
      .where('realm', '=', realm)
      .where('thing_group_name', '=', thingGroupName)
      .where('thing_name', '=', thingName),
    1,
  );
