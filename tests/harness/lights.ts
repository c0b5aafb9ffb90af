/** `examples/lights` as processes: its backend on a thingd, and bulbs with a wall switch. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launch, type Running } from './command.ts';
import { temporaryDirectory } from './directory.ts';
import { eventually } from './eventually.ts';
import { cleanEnvironment, node, root, type Thingd } from './thingd.ts';

const example = join(root, 'examples', 'lights', 'src');
const quiet = '--disable-warning=ExperimentalWarning';

export interface Registration {
  readonly id: string;
  readonly name: string;
  readonly endpoint: string;
  readonly certificatePem: string;
  readonly privateKey: string;
  readonly certificateAuthority: string;
  readonly topics: { readonly data: string; readonly command: string };
}

export interface Light {
  readonly id: string;
  readonly name: string;
  readonly connectivity: { readonly connected: boolean; readonly since?: string };
  readonly state?: { readonly power: string; readonly brightness: number; readonly color: string };
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export class Backend {
  readonly child: Running;
  readonly url: string;

  constructor(child: Running, url: string) {
    this.child = child;
    this.url = url;
  }

  /** Calls the API with a bearer token. The body is undefined where there is none. */
  async call<Body>(token: string, method: string, path: string, body?: object): Promise<Answer<Body>> {
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
    const answer = await fetch(this.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
  }
}

export interface BackendOptions {
  /** Of the backend's store; one that stays makes it the same backend after a restart. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

export async function startBackend(thingd: Thingd, options: BackendOptions): Promise<Backend> {
  const child = launchBackend(thingd, options);
  return new Backend(child, await urlIn(child, /^lights: (http:\S+)/m));
}

/** The process alone, for one that will not come up. */
export function launchBackend(thingd: Thingd, { directory, env }: BackendOptions): Running {
  return launch(node, [quiet, join(example, 'main.ts')], {
    env: {
      ...cleanEnvironment,
      ...thingd.env,
      AWS_REGION: thingd.credentials.region,
      LIGHTS_CA: thingd.caFile,
      LIGHTS_DEVICE_PORT: String(thingd.endpoints.https.port),
      LIGHTS_DATA: directory,
      LIGHTS_PORT: '0',
      ...env,
    },
  });
}

/** `npm start -w examples/lights`, without npm between: thingd, the backend and its bulbs. */
export async function startDemonstration(directory: string): Promise<Backend> {
  const { scripts } = JSON.parse(await readFile(join(example, '..', 'package.json'), 'utf8'));
  const [command, ...args] = scripts.start.split(' ');
  if (command !== 'node') throw new Error(`\`${scripts.start}\` is not run by node`);
  const env = { ...cleanEnvironment, LIGHTS_DATA: directory, LIGHTS_PORT: '0' };
  const child = launch(node, args, { env, cwd: join(example, '..') });
  return new Backend(child, await urlIn(child, /lights +(http:\S+)/));
}

export interface Look {
  readonly powered: boolean;
  readonly connected: boolean;
  readonly power: string;
  readonly brightness: number;
  readonly color: string;
}

export class Bulb {
  readonly child: Running;
  readonly #url: string;

  constructor(child: Running, url: string) {
    this.child = child;
    this.#url = url;
  }

  /** What one would see of it. */
  async look(): Promise<Look> {
    return (await (await fetch(this.#url)).json()) as Look;
  }

  /** The wall switch: off cuts the bulb without a goodbye. */
  async switchAtWall(): Promise<Look> {
    return (await (await fetch(`${this.#url}/wall-switch`, { method: 'POST' })).json()) as Look;
  }
}

/** A bulb with what `POST /light` answered, as soon as it is connected. */
export async function startBulb(registration: Registration): Promise<Bulb> {
  const file = join(await temporaryDirectory(), 'light.json');
  await writeFile(file, JSON.stringify(registration));
  const child = launch(node, [join(example, 'bulb', 'main.ts'), file, '0'], { env: cleanEnvironment });
  const bulb = new Bulb(child, (await urlIn(child, /(http:\S+)\/wall-switch/)) as string);
  await eventually('the bulb is connected', async () => (await bulb.look()).connected);
  return bulb;
}

async function urlIn(child: Running, pattern: RegExp): Promise<string> {
  const found = await eventually(
    'the program says where it is',
    () => pattern.exec(child.stdout)?.[1] ?? (!child.running && 'ended'),
    20_000,
  );
  if (found === 'ended') throw new Error(`it ended with ${await child.exited}\n${child.stdout}\n${child.stderr}`);
  return found;
}
