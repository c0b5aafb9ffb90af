/** Calls of the program's own API, `/thingd/v1/…`, on behalf of a command. */
import { signedHeaders } from '../signature/index.ts';
import type { Installation } from './installation.ts';
import { NotRunning } from './installation.ts';

/** The running program refused; the message is its own. */
export class CallRefused extends Error {
  override readonly name = 'CallRefused';
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Answers the response's JSON. Throws `CallRefused`, or `NotRunning` if nothing answers. */
export async function call<T>(installation: Installation, method: Method, path: string, input?: object): Promise<T> {
  const response = await send(installation, method, path, input, AbortSignal.timeout(10_000));
  return (await response.json()) as T;
}

/** The data of each server-sent event of a stream, until it ends. Throws as `call` does. */
export async function* follow<T>(installation: Installation, path: string): AsyncGenerator<T> {
  const response = await send(installation, 'GET', path, undefined, undefined);
  let rest = '';
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const events = (rest + text).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) yield JSON.parse(data) as T;
    }
  }
}

async function send(
  { endpoints, credentials }: Installation,
  method: Method,
  path: string,
  input: object | undefined,
  signal: AbortSignal | undefined,
): Promise<Response> {
  if (endpoints.http === undefined) throw new NotRunning('thingd runs with `--http off`, so no command can reach it');
  const url = new URL(path, endpoints.http);
  const body = input === undefined ? '' : JSON.stringify(input);
  const scope = { region: credentials.region, service: 'iot' };
  const headers = signedHeaders(method, url, body, credentials, scope, Date.now());
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body }),
      ...(signal && { signal }),
    });
  } catch {
    throw new NotRunning(`thingd does not answer at ${endpoints.http}`);
  }
  if (response.ok) return response;
  const { message } = (await response.json()) as { message?: string };
  throw new CallRefused(message ?? `thingd answered ${response.status}`);
}
