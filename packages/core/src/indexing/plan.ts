/**
 * Where a search begins: at the few documents that some term finds, or at all of them in the order of their names. Counting a term's
 * documents up to a bound costs less than a millisecond, and no database need keep statistics. (`bench/search.ts`)
 */
import { type RawBuilder, sql } from 'kysely';
import { queryBuilder } from '../store/query.ts';
import type { Store } from '../store/store.ts';
import { documentsOf } from './query/compile.ts';
import type { Query, Term } from './query/query.ts';

/** Beyond this many, going through all documents in order is as good. */
const few = 10_000;

/** A `select … as id` of documents among which all are that the query finds; undefined where these are most of them. */
export async function candidatesOf(
  store: IndexReader,
  indexId: number,
  query: Query,
): Promise<RawBuilder<unknown> | undefined> {
  const counts = new Map<Term, number>();
  await Promise.all(
    termsIn(query).map(async term => {
      const bounded = sql<{
        count: number;
      }>`select count(*) as count from (${documentsOf(term, indexId)} limit ${sql.lit(few + 1)}) few`;
      const [row] = await readRaw(store, bounded);
      counts.set(term, row?.count ?? 0);
    }),
  );
  const best = bestOf(query, counts);
  if (best === undefined || best.count > few) return undefined;
  return sql`${sql.join(
    best.terms.map(term => documentsOf(term, indexId)),
    sql` union all `,
  )}`;
}

/** Where a search reads. What has been committed is seen. */
export type IndexReader = Pick<Store, 'dialect' | 'all'>;

export async function readRaw<R>(store: IndexReader, statement: RawBuilder<R>): Promise<R[]> {
  const { sql: text, parameters } = statement.compile(queryBuilder(store));
  return store.all<R>({ sql: text, parameters: parameters as (string | number)[] });
}

/** The terms a query may begin at; what is negated finds nothing to begin with. */
function termsIn(query: Query): Term[] {
  switch (query.kind) {
    case 'term':
      return [query];
    case 'and':
    case 'or':
      return query.queries.flatMap(termsIn);
    default:
      return [];
  }
}

interface Start {
  readonly terms: readonly Term[];
  readonly count: number;
}

/** Of what is required together the rarest, of alternatives all of them. */
function bestOf(query: Query, counts: ReadonlyMap<Term, number>): Start | undefined {
  switch (query.kind) {
    case 'term':
      return { terms: [query], count: counts.get(query) ?? 0 };
    case 'and': {
      const starts = query.queries.map(part => bestOf(part, counts)).filter(start => start !== undefined);
      return starts.sort((a, b) => a.count - b.count)[0];
    }
    case 'or': {
      const starts = query.queries.map(part => bestOf(part, counts));
      if (!starts.every(start => start !== undefined)) return undefined;
      return {
        terms: starts.flatMap(start => start.terms),
        count: starts.reduce((sum, start) => sum + start.count, 0),
      };
    }
    default:
      return undefined;
  }
}
