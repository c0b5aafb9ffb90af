/** Calls of the program's own API, `/thingd/v1/…`, on behalf of a command. */
import { signedHeaders } from '../signature/index.ts';
import type { Installation } from './installation.ts';
import { NotRunning } from './installation.ts';

/** The running program refused; the message is its own. */
export class CallRefused extends Error {
  override readonly name = 'CallRefused';
}

/** Answers the response's JSON. Throws `CallRefused`, or `NotRunning` if nothing answers. */
export async function call<T>(
  { endpoints, credentials }: Installation,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  input?: object,
): Promise<T> {
  if (endpoints.http === undefined) throw new NotRunning('thingd runs with `--http off`, so no command can reach it');
  const url = new URL(path, endpoints.http);
  const body = input === undefined ? '' : JSON.stringify(input);
  const headers = signedHeaders(
    method,
    url,
    body,
    credentials,
    { region: credentials.region, service: 'iot' },
    Date.now(),
  );
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body }),
      signal: AbortSignal.timeout(10_000),
    });
  } catch {
    throw new NotRunning(`thingd does not answer at ${endpoints.http}`);
  }
  const answer = (await response.json()) as T & { message?: string };
  if (!response.ok) throw new CallRefused(answer.message ?? `thingd answered ${response.status}`);
  return answer;
}
