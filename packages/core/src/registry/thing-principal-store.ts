/** Which principals are attached to which things. */
import type { Migration } from '../store/migrations.ts';
import type { Position } from '../store/pagination.ts';
import { queryBuilder, readAll, readFirst, write } from '../store/query.ts';
import type { Store, Write } from '../store/store.ts';
import type { Thing } from './thing.ts';
import { type ThingTables, toThing } from './thing-store.ts';

/**
 * `EXCLUSIVE_THING`: the principal is attached to this thing and to no other, and its connections are this thing's whatever their
 * client id. `NON_EXCLUSIVE_THING`: the client id says which of the principal's things connects.
 */
export type ThingPrincipalType = 'EXCLUSIVE_THING' | 'NON_EXCLUSIVE_THING';

export interface ThingPrincipal {
  readonly thingName: string;
  readonly principal: string;
  readonly thingPrincipalType: ThingPrincipalType;
}

export interface ThingPrincipalTables extends Pick<ThingTables, 'thing'> {
  thing_principal: {
    realm: string;
    thing_name: string;
    principal: string;
    thing_principal_type: ThingPrincipalType;
    attached_at: number;
  };
}

export const thingPrincipalMigration: Migration = {
  name: 'registry: principals of things',
  statements: schema => [
    schema
      .createTable('thing_principal')
      .addColumn('realm', 'text', column => column.notNull())
      .addColumn('thing_name', 'text', column => column.notNull())
      .addColumn('principal', 'text', column => column.notNull())
      .addColumn('thing_principal_type', 'text', column => column.notNull())
      .addColumn('attached_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('thing_principal_key', ['realm', 'principal', 'thing_name'])
      // No cascade: a thing with principals cannot be deleted.
      .addForeignKeyConstraint('thing_principal_of_thing', ['realm', 'thing_name'], 'thing', ['realm', 'thing_name']),
    schema.createIndex('thing_principal_by_thing').on('thing_principal').columns(['realm', 'thing_name', 'principal']),
  ],
};

export interface AttachmentFilter {
  readonly thingName?: string | undefined;
  readonly principal?: string | undefined;
  readonly thingPrincipalType?: ThingPrincipalType | undefined;
}

/** Attachments of one thing or of one principal (or exactly one, of both), ordered by principal and thing name. */
export async function listAttachments(
  store: Store,
  realm: string,
  filter: AttachmentFilter,
  after?: Position,
  limit?: number,
): Promise<ThingPrincipal[]> {
  const { thingName, principal, thingPrincipalType } = filter;
  const query = queryBuilder<ThingPrincipalTables>(store)
    .selectFrom('thing_principal')
    .selectAll()
    .where('realm', '=', realm)
    .$if(thingName !== undefined, all => all.where('thing_name', '=', thingName!))
    .$if(principal !== undefined, all => all.where('principal', '=', principal!))
    .$if(thingPrincipalType !== undefined, all => all.where('thing_principal_type', '=', thingPrincipalType!))
    .$if(after !== undefined, all =>
      all.where(({ eb, refTuple, tuple }) =>
        eb(refTuple('principal', 'thing_name'), '>', tuple(after![0] as string, after![1] as string)),
      ),
    )
    .orderBy('principal')
    .orderBy('thing_name')
    .$if(limit !== undefined, all => all.limit(limit!));
  return (await readAll(store, query)).map(row => ({
    thingName: row.thing_name,
    principal: row.principal,
    thingPrincipalType: row.thing_principal_type,
  }));
}

/**
 * The thing a connection is: the one its principal is attached to exclusively, whatever its client id; else the one its client id
 * names, if the principal is attached to that (AWS: "Exclusive thing", "Thing policy variables").
 */
export async function readThingOfConnection(
  store: Store,
  realm: string,
  { principal, clientId }: { readonly principal: string; readonly clientId: string | undefined },
): Promise<{ readonly thing: Thing; readonly isExclusive: boolean } | undefined> {
  // INVARIANT: an exclusive attachment is its principal's only one, so that at most one row is found.
  const query = queryBuilder<ThingPrincipalTables>(store)
    .selectFrom('thing_principal')
    .innerJoin('thing', join =>
      join
        .onRef('thing.realm', '=', 'thing_principal.realm')
        .onRef('thing.thing_name', '=', 'thing_principal.thing_name'),
    )
    .selectAll('thing')
    .select('thing_principal_type')
    .where('thing_principal.realm', '=', realm)
    .where('thing_principal.principal', '=', principal)
    .where(({ eb, or }) =>
      or([
        eb('thing_principal_type', '=', 'EXCLUSIVE_THING'),
        ...(clientId === undefined ? [] : [eb('thing_principal.thing_name', '=', clientId)]),
      ]),
    );
  const row = await readFirst(store, query);
  return row && { thing: toThing(row), isExclusive: row.thing_principal_type === 'EXCLUSIVE_THING' };
}

/** Stale when another attachment of the principal forbids this one: an exclusive one goes with no other. */
export function insertAttachment(store: Store, realm: string, attachment: ThingPrincipal, attachedAt: number): Write {
  const { thingName, principal, thingPrincipalType } = attachment;
  const db = queryBuilder<ThingPrincipalTables>(store);
  const forbidding = db
    .selectFrom('thing_principal')
    .select('thing_name')
    .where('realm', '=', realm)
    .where('principal', '=', principal)
    .$if(thingPrincipalType === 'NON_EXCLUSIVE_THING', all =>
      all.where('thing_principal_type', '=', 'EXCLUSIVE_THING'),
    );
  const row = db
    .selectNoFrom(({ val }) => [
      val(realm).as('realm'),
      val(thingName).as('thing_name'),
      val(principal).as('principal'),
      val(thingPrincipalType).as('thing_principal_type'),
      val(attachedAt).as('attached_at'),
    ])
    .where(({ not, exists }) => not(exists(forbidding)));
  return write(
    db
      .insertInto('thing_principal')
      .columns(['realm', 'thing_name', 'principal', 'thing_principal_type', 'attached_at'])
      .expression(row),
    1,
  );
}

export const deleteAttachment = (store: Store, realm: string, thingName: string, principal: string): Write =>
  write(
    queryBuilder<ThingPrincipalTables>(store)
      .deleteFrom('thing_principal')
      .where('realm', '=', realm)
      .where('thing_name', '=', thingName)
      .where('principal', '=', principal),
    1,
  );

/** For the commit that deletes the principal itself: stale if it is attached to any thing. */
export const expectNoAttachment = (store: Store, realm: string, principal: string): Write =>
  write(
    queryBuilder<ThingPrincipalTables>(store)
      .deleteFrom('thing_principal')
      .where('realm', '=', realm)
      .where('principal', '=', principal),
    0,
  );
