/** The sink `postgresql`: one INSERT a message, by a small pool of connections that come and go with the traffic. */
import { createHash } from 'node:crypto';
import type { ActionRequest } from '@thingd/core';
import type { Pool, PoolClient, PoolConfig } from 'pg';
import { type ExactJson, isNumberText } from '../../actions/aws/exact-json.ts';
import type { Definition, Late } from '../definition.ts';
import { away, invalid, type Sink, type SinkAddress, type SinkContext, type SinkKind, unfit } from '../sink.ts';
import { type TlsMaterial, tlsMaterial, tlsOptions } from '../tls.ts';
import { postgresFailure } from './postgresql-failure.ts';
import {
  checkTable,
  createStatement,
  insertedText,
  insertStatement,
  quoted,
  rowOf,
  type TableSettings,
  tableOf,
  tableSettings,
} from './rows.ts';

interface Settings extends TableSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: Late | undefined;
  readonly tls: boolean;
  readonly material: TlsMaterial;
  readonly connections: number;
}

/** Milliseconds until a connection is there, and until a statement has been carried out. */
const connectTimeout = 3000;
const statementTimeout = 10_000;
/** Milliseconds an unused connection stays. */
const idleTimeout = 30_000;
/** Statements kept prepared in each connection: messages of ever other shapes must not fill the server's memory. */
const preparedStatements = 50;
/** Milliseconds until a table's columns are read again because a message has one that was not there. */
const columnsRest = 5000;

export const postgresql: SinkKind = (definition, context) => new PostgresqlSink(settingsOf(definition), context);

function settingsOf(definition: Definition): Settings {
  const settings: Settings = {
    host: definition.text('host'),
    port: definition.count('port', 5432, 1, 65_535),
    database: definition.text('database'),
    user: definition.text('user'),
    password: definition.secret('password'),
    tls: definition.flag('tls'),
    material: tlsMaterial(definition),
    connections: definition.count('connections', 4, 1, 32),
    ...tableSettings(definition),
  };
  const { tls, material } = settings;
  if (!tls && (material.ca ?? material.cert) !== undefined) throw invalid('`ca`, `cert` and `key` expect `tls`');
  return settings;
}

/** Types by column. */
type Columns = ReadonlyMap<string, string>;

class PostgresqlSink implements Sink {
  readonly #settings: Settings;
  readonly #context: SinkContext;
  /** Names of prepared statements by their text. */
  readonly #statements = new Map<string, string>();
  readonly #columns = new Map<string, { readonly at: number; readonly columns: Promise<Columns> }>();
  readonly #clients = new Set<PoolClient>();
  #pool: Promise<Pool> | undefined;

  constructor(settings: Settings, context: SinkContext) {
    this.#settings = settings;
    this.#context = context;
  }

