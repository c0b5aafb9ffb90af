/** Where tags are kept: by the ARN of what they are on. */
import type { Migration } from '../store/migrations.ts';
import type { Position } from '../store/pagination.ts';
import { queryBuilder, readAll, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { Tag } from './tag.ts';

export interface TagTables {
  tag: { realm: string; resource_arn: string; tag_key: string; tag_value: string };
}

export const tagMigration: Migration = {
  name: 'tags: tags',
  statements: schema => [
    schema
      .createTable('tag')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('resource_arn', 'text', column => column.notNull())
      .addColumn('tag_key', 'text', column => column.notNull())
      .addColumn('tag_value', 'text', column => column.notNull())
      .addPrimaryKeyConstraint('tag_key_of_resource', ['realm', 'resource_arn', 'tag_key']),
  ],
};

export async function listTags(
  store: Store,
  realm: string,
  resourceArn: string,
  after: Position | undefined,
  limit: number,
): Promise<Tag[]> {
  const query = queryBuilder<TagTables>(store)
    .selectFrom('tag')
    .selectAll()
    .where('realm', '=', realm)
    .where('resource_arn', '=', resourceArn)
    .$if(after !== undefined, all => all.where('tag_key', '>', after![0] as string))
    .orderBy('tag_key')
    .limit(limit);
  return (await readAll(store, query)).map(row => ({ Key: row.tag_key, Value: row.tag_value }));
}

/** Adds the tags or gives those present their new value. */
export const putTags = (store: Store, realm: string, resourceArn: string, tags: readonly Tag[]): Write[] =>
  tags.map(({ Key, Value }) =>
    write(
      queryBuilder<TagTables>(store)
        .insertInto('tag')
        .values({ realm, resource_arn: resourceArn, tag_key: Key, tag_value: Value ?? '' })
        .onConflict(conflict =>
          conflict.columns(['realm', 'resource_arn', 'tag_key']).doUpdateSet({ tag_value: Value ?? '' }),
        ),
      1,
    ),
  );

export const deleteTags = (store: Store, realm: string, resourceArn: string, keys: readonly string[]): Write =>
  write(
    queryBuilder<TagTables>(store)
      .deleteFrom('tag')
      .where('realm', '=', realm)
      .where('resource_arn', '=', resourceArn)
      .where('tag_key', 'in', keys),
  );

/** For the commit that deletes the resource itself. */
export const deleteAllTags = (store: Store, realm: string, resourceArn: string): Write =>
  write(
    queryBuilder<TagTables>(store).deleteFrom('tag').where('realm', '=', realm).where('resource_arn', '=', resourceArn),
  );
