/** The phone's API, as any phone would call it. */
import { token } from './session.ts';

export interface LightState {
  power: 'on' | 'off';
  brightness: number;
  color: string;
}

export interface Light {
  id: string;
  name: string;
  connectivity: { connected: boolean; since?: string };
  state?: LightState;
}

/** What changed of a light. */
export type LightUpdate = { id: string } & Partial<Omit<Light, 'id'>> & {
    deleted?: true;
    rejected?: { payload: string; reasons: string[] };
  };

export interface Registration {
  id: string;
  name: string;
  [secret: string]: unknown;
}

/** An answer that is a problem. `type` is such as `light-not-found`. */
export class ApiError extends Error {
  readonly type: string;
  constructor(type: string, detail: string) {
    super(detail);
    this.type = type;
  }
}

async function call(method: string, path: string, body?: object): Promise<Response> {
  const headers: Record<string, string> = { authorization: `Bearer ${token()}` };
  if (body) headers['content-type'] = 'application/json';
  const answer = await fetch(path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (answer.ok) return answer;
  const { type, detail } = (await answer.json()) as { type: string; detail: string };
  throw new ApiError(type.replace('/problems/', ''), detail);
}

export async function listLights(nextToken?: string): Promise<{ lights: Light[]; nextToken?: string }> {
  const query = new URLSearchParams({ limit: '25', ...(nextToken && { nextToken }) });
  return (await call('GET', `/light?${query}`)).json();
}

export async function createLight(name: string): Promise<Registration> {
  return (await call('POST', '/light', { name })).json();
}

export async function deleteLight(id: string): Promise<void> {
  await call('DELETE', `/light/${id}`);
}

export async function command(
  id: string,
  name: string,
  parameters?: object,
): Promise<{ delivery: 'now' | 'on-return' }> {
  return (await call('POST', `/light/${id}/command/${name}`, parameters)).json();
}

/**
 * Hands over every update until the stream ends; `began` once it flows. By `fetch`, as `EventSource` cannot send a token.
 */
export async function watchLights(began: () => void, changed: (update: LightUpdate) => void): Promise<void> {
  const { body } = await call('GET', '/updates');
  began();
  let rest = '';
  const text = body!.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await text.read();
    if (done) return;
    const events = (rest + value).split('\n\n');
    rest = events.pop()!;
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) changed(JSON.parse(data));
    }
  }
}
