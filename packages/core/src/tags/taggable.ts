/** Which resources carry tags, and how a commit of tags makes sure that theirs is still there. */
import { queryBuilder, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { TagTables } from './tag-store.ts';

/** Where a kind of resource is kept: a table whose rows are named by `realm` and this column. */
interface ResourceTable {
  readonly table: string;
  readonly name: string;
}

/** By the type in their ARN (AWS: TagResource). */
const resourceTables: Readonly<Record<string, ResourceTable>> = {
  billinggroup: { table: 'billing_group', name: 'billing_group_name' },
  cacert: { table: 'ca_certificate', name: 'certificate_id' },
  fleetmetric: { table: 'fleet_metric', name: 'metric_name' },
  policy: { table: 'policy', name: 'policy_name' },
  rule: { table: 'topic_rule', name: 'rule_name' },
  thinggroup: { table: 'thing_group', name: 'thing_group_name' },
  thingtype: { table: 'thing_type', name: 'thing_type_name' },
};

export const carriesTags = (type: string): boolean => Object.hasOwn(resourceTables, type);

/** A resource of a kind that carries tags. */
export interface TaggableResource {
  readonly type: string;
  readonly name: string;
}

const tableOf = ({ type }: TaggableResource): ResourceTable => resourceTables[type]!;

type Tables = TagTables & Readonly<Record<string, Record<string, string>>>;

export async function resourceExists(store: Store, realm: string, resource: TaggableResource): Promise<boolean> {
  const { table, name } = tableOf(resource);
  const query = queryBuilder<Tables>(store)
    .selectFrom(table)
    .select(name)
    .where('realm', '=', realm)
    .where(name, '=', resource.name);
  return (await readFirst(store, query)) !== undefined;
}

/** For the commit that adds tags, after them: stale if the resource has gone meanwhile, or has more than `limit` tags now. */
export function claimTagged(
  store: Store,
  realm: string,
  resource: TaggableResource,
  resourceArn: string,
  limit: number,
): Write {
  const { table, name } = tableOf(resource);
  const db = queryBuilder<Tables>(store);
  const tags = db
    .selectFrom('tag')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('realm', '=', realm)
    .where('resource_arn', '=', resourceArn);
  const claim = db
    .updateTable(table)
    .set({ [name]: resource.name })
    .where('realm', '=', realm)
    .where(name, '=', resource.name)
    .where(({ eb }) => eb(tags, '<=', limit));
  return write(claim, 1);
}
