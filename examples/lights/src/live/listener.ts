/** Hears what lights report and when they come and go, and tells `LastKnown`. */
import { randomUUID } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import { Compile } from 'typebox/compile';
import { backendClientId } from '../aws/policies.ts';
import { type Connectivity, LightState, type Rejected } from '../lights/light.ts';
import { connect, type Identity } from './connect.ts';
import type { LastKnown } from './last-known.ts';

const topics = ['+/data', '$aws/events/presence/connected/+', '$aws/events/presence/disconnected/+'];
/** Milliseconds at most; AWS needs a few seconds to let a new certificate in. */
const connectTakes = 30_000;
const lightState = Compile(LightState);

export interface ListenerOptions {
  readonly identity: Omit<Identity, 'clientId'>;
  readonly lastKnown: LastKnown;
  /** Others may use the same account: what is not about a light is not ours. */
  readonly isLight: (id: string) => boolean;
  readonly failed: (error: Error) => void;
}

export interface Listener {
  close(): Promise<void>;
}

/** Resolves when it is subscribed for the first time. From then on it reconnects by itself. */
export async function listen({ identity, lastKnown, isLight, failed }: ListenerOptions): Promise<Listener> {
  const client = connect({ ...identity, clientId: `${backendClientId}${randomUUID()}` }, { keepalive: 30 });
  client.on('error', failed);
  client.on('message', (topic, payload) => {
    const heard = read(topic, payload);
    if (!heard || !isLight(heard.id)) return;
    if ('state' in heard) lastKnown.reported(heard.id, heard.state);
    else if ('rejected' in heard) lastKnown.rejected(heard.id, heard.rejected);
    else lastKnown.presence(heard.id, heard.connectivity, heard.session);
  });
  await connected(client);
  await client.subscribeAsync(topics, { qos: 1 });
  return { close: () => client.endAsync() };
}

type Heard =
  | { readonly id: string; readonly state: LightState }
  | { readonly id: string; readonly rejected: Rejected }
  | { readonly id: string; readonly connectivity: Connectivity; readonly session: string };

/** Undefined for what is neither a report nor an event. Lights are other people's programs: their reports are checked. */
export function read(topic: string, payload: Buffer): Heard | undefined {
  const value = parse(payload);
  const presence = /^\$aws\/events\/presence\/(connected|disconnected)\/([^/]+)$/.exec(topic);
  if (presence) {
    const { timestamp, sessionIdentifier } = (value ?? {}) as Record<string, unknown>;
    if (!isTime(timestamp) || typeof sessionIdentifier !== 'string') return undefined;
    const connectivity = { connected: presence[1] === 'connected', since: new Date(timestamp).toISOString() };
    return { id: presence[2]!, connectivity, session: sessionIdentifier };
  }
  const id = /^([^/]+)\/data$/.exec(topic)?.[1];
  if (id === undefined || payload.length === 0) return undefined; // an empty one ends a retained message
  if (lightState.Check(value)) {
    const { power, brightness, color } = value;
    return { id, state: { power, brightness, color } };
  }
  const reasons = lightState
    .Errors(value)
    .map(({ instancePath, message }) => `${instancePath || 'the report'} ${message}`);
  return { id, rejected: { payload: payload.toString('utf8', 0, 500), reasons } };
}

/** Milliseconds since the epoch that a `Date` can hold. */
const isTime = (value: unknown): value is number =>
  typeof value === 'number' && !Number.isNaN(new Date(value).getTime());

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString());
  } catch {
    return undefined;
  }
}

/** Rejects with the last failure if half a minute is not enough. */
function connected(client: MqttClient): Promise<void> {
  let failure = new Error('no answer');
  client.on('error', error => {
    failure = error;
  });
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => {
      client.end(true);
      reject(new Error('the IoT core cannot be reached by MQTT', { cause: failure }));
    }, connectTakes);
    client.once('connect', () => {
      clearTimeout(deadline);
      resolve();
    });
  });
}
