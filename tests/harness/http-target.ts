/** An HTTP server that rules call: it keeps what it got, and may be told to refuse or to be away. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';
import { eventually } from './eventually.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A status, a whole answer, or none at all. */
export type Answer =
  | number
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'nothing';

export class HttpTarget {
  readonly received: Received[] = [];
  /** What the next calls are answered, in order; 200 when there is nothing left. */
  readonly answers: Answer[] = [];
  /** Answered while it is set. */
  refusing: number | undefined;
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The calls that are not challenges. */
  get calls(): Received[] {
    return this.received.filter(({ headers }) => headers['x-amz-rules-engine-message-type'] === undefined);
  }

  get challenge(): { readonly enableUrl: string; readonly confirmationToken: string } | undefined {
    const found = this.received.find(
      ({ headers }) => headers['x-amz-rules-engine-message-type'] === 'DestinationConfirmation',
    );
    return found && JSON.parse(found.body);
  }

  /** Follows the link of the challenge, as the owner of the URL would. */
  async confirm(): Promise<void> {
    const { enableUrl } = await eventually('a challenge', () => this.challenge);
    const { status } = await fetch(enableUrl);
    if (status !== 200) throw new Error(`confirming the destination was answered ${status}`);
  }

  /** Listens, at the same port as before. */
  async open(): Promise<void> {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', chunk => chunks.push(chunk));
      request.on('end', () => {
        const answer = this.refusing ?? this.answers.shift() ?? 200;
        const body = Buffer.concat(chunks).toString();
        const { method = '', url: path = '', headers } = request;
        this.received.push({ method, path, headers, body });
        if (answer === 'nothing') return;
        if (typeof answer === 'number') response.writeHead(answer).end();
        else response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
      });
    });
    const server = this.#server;
    await new Promise<void>(resolve => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Nobody is there: connections are refused. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  }
}

export async function openHttpTarget(): Promise<HttpTarget> {
  const target = new HttpTarget();
  await target.open();
  targets.push(target);
  return target;
}

const targets: HttpTarget[] = [];

afterAll(() => Promise.all(targets.map(target => target.close())));
