/**
 * A query as SQL over the index's terms: as a condition on one document, and as the set of documents that a term finds. Both databases
 * are asked in the same words.
 */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { haversineOf, latitudesOf } from './area.ts';
import { afterPrefix, literalOf, prefixOf } from './pattern.ts';
import type { Area, Bound, Match, Pattern, Query, Term } from './query.ts';

export type Condition = RawBuilder<SqlBool>;
type Sql = RawBuilder<unknown>;

/** True of the document whose number `document` is. */
export function conditionOf(query: Query, indexId: number, document: Sql): Condition {
  switch (query.kind) {
    case 'all':
      return sql`1 = 1`;
    case 'and':
    case 'or':
      return sql`(${sql.join(
        query.queries.map(part => conditionOf(part, indexId, document)),
        query.kind === 'and' ? sql` and ` : sql` or `,
      )})`;
    case 'not':
      return sql`not ${conditionOf(query.query, indexId, document)}`;
    case 'term':
      return isArea(query.match)
        ? sql`exists (select 1 from search_place p where p.document = ${document} and ${placeCondition(query.field, query.match, indexId)})`
        : sql`exists (select 1 from search_term t where t.document = ${document} and ${termCondition(query, indexId, 'document')})`;
  }
}

/** `select … as id`: the documents that a term finds, some perhaps more than once. */
export const documentsOf = (term: Term, indexId: number): Sql =>
  isArea(term.match)
    ? sql`select p.document as id from search_place p where ${placeCondition(term.field, term.match, indexId)}`
    : sql`select t.document as id from search_term t where ${termCondition(term, indexId, 'field')}`;

const isArea = (match: Match): match is Area => match.kind === 'distance' || match.kind === 'box';

/**
 * `by` is what the row is found by. A document's own rows of a field are few, and are all looked at: there nothing but an equal word may
 * draw SQLite to an index of all documents, which a `+` and an empty `||` keep it from.
 */
function termCondition({ field, match }: Term, indexId: number, by: 'document' | 'field'): Condition {
  if (match.kind === 'exists') return fieldsCondition(membersOf(field ?? '', indexId), by);
  const where =
    field === undefined
      ? fieldsCondition(sql`select f.id from search_field f where f.index_id = ${indexId} and f.bare = 1`, by)
      : sql<SqlBool>`t.field = (select f.id from search_field f where f.index_id = ${indexId} and f.name = ${field} and f.searchable = 1)`;
  switch (match.kind) {
    case 'words':
      return sql`${where} and ${wordsCondition(match.words, match.number, by)}`;
    case 'wordRange':
      return sql`${where} and ${rangeCondition(by === 'field' ? sql`t.word` : sql`t.word || ''`, match.lower, match.upper)}`;
    case 'numberRange':
      return sql`${where} and ${rangeCondition(by === 'field' ? sql`t.number` : sql`+t.number`, match.lower, match.upper)}`;
    default:
      throw new Error(`a term row has no ${match.kind}`);
  }
}

const fieldsCondition = (fields: Sql, by: 'document' | 'field'): Condition =>
  by === 'field' ? sql`t.field in (${fields})` : sql`+t.field in (${fields})`;

/** The field and those below it. */
function membersOf(field: string, indexId: number): Sql {
  const prefix = `${field}.`;
  const length = Array.from(prefix).length;
  return sql`select f.id from search_field f where f.index_id = ${indexId} and f.searchable = 1 and (f.name = ${field} or substr(f.name, 1, ${sql.lit(length)}) = ${prefix})`;
}

function wordsCondition(
  [first = [], ...more]: readonly Pattern[],
  number: number | undefined,
  by: 'document' | 'field',
): Condition {
  const isEqual = literalOf(first) !== undefined;
  const begins = wordCondition(by === 'field' || isEqual ? sql`t.word` : sql`(t.word || '')`, first);
  if (number !== undefined) return sql`(${begins} or t.number = ${number})`;
  const follows = more.map(
    (pattern, index) =>
      sql`exists (select 1 from search_term n where n.document = t.document and n.field = t.field and n.position = t.position + ${sql.lit(index + 1)} and ${wordCondition(sql`n.word`, pattern)})`,
  );
  return sql`${sql.join([begins, ...follows], sql` and `)}`;
}

function wordCondition(word: Sql, pattern: Pattern): Condition {
  const literal = literalOf(pattern);
  if (literal !== undefined) return sql`${word} = ${literal}`;
  const prefix = prefixOf(pattern);
  const conditions: Condition[] = [];
  if (prefix !== '') {
    conditions.push(sql`${word} >= ${prefix}`);
    const end = afterPrefix(prefix);
    if (end !== undefined) conditions.push(sql`${word} < ${end}`);
  }
  const [, last] = pattern;
  const isPrefix = prefix !== '' && pattern.length === 2 && typeof last === 'object' && last.wildcard === '*';
  if (!isPrefix) conditions.push(sql`${word} like ${likeOf(pattern)} escape '\\'`);
  return sql`${sql.join(conditions, sql` and `)}`;
}

const likeOf = (pattern: Pattern): string =>
  pattern
    .map(part =>
      typeof part === 'string'
        ? part.replaceAll(/[\\%_]/g, character => `\\${character}`)
        : part.wildcard === '*'
          ? '%'
          : '_',
    )
    .join('');

function rangeCondition<T>(value: Sql, lower: Bound<T> | undefined, upper: Bound<T> | undefined): Condition {
  const conditions: Condition[] = [];
  if (lower) conditions.push(lower.inclusive ? sql`${value} >= ${lower.value}` : sql`${value} > ${lower.value}`);
  if (upper) conditions.push(upper.inclusive ? sql`${value} <= ${upper.value}` : sql`${value} < ${upper.value}`);
  return sql`${sql.join(conditions, sql` and `)}`;
}

function placeCondition(field: string | undefined, area: Area, indexId: number): Condition {
  const [south, north] = latitudesOf(area);
  const named = field === undefined ? sql`` : sql` and f.name = ${field}`;
  const near = sql<SqlBool>`p.field in (select f.id from search_field f where f.index_id = ${indexId}${named}) and p.latitude between ${south} and ${north}`;
  return sql`${near} and ${area.kind === 'distance' ? distanceCondition(area) : meridianCondition(area)}`;
}

/** The haversine, as `haversine` has it. */
function distanceCondition({ centre, metres }: Extract<Area, { kind: 'distance' }>): Condition {
  const radian = sql.lit(Math.PI / 180);
  const half = (degrees: Sql) => sql`sin((${degrees}) * ${radian} / 2)`;
  const latitude = half(sql`p.latitude - ${centre.latitude}`);
  const longitude = half(sql`p.longitude - ${centre.longitude}`);
  const cosines = sql`${Math.cos(centre.latitude * (Math.PI / 180))} * cos(p.latitude * ${radian})`;
  return sql`${latitude} * ${latitude} + ${cosines} * ${longitude} * ${longitude} <= ${haversineOf(metres)}`;
}

function meridianCondition({ west, east }: Extract<Area, { kind: 'box' }>): Condition {
  return west <= east
    ? sql`p.longitude between ${west} and ${east}`
    : sql`(p.longitude >= ${west} or p.longitude <= ${east})`;
}
