/** What SELECT made, as a row: the same for every database. */
import type { ActionRequest } from '@thingd/core';
import { type ExactJson, isObject, parseExactly } from '../../actions/aws/exact-json.ts';
import type { Definition } from '../definition.ts';
import { invalid, isTemplate, refuseHeaders, type SinkAddress, type SinkContext, unfit } from '../sink.ts';

/** What of a row does not come from SELECT, and how its column may be named. */
const extras = ['payload', 'invocationId', 'topic'] as const;
type Extra = (typeof extras)[number];

export interface TableSettings {
  /** The only tables there are for rules; the first is meant where a rule names none. */
  readonly tables: readonly string[];
  /** Columns by what goes into them: the whole of what SELECT made, which attempt belongs to which, the message's topic. */
  readonly columns: Readonly<Partial<Record<Extra, string>>>;
  /** Whether a missing table is made. */
  readonly createTables: boolean;
}

export function tableSettings(definition: Definition): TableSettings {
  const settings: TableSettings = {
    tables: definition.texts('tables'),
    columns: definition.textsByName('columns', extras),
    createTables: definition.flag('createTables'),
  };
  const { columns, createTables } = settings;
  if (createTables && columns.payload === undefined) {
    throw invalid(
      '`createTables` expects `columns.payload`: columns for the members cannot be guessed from one message',
    );
  }
  const names = Object.values(columns);
  if (new Set(names).size < names.length) throw invalid('`columns` expects a column of its own for each');
  return settings;
}

/** Throws `InvalidRequestException` for a table no message can go to. */
export function checkTable({ tables }: TableSettings, address: SinkAddress): void {
  refuseHeaders(address, 'a table');
  const { rest } = address;
  if (rest !== undefined && !isTemplate(rest) && !tables.includes(rest)) throw invalid(notAmong(rest, tables));
}

/** Throws a permanent `ActionFailure` for a table that the definition does not name. */
export function tableOf({ tables }: TableSettings, { rest = tables[0] }: SinkAddress): string {
  if (rest !== undefined && tables.includes(rest)) return rest;
  throw unfit(notAmong(rest ?? '', tables));
}

const notAmong = (table: string, tables: readonly string[]): string =>
  `\`${table}\` is none of the sink's tables, which are ${tables.join(', ')}`;

/** Values by column. */
export type TableRow = ReadonlyMap<string, ExactJson>;

/** The longest list of columns; a database has no more. */
const mostColumns = 1000;

/** Throws a permanent `ActionFailure` for what is no JSON object. */
export function rowOf(
  { payload, isJson, message, invocationId }: ActionRequest,
  { columns }: TableSettings,
  { origin }: SinkContext,
): TableRow {
  const value = isJson ? jsonOf(payload) : undefined;
  if (value === undefined || !isObject(value)) throw unfit('what SELECT made is no JSON object, so it is no row');
  const row = new Map<string, ExactJson>(columns.payload === undefined ? Object.entries(value) : []);
  if (row.size > mostColumns) throw unfit(`the object has ${row.size} members; a row may have ${mostColumns}`);
  const extra: Readonly<Record<Extra, ExactJson>> = {
    payload: value,
    invocationId: `${origin}-${invocationId}`,
    topic: message.topic,
  };
  for (const [name, column] of Object.entries(columns)) {
    if (row.has(column)) throw unfit(`SELECT made a member \`${column}\`, which is the column for \`${name}\``);
    row.set(column, extra[name as Extra]);
  }
  if (row.size === 0) throw unfit('the object has no members, so there is nothing to insert');
  return row;
}

/** Undefined for what is no JSON, such as the nothing that `SELECT VALUE` may find. */
function jsonOf(payload: Buffer): ExactJson | undefined {
  try {
    return parseExactly(payload.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** An identifier as SQL quotes it. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * The INSERT for columns of a table that is quoted already; `parameter` writes the place of the nth value, from 1. What was
 * inserted at an earlier attempt is left as it is, and anything else that conflicts is an error.
 */
export function insertStatement(
  table: string,
  names: readonly string[],
  { columns }: TableSettings,
  parameter: (index: number) => string,
): string {
  const values = names.map((_, index) => parameter(index + 1));
  const insert = `INSERT INTO ${table} (${names.map(quoted).join(', ')}) VALUES (${values.join(', ')})`;
  const { invocationId } = columns;
  return invocationId === undefined ? insert : `${insert} ON CONFLICT (${quoted(invocationId)}) DO NOTHING`;
}

/** What the trace says of an INSERT that changed so many rows. */
export const insertedText = (table: string, rows: number): string =>
  rows === 0 ? `${table} had it from an earlier attempt` : `inserted into ${table}`;

/** The CREATE TABLE for a missing one; `types` are those of the database. */
export function createStatement(
  table: string,
  { columns }: TableSettings,
  types: { readonly payload: string; readonly insertedAt: string },
): string {
  const { payload, invocationId, topic } = columns;
  const parts = [
    invocationId && `${quoted(invocationId)} text PRIMARY KEY`,
    topic && `${quoted(topic)} text NOT NULL`,
    `${quoted(payload!)} ${types.payload} NOT NULL`,
    `inserted_at ${types.insertedAt}`,
  ];
  return `CREATE TABLE IF NOT EXISTS ${table} (${parts.filter(Boolean).join(', ')})`;
}
