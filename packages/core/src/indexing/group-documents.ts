/** Documents of thing groups, read from the registry. */
import { readPaths } from '../registry/thing-group-store.ts';
import type { Store } from '../store/store.ts';
import type { ThingGroupDocument } from './document.ts';
import { readPieces } from './statements.ts';

interface GroupRow {
  thing_group_name: string;
  thing_group_id: string;
  description: string | null;
  attributes: string;
  version: number;
}

/** Those of `names` that are groups. */
export async function readGroupDocuments(
  store: Store,
  realm: string,
  names: readonly string[],
): Promise<ThingGroupDocument[]> {
  const text =
    'select thing_group_name, thing_group_id, description, attributes, version from thing_group ' +
    'where realm = ? and thing_group_name in (…)';
  const [rows, paths] = await Promise.all([
    readPieces<GroupRow>(store, text, [realm], names),
    readPaths(store, realm, names),
  ]);
  return rows.map(row => ({
    kind: 'thingGroup',
    thingGroupName: row.thing_group_name,
    thingGroupId: row.thing_group_id,
    ...(row.description !== null && { thingGroupDescription: row.description }),
    attributes: JSON.parse(row.attributes),
    parentGroupNames: (paths.get(row.thing_group_name) ?? []).slice(0, -1),
    version: row.version,
  }));
}
