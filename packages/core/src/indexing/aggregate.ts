/** Numbers about the documents that a query finds. *AWS: Querying for aggregate data*. */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { ServiceError } from '../errors.ts';
import { type FieldType, managedFields } from './configuration.ts';
import type { SearchIndex } from './index-store.ts';
import { candidatesOf, type IndexReader, readRaw } from './plan.ts';
import { conditionOf } from './query/compile.ts';
import type { Query } from './query/query.ts';
import { fromDocuments } from './search.ts';

/** As AWS's `Statistics`; all but `count` are of numbers and booleans alone. */
export interface Statistics {
  /** Things that match and have the field. */
  readonly count: number;
  readonly average?: number;
  readonly sum?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly sumOfSquares?: number;
  readonly variance?: number;
  readonly stdDeviation?: number;
}

export interface Bucket {
  readonly keyValue: string;
  readonly count: number;
}

/** A field that may be aggregated: managed, or custom. */
export interface AggregationField {
  /** As the index names it. */
  readonly name: string;
  readonly type: FieldType;
}

/** Throws `InvalidAggregationException` for a field whose type nobody has said. */
export function aggregationField({ configuration }: SearchIndex, name: string): AggregationField {
  const fields = [...managedFields(configuration), ...(configuration.customFields ?? [])];
  const type = fields.find(field => field.name === name || field.name === `registry.${name}`)?.type;
  if (type === undefined) {
    throw new ServiceError(
      'InvalidAggregationException',
      `field \`${name}\` cannot be aggregated: it is neither a managed field nor among the configuration's custom fields`,
    );
  }
  return { name: name === 'registry.version' ? name : name.replace(/^registry\./, ''), type };
}

export async function statisticsOf(
  store: IndexReader,
  index: SearchIndex,
  query: Query,
  field: AggregationField,
): Promise<Statistics> {
  const values = await fromValues(store, index, query, field);
  if (field.type === 'String') {
    const [row] = await readRaw<{ count: number }>(store, sql`select count(distinct v.document) as count ${values}`);
    return { count: row?.count ?? 0 };
  }
  const value =
    field.type === 'Number'
      ? sql.ref('v.number')
      : sql`cast(case v.word when 'true' then 1 else 0 end as double precision)`;
  // PostgreSQL fails where a sum overflows.
  const bounded = sql`case when abs(${value}) < ${sql.lit(greatest)} then ${value} end`;
  const [row] = await readRaw<Sums>(
    store,
    sql`select count(distinct v.document) as count, count(*) as n, sum(${bounded}) as sum, min(${value}) as minimum, max(${value}) as maximum, sum(${bounded} * ${bounded}) as squares ${values}`,
  );
  return row === undefined || row.n === 0 ? { count: 0 } : describe(row);
}

/** Squares of numbers below it can be added up. */
const greatest = 1e150;

interface Sums {
  readonly count: number;
  readonly n: number;
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly squares: number;
}

function describe({ count, n, sum, minimum, maximum, squares }: Sums): Statistics {
  // *If the field values exceed the maximum double value, the statistics values are empty.*
  if (maximum >= greatest || minimum <= -greatest) return { count };
  const average = sum / n;
  const variance = Math.max(0, squares / n - average * average);
  const stdDeviation = Math.sqrt(variance);
  return { count, average, sum, minimum, maximum, sumOfSquares: squares, variance, stdDeviation };
}

/** How many different values there are. AWS's answer is approximate, this one is exact. */
export async function cardinalityOf(
  store: IndexReader,
  index: SearchIndex,
  query: Query,
  field: AggregationField,
): Promise<number> {
  const values = await fromValues(store, index, query, field);
  const [row] = await readRaw<{ count: number }>(
    store,
    sql`select count(distinct ${distinctValue(field)}) as count ${values} and v.value is not null`,
  );
  return row?.count ?? 0;
}

