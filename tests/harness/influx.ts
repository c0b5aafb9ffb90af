/** A server that stands in for InfluxDB 2 and 3: it knows its buckets and tokens, and takes nothing but line protocol. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll } from 'vitest';
import { type Point, parseLines } from '../../packages/thingd/src/rules/actions/influxdb/line-protocol-fixtures.ts';

export interface Written {
  readonly org: string | null;
  readonly precision: string | null;
  readonly lines: string;
  readonly points: readonly Point[];
}

export class InfluxServer {
  readonly written: Written[] = [];
  /** Path and status of every answer. */
  readonly answers: string[] = [];
  /** Statuses that the next writes are answered instead of being taken. */
  readonly refusals: number[] = [];
  token = 'first-token';
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      const body = await text(request);
      const [status, reason] = this.#answer(request, body);
      this.answers.push(`${new URL(request.url!, this.url).pathname} ${status}`);
      response.writeHead(status, { 'content-type': 'application/json' }).end(reason && JSON.stringify({ reason }));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async open(): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer({ method, url, headers }: IncomingMessage, body: string): [status: number, reason?: string] {
    if (headers.authorization !== `Token ${this.token}`) return [401, 'unauthorized access'];
    const { pathname, searchParams } = new URL(url!, this.url);
    if (method === 'GET' && ['/api/v2/me', '/api/v3/configure/database'].includes(pathname)) return [200];
    if (method !== 'POST' || pathname !== '/api/v2/write') return [404, 'no such path'];
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return [refusal, 'told to refuse'];
    if (searchParams.get('bucket') !== 'house') return [404, `bucket ${searchParams.get('bucket')} not found`];
    try {
      const points = parseLines(body);
      this.written.push({
        org: searchParams.get('org'),
        precision: searchParams.get('precision'),
        lines: body,
        points,
      });
      return [204];
    } catch (error) {
      return [400, (error as Error).message];
    }
  }
}

const servers: InfluxServer[] = [];

export async function startInflux(): Promise<InfluxServer> {
  const server = new InfluxServer();
  await server.open();
  servers.push(server);
  return server;
}

afterAll(() => {
  for (const server of servers) server.close();
});
