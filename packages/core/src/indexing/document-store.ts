/** How documents and their terms are kept: read many at once, written as differences. */
import { spelled } from '../store/hand-written.ts';
import { queryBuilder, readAll } from '../store/query.ts';
import type { SqlValue, Store, Write } from '../store/store.ts';
import type { Place } from './document.ts';
import { isSearchable, isSearchedByBareTerms } from './fields.ts';
import type { IndexTables, SearchIndex } from './index-store.ts';
import { pieces, readPieces } from './statements.ts';
import { differenceOf, type TermRow } from './terms.ts';

export interface StoredDocument {
  readonly id: number;
  readonly name: string;
  readonly version: number;
  /** The document as JSON; most that are read have changed little, and need not be looked into. */
  readonly text: string;
}

/** Those of `names` that are indexed. */
export async function readDocuments(
  store: Store,
  indexId: number,
  names: readonly string[],
): Promise<Map<string, StoredDocument>> {
  const text = 'select id, name, version, document from search_document where index_id = ? and name in (…)';
  const rows = await readPieces<IndexTables['search_document']>(store, text, [indexId], names);
  return new Map(rows.map(({ document: text, ...row }) => [row.name, { ...row, text }]));
}

/** Of everything in an index, a page by name. */
export async function listNames(store: Store, indexId: number, after: string, limit: number): Promise<string[]> {
  const query = queryBuilder<IndexTables>(store)
    .selectFrom('search_document')
    .select('name')
    .where('index_id', '=', indexId)
    .where('name', '>', after)
    .orderBy('name')
    .limit(limit);
  return (await readAll(store, query)).map(row => row.name);
}

/** Of the things or groups that an index is made of, a page by name. */
export async function listSources(
  store: Store,
  { realm, name }: Pick<SearchIndex, 'realm' | 'name'>,
  after: string,
  limit: number,
): Promise<string[]> {
  const [table, column] = name === 'AWS_Things' ? ['thing', 'thing_name'] : ['thing_group', 'thing_group_name'];
  const rows = await store.all<{ name: string }>({
    sql: spelled(
      store,
      `select ${column} as name from ${table} where realm = ? and ${column} > ? order by ${column} limit ${limit}`,
    ),
    parameters: [realm, after],
  });
  return rows.map(row => row.name);
}

/** Documents in which a field has this one word. */
export async function listNamesByWord(store: Store, indexId: number, field: string, word: string): Promise<string[]> {
  const rows = await store.all<{ name: string }>({
    sql: spelled(
      store,
      'select d.name from search_term t join search_document d on d.id = t.document where t.word = ? and t.field = ' +
        '(select f.id from search_field f where f.index_id = ? and f.name = ?)',
    ),
    parameters: [word.toLowerCase(), indexId, field],
  });
  return rows.map(row => row.name);
}

export async function readLastId(store: Store, table: 'search_document' | 'search_field'): Promise<number> {
  const [row] = await store.all<{ id: number | null }>({ sql: `select max(id) as id from ${table}`, parameters: [] });
  return row?.id ?? 0;
}

export async function readFields(store: Store, indexId: number): Promise<Map<string, number>> {
  const query = queryBuilder<IndexTables>(store)
    .selectFrom('search_field')
    .select(['id', 'name'])
    .where('index_id', '=', indexId);
  return new Map((await readAll(store, query)).map(({ id, name }) => [name, id]));
}

export const insertField = (store: Store, indexId: number, id: number, name: string): Write => ({
  sql: spelled(store, 'insert into search_field (id, index_id, name, searchable, bare) values (?, ?, ?, ?, ?)'),
  parameters: [id, indexId, name, Number(isSearchable(name)), Number(isSearchedByBareTerms(name))],
});

