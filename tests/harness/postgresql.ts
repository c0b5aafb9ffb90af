/** A PostgreSQL that rules write to: reached by TCP with a password, and away for a while if the test wants it. */
import pg from 'pg';
import { afterAll } from 'vitest';
import { freePort } from './free-port.ts';
import { PostgresServer } from './postgres-server.ts';

export const postgresPassword = 'correct horse battery staple';

export class Postgresql {
  readonly connection: Readonly<Record<'host' | 'database' | 'user' | 'password', string>> & { readonly port: number };
  readonly #server: PostgresServer;

  private constructor(port: number) {
    const user = 'plant';
    this.connection = { host: '127.0.0.1', port, database: 'postgres', user, password: postgresPassword };
    const listening = ['-h', '127.0.0.1', '-p', String(port)];
    const encoding = ['--encoding=UTF8', '--locale=C'];
    const initdb = [`--username=${user}`, '--auth=scram-sha-256', ...encoding];
    this.#server = new PostgresServer(initdb, listening, postgresPassword);
  }

  /** It ends with the test file. */
  static async start(): Promise<Postgresql> {
    const started = new Postgresql(await freePort());
    servers.push(started);
    await started.open();
    return started;
  }

  /** Listens, at the same port as before, with what was there. */
  open(): Promise<void> {
    return this.#server.open(() => this.rows('SELECT 1'));
  }

  /** Ends every connection and listens no more. */
  close(): Promise<void> {
    return this.#server.close();
  }

  remove(): void {
    this.#server.remove();
  }

  // biome-ignore lint/suspicious/noExplicitAny: each test reads what it needs
  async rows(sql: string, ...values: unknown[]): Promise<any[]> {
    const client = new pg.Client(this.connection);
    client.on('error', () => {}); // seen as a query that fails
    await client.connect(); // one that does not come about has nothing to end
    try {
      return (await client.query(sql, values)).rows;
    } finally {
      await client.end();
    }
  }
}

const servers: Postgresql[] = [];

afterAll(async () => {
  for (const server of servers) {
    await server.close();
    server.remove();
  }
});
