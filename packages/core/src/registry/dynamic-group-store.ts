/** What is asked of the table of thing groups about the dynamic ones alone. */
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { DynamicGroupStatus } from './dynamic-group.ts';
import type { ThingGroup } from './thing-group.ts';
import { type ThingGroupTables, toThingGroup } from './thing-group-store.ts';

const dynamicGroups = (store: Store) =>
  queryBuilder<ThingGroupTables>(store).selectFrom('thing_group').where('status', 'is not', null);

/** The oldest first. */
export async function readDynamicGroups(store: Store, realm: string): Promise<ThingGroup[]> {
  const query = dynamicGroups(store)
    .selectAll()
    .where('realm', '=', realm)
    .orderBy('created_at')
    .orderBy('thing_group_name');
  return (await readAll(store, query)).map(toThingGroup);
}

export async function countDynamicGroups(store: Store, realm: string): Promise<number> {
  const query = dynamicGroups(store)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('realm', '=', realm);
  return (await readFirst(store, query))?.count ?? 0;
}

/** Keys of the realms that have dynamic groups. */
export async function realmsWithDynamicGroups(store: Store): Promise<string[]> {
  return (await readAll(store, dynamicGroups(store).select('realm').distinct())).map(row => row.realm);
}

/** For the commit that inserts the group: stale if meanwhile there are more dynamic groups than `limit`, this one included. */
export const expectRoomForGroup = (store: Store, realm: string, group: ThingGroup, limit: number): Write =>
  write(
    queryBuilder<ThingGroupTables>(store)
      .updateTable('thing_group')
      .set({ thing_group_id: group.thingGroupId })
      .where('realm', '=', realm)
      .where('thing_group_name', '=', group.thingGroupName)
      .where(({ eb, selectFrom }) =>
        eb(
          selectFrom('thing_group as other')
            .select(({ fn }) => fn.countAll<number>().as('count'))
            .where('other.realm', '=', realm)
            .where('other.status', 'is not', null),
          '<=',
          limit,
        ),
      ),
    1,
  );

/** Whether the group has all its things now, unless it was changed since it was read. */
export const setGroupStatus = (store: Store, realm: string, group: ThingGroup, status: DynamicGroupStatus): Write =>
  write(
    queryBuilder<ThingGroupTables>(store)
      .updateTable('thing_group')
      .set({ status })
      .where('realm', '=', realm)
      .where('thing_group_name', '=', group.thingGroupName)
      .where('thing_group_id', '=', group.thingGroupId)
      .where('version', '=', group.version),
  );