/** What makes `document` the stored one. Stale if another has stored the document since `before` was read. */
export function storeDocument(
  store: Store,
  indexId: number,
  { id, name, before, rowsBefore, text, rows }: DocumentChange,
  fieldId: (name: string) => number,
): Write[] {
  const head: Write =
    before === undefined
      ? {
          sql: spelled(
            store,
            'insert into search_document (id, index_id, name, version, document) values (?, ?, ?, 1, ?)',
          ),
          parameters: [id, indexId, name, text],
        }
      : {
          sql: spelled(
            store,
            'update search_document set document = ?, version = version + 1 where id = ? and version = ?',
          ),
          parameters: [text, id, before.version],
          expect: 1,
        };
  return [
    head,
    ...changeTerms(store, id, rowsBefore.terms, rows.terms, fieldId),
    ...changePlaces(store, id, rowsBefore.places, rows.places, fieldId),
  ];
}

export interface DocumentChange {
  readonly id: number;
  readonly name: string;
  readonly before: StoredDocument | undefined;
  readonly rowsBefore: DocumentRows;
  /** The document as JSON. */
  readonly text: string;
  readonly rows: DocumentRows;
}

/** What a document is found by. */
export interface DocumentRows {
  readonly terms: readonly TermRow[];
  readonly places: readonly Place[];
}

/** Stale if another has stored the document since it was read. */
export const removeDocument = (store: Store, { id, version }: StoredDocument): Write[] => [
  {
    sql: spelled(store, 'delete from search_document where id = ? and version = ?'),
    parameters: [id, version],
    expect: 1,
  },
  { sql: spelled(store, 'delete from search_term where document = ?'), parameters: [id] },
  { sql: spelled(store, 'delete from search_place where document = ?'), parameters: [id] },
];

function changeTerms(
  store: Store,
  id: number,
  before: readonly TermRow[],
  after: readonly TermRow[],
  fieldId: (name: string) => number,
): Write[] {
  const { removed, added, changed } = differenceOf(before, after, ({ field, position }) => `${field}\0${position}`);
  return [
    ...changed.map(term => changeTerm(store, id, fieldId(term.after.field), term)),
    ...removed.map(({ field, position }) => ({
      sql: spelled(store, 'delete from search_term where document = ? and field = ? and position = ?'),
      parameters: [id, fieldId(field), position],
    })),
    ...Array.from(pieces(added), piece => ({
      sql: spelled(store, insertTerms(piece.length)),
      parameters: piece.flatMap(({ field, position, word, number, value }): SqlValue[] => [
        id,
        fieldId(field),
        position,
        word,
        number ?? null,
        value ?? null,
      ]),
    })),
  ];
}

/** In its place, and without the word where that stays: a database writes to every index of a column that is set. */
function changeTerm(
  store: Store,
  id: number,
  field: number,
  { before, after }: { readonly before: TermRow; readonly after: TermRow },
): Write {
  const hasNewWord = after.word !== before.word;
  return {
    sql: spelled(
      store,
      `update search_term set ${hasNewWord ? 'word = ?, ' : ''}number = ?, value = ? where document = ? and field = ? and position = ?`,
    ),
    parameters: [
      ...(hasNewWord ? [after.word] : []),
      ...[after.number ?? null, after.value ?? null, id, field, after.position],
    ],
  };
}

function changePlaces(
  store: Store,
  id: number,
  before: readonly Place[],
  after: readonly Place[],
  fieldId: (name: string) => number,
): Write[] {
  const { removed, added, changed } = differenceOf(before, after, ({ field }) => field);
  return [
    ...changed.map(({ after: { field, latitude, longitude } }) => ({
      sql: spelled(store, 'update search_place set latitude = ?, longitude = ? where document = ? and field = ?'),
      parameters: [latitude, longitude, id, fieldId(field)],
    })),
    ...removed.map(({ field }) => ({
      sql: spelled(store, 'delete from search_place where document = ? and field = ?'),
      parameters: [id, fieldId(field)],
    })),
    ...added.map(({ field, latitude, longitude }) => ({
      sql: spelled(store, 'insert into search_place (document, field, latitude, longitude) values (?, ?, ?, ?)'),
      parameters: [id, fieldId(field), latitude, longitude],
    })),
  ];
}

const insertTerms = (rows: number): string =>
  `insert into search_term (document, field, position, word, number, value) values ${Array(rows).fill('(?, ?, ?, ?, ?, ?)').join(', ')}`;