const distinctValue = ({ type }: AggregationField): RawBuilder<unknown> =>
  type === 'Number' ? sql.ref('v.number') : sql.ref('v.value');

/** The values below which so many percent lie, with the steps between two values made straight. */
export async function percentilesOf(
  store: IndexReader,
  index: SearchIndex,
  query: Query,
  field: AggregationField,
  percents: readonly number[],
): Promise<{ percent: number; value: number }[]> {
  if (field.type !== 'Number') {
    throw new ServiceError(
      'InvalidAggregationException',
      `field \`${field.name}\` is no Number: it has no percentiles`,
    );
  }
  const values = await fromValues(store, index, query, field);
  const [row] = await readRaw<{ count: number }>(store, sql`select count(*) as count ${values}`);
  const last = (row?.count ?? 0) - 1;
  if (last < 0) return [];
  const ranks = percents.map(percent => (percent / 100) * last);
  const wanted = [...new Set(ranks.flatMap(rank => [Math.floor(rank), Math.ceil(rank)]))];
  const ranked = sql`select v.number as number, row_number() over (order by v.number) - 1 as place ${values}`;
  const rows = await readRaw<{ number: number; place: number }>(
    store,
    sql`select number, place from (${ranked}) ranked where place in (${sql.join(wanted.map(place => sql.lit(place)))})`,
  );
  const at = new Map(rows.map(({ number, place }) => [place, number]));
  return percents.map((percent, index) => {
    const rank = ranks[index] as number;
    const below = at.get(Math.floor(rank)) ?? 0;
    const above = at.get(Math.ceil(rank)) ?? below;
    return { percent, value: below + (above - below) * (rank - Math.floor(rank)) };
  });
}

/** The most frequent values, and how many documents match in all. */
export async function bucketsOf(
  store: IndexReader,
  index: SearchIndex,
  query: Query,
  field: AggregationField,
  maxBuckets: number,
): Promise<{ totalCount: number; buckets: Bucket[] }> {
  const [documents, values] = await Promise.all([
    fromDocuments(store, index.id, query),
    fromValues(store, index, query, field),
  ]);
  const [[total], buckets] = await Promise.all([
    readRaw<{ count: number }>(store, sql`select count(*) as count ${documents} and d.index_id = ${index.id}`),
    readRaw<Bucket>(
      store,
      sql`select v.value as "keyValue", count(distinct v.document) as count ${values} and v.value is not null group by v.value order by 2 desc, 1 limit ${sql.lit(maxBuckets)}`,
    ),
  ]);
  return { totalCount: total?.count ?? 0, buckets };
}

/** `from … where …`: the field's values as `v`, of the documents that the query finds. */
async function fromValues(
  store: IndexReader,
  index: SearchIndex,
  query: Query,
  field: AggregationField,
): Promise<RawBuilder<unknown>> {
  const ofField = sql<SqlBool>`v.field = (select f.id from search_field f where f.index_id = ${index.id} and f.name = ${field.name})`;
  const condition = conditionOf(query, index.id, sql.ref('v.document'));
  const candidates = await candidatesOf(store, index.id, query);
  if (candidates === undefined)
    return sql`from search_term v where ${ofField} and ${typeCondition(field, sql.ref('v.number'))} and ${condition}`;
  return sql`from (select distinct id from (${candidates}) found) c cross join search_term v where v.document = c.id and ${ofField} and ${typeCondition(field, sql`+v.number`)} and ${condition}`;
}

/** *AWS: Managing fleet indexing, "Custom fields"*: a value that is not of the field's type is passed over. */
function typeCondition({ name, type }: AggregationField, number: RawBuilder<unknown>): RawBuilder<SqlBool> {
  switch (type) {
    case 'Number':
      return sql`${number} is not null`;
    case 'Boolean':
      return sql`v.word in ('true', 'false')`;
    case 'String':
      // An attribute is text, whatever else it can be read as.
      return name.startsWith('attributes.') ? sql`1 = 1` : sql`${number} is null`;
  }
}