  check(address: SinkAddress): void {
    checkTable(this.#settings, address);
  }

  async deliver(request: ActionRequest, address: SinkAddress): Promise<string> {
    const table = tableOf(this.#settings, address);
    const row = rowOf(request, this.#settings, this.#context);
    try {
      const names = [...row.keys()];
      const columns = await this.#columnsFor(table, names);
      const values = names.map(name => parameterOf(row.get(name)!, columns.get(name)!));
      const text = insertStatement(qualified(table), names, this.#settings, index => `$${index}`);
      const pool = await this.#open();
      const { rowCount } = await pool.query({ text, values, ...this.#prepared(text) });
      return insertedText(table, rowCount ?? 0);
    } catch (error) {
      const failure = postgresFailure(error);
      // The table may be another than it was.
      if (failure.isSchema) this.#columns.delete(table);
      throw failure.failure;
    }
  }

  async close(): Promise<void> {
    const pool = await this.#pool?.catch(() => undefined);
    this.#pool = undefined;
    const ended = pool?.end();
    // Connections that are busy are cut off: what they were doing is tried again.
    for (const client of this.#clients) client.end().catch(() => {});
    await ended?.catch(() => {});
  }

  #open(): Promise<Pool> {
    this.#pool ??= import('pg').then(({ default: { Pool } }) => {
      const pool = new Pool(poolConfig(this.#settings));
      // A connection that breaks while unused is replaced by the next statement that needs one.
      pool.on('error', () => {});
      pool.on('connect', client => this.#clients.add(client));
      pool.on('remove', client => this.#clients.delete(client));
      return pool;
    });
    this.#pool.catch(() => {
      this.#pool = undefined;
    });
    return this.#pool;
  }

  #prepared(text: string): { readonly name?: string } {
    let name = this.#statements.get(text);
    if (name === undefined && this.#statements.size < preparedStatements) {
      name = `thingd_${createHash('sha256').update(text).digest('hex').slice(0, 40)}`;
      this.#statements.set(text, name);
    }
    return name === undefined ? {} : { name };
  }

  /** The table's columns, read again if one is asked for that was not there. Rejects with `ActionFailure` for one that is not. */
  async #columnsFor(table: string, names: readonly string[]): Promise<Columns> {
    const now = this.#context.clock.now();
    const known = this.#columns.get(table);
    let columns = await known?.columns;
    let missing = names.find(name => !columns?.has(name));
    if (known === undefined || (missing !== undefined && now - known.at >= columnsRest)) {
      columns = await this.#learnColumns(table, now);
      missing = names.find(name => !columns?.has(name));
    }
    if (missing === undefined) return columns!;
    throw unfit(`table ${table} has no column \`${missing}\``);
  }

  /** Reads the columns once for all who ask meanwhile; what could not be read is asked for again. */
  #learnColumns(table: string, at: number): Promise<Columns> {
    const known = { at, columns: this.#readColumns(table) };
    this.#columns.set(table, known);
    known.columns.catch(() => {
      if (this.#columns.get(table) === known) this.#columns.delete(table);
    });
    return known.columns;
  }

  async #readColumns(table: string): Promise<Columns> {
    const pool = await this.#open();
    const read = async () => (await pool.query<{ name: string; type: string }>(columnsQuery, [qualified(table)])).rows;
    let rows = await read();
    if (rows.length === 0 && this.#settings.createTables) {
      const types = { payload: 'jsonb', insertedAt: 'timestamptz NOT NULL DEFAULT now()' };
      // Another thingd may be making it at this moment: then it is there at the next attempt.
      await pool.query(createStatement(qualified(table), this.#settings, types)).catch(error => {
        throw away(`table ${table} cannot be made: ${(error as Error).message}`, error);
      });
      rows = await read();
    }
    if (rows.length === 0) throw away(`there is no table ${table}, or none that the sink's user may see`);
    return new Map(rows.map(({ name, type }) => [name, type]));
  }
}

const columnsQuery = `
  SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_catalog.pg_attribute
  WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`;

/** A dot is between schema and table. */
const qualified = (table: string): string => table.split('.').map(quoted).join('.');

function poolConfig({ host, port, database, user, password, tls, material, connections }: Settings): PoolConfig {
  return {
    host,
    port,
    database,
    user,
    password: () => password?.() ?? '',
    // The host is what the certificate must name, also where it is an address.
    ssl: tls ? { ...tlsOptions(material), host } : false,
    max: connections,
    connectionTimeoutMillis: connectTimeout,
    idleTimeoutMillis: idleTimeout,
    statement_timeout: statementTimeout,
    query_timeout: statementTimeout + connectTimeout,
    application_name: 'thingd',
    keepAlive: true,
  };
}

type Parameter = string | null | readonly Parameter[];

/**
 * As text, whose meaning the column's type decides: no digit of a number is lost. For columns of JSON every value is JSON; a
 * number in a column of time is milliseconds since the epoch, as `timestamp()` gives them; an array fits a column of arrays.
 */
export function parameterOf(value: ExactJson, type: string): Parameter {
  if (value === null) return null;
  if (type === 'json' || type === 'jsonb') return JSON.stringify(value);
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && type.endsWith('[]')) return value.map(item => parameterOf(item, type.slice(0, -2)));
  if (isNumberText(value) && type.startsWith('timestamp')) return timeOf(value.rawJSON);
  return JSON.stringify(value);
}

function timeOf(text: string): string {
  const time = new Date(Number(text));
  if (Number.isNaN(time.getTime())) throw unfit(`${text} is no time in milliseconds`);
  return time.toISOString();
}
