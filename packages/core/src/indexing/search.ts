/** Documents that a query finds, by name, in pages. */
import { type RawBuilder, sql } from 'kysely';
import { parseJson } from '../shadow/json.ts';
import { type Listing, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import type { IndexDocument } from './document.ts';
import type { SearchIndex } from './index-store.ts';
import { candidatesOf, type IndexReader, readRaw } from './plan.ts';
import { conditionOf } from './query/compile.ts';
import type { Query } from './query/query.ts';

interface FoundRow {
  readonly name: string;
  readonly document: string;
}

const listing: Listing<FoundRow> = { name: 'search', order: ['string'], position: row => [row.name] };

/** Throws `InvalidRequestException` for a token that no search has given out. */
export async function searchDocuments(
  store: IndexReader,
  index: SearchIndex,
  query: Query,
  request: PageRequest,
): Promise<Page<IndexDocument>> {
  const page = await readPage(listing, request, async (after, limit) => {
    const from = await fromDocuments(store, index.id, query);
    const beyond = after === undefined ? sql`` : sql` and d.name > ${after[0]}`;
    return readRaw<FoundRow>(
      store,
      sql`select d.name, d.document ${from} and d.index_id = ${index.id}${beyond} order by d.name limit ${sql.lit(limit)}`,
    );
  });
  return { ...page, items: page.items.map(row => parseJson(row.document) as unknown as IndexDocument) };
}

/** The names alone, in order, after the one named. */
export async function listFound(
  store: IndexReader,
  index: SearchIndex,
  query: Query,
  after: string | undefined,
  limit: number,
): Promise<string[]> {
  const from = await fromDocuments(store, index.id, query);
  const rows = await readRaw<{ name: string }>(
    store,
    sql`select d.name ${from} and d.index_id = ${index.id} and d.name > ${after ?? ''} order by d.name limit ${sql.lit(limit)}`,
  );
  return rows.map(row => row.name);
}

/** `from … where …`: the documents as `d` that the query finds, of this index if the statement goes on to say so. */
export async function fromDocuments(store: IndexReader, indexId: number, query: Query): Promise<RawBuilder<unknown>> {
  const condition = conditionOf(query, indexId, sql.ref('d.id'));
  const candidates = await candidatesOf(store, indexId, query);
  if (candidates === undefined) return sql`from search_document d where ${condition}`;
  // A cross join is gone through from left to right by SQLite; PostgreSQL sees for itself.
  return sql`from (select distinct id from (${candidates}) found) c cross join search_document d where d.id = c.id and ${condition}`;
}
