/** The built program as a child process: started on free ports with a data directory of its own, found by its files. */
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { launch, type Running, run } from './command.ts';
import { temporaryDirectory } from './directory.ts';
import { eventually, withDeadline } from './eventually.ts';

export const root = join(import.meta.dirname, '..', '..');
export const node = process.execPath;
export const program = join(root, 'packages', 'thingd', 'bin', 'thingd.js');

export interface ThingdOptions {
  /** `start` unless told: access keys are verified, the anonymous principal may do nothing. */
  readonly command?: 'start' | 'dev';
  readonly dataDir?: string;
  /** Options after the usual ones; a flag given twice counts as given last. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

export interface Endpoint {
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly accountId: string;
}

const listeners = ['http', 'https', 'mqtts', 'mqtt'] as const;
type Listener = (typeof listeners)[number];

export class Thingd {
  readonly child: Running;
  readonly dataDir: string;
  readonly endpoints: Readonly<Record<Listener, Endpoint>>;
  readonly credentials: Credentials;

  constructor(
    child: Running,
    dataDir: string,
    endpoints: Readonly<Record<Listener, Endpoint>>,
    credentials: Credentials,
  ) {
    this.child = child;
    this.dataDir = dataDir;
    this.endpoints = endpoints;
    this.credentials = credentials;
  }

  get pid(): number {
    return this.child.process.pid!;
  }

  get caFile(): string {
    return join(this.dataDir, 'ca', 'root.pem');
  }

  /** The name the server certificate carries. */
  get host(): string {
    return 'localhost';
  }

  /** What a shell has after `eval "$(thingd env)"`, made from the files alone. */
  get env(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: this.endpoints.http.url,
      AWS_ACCESS_KEY_ID: this.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.credentials.secretAccessKey,
      AWS_DEFAULT_REGION: this.credentials.region,
    };
  }

  /** SIGTERM; answers the exit code. */
  async stop(within = 10_000): Promise<number | NodeJS.Signals> {
    return withDeadline('thingd stops', this.child.stop(), within);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.child.stop('SIGKILL');
  }

  /** Resident memory in bytes. */
  async residentMemory(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  /** Linux: what `nice` shows of its threads of this name. */
  async priorities(name: string): Promise<number[]> {
    const threads = await readdir(`/proc/${this.pid}/task`);
    const names = await Promise.all(threads.map(id => readFile(`/proc/${this.pid}/task/${id}/comm`, 'utf8')));
    return threads.filter((_, index) => names[index] === `${name}\n`).map(id => getPriority(Number(id)));
  }
}

/** Starts thingd and waits until it says where it listens. */
export async function startThingd(options: ThingdOptions = {}): Promise<Thingd> {
  const dataDir = options.dataDir ?? (await temporaryDirectory());
  const command = options.command ?? 'start';
  const free = listeners.flatMap(name => [`--${name}`, '127.0.0.1:0']);
  const child = launch(node, [program, command, ...free, '--data-dir', dataDir, ...(options.args ?? [])], {
    env: { ...cleanEnvironment, ...options.env },
    cwd: options.cwd ?? dataDir,
  });
  const endpoints = await eventually(
    'thingd is up',
    async () => {
      if (!child.running) return 'ended' as const;
      const file = JSON.parse(await readFile(join(dataDir, 'endpoints.json'), 'utf8'));
      // A killed predecessor leaves its file behind.
      return file.pid === child.process.pid && endpointsOf(file);
    },
    60_000,
  ).catch(error => {
    throw new Error(`${error.message}; it printed: ${child.stdout}${child.stderr}`);
  });
  if (endpoints === 'ended') {
    throw new Error(`thingd ended with ${await child.exited}\n${child.stdout}\n${child.stderr}`);
  }
  const credentials: Credentials = JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8'));
  return new Thingd(child, dataDir, endpoints, credentials);
}

/** Runs `thingd …` to its end, without starting anything that listens. */
export function thingd(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}) {
  return run(node, [program, ...args], { env: { ...cleanEnvironment, ...env } });
}

/** No setting of the developer's shell reaches the program under test. */
export const cleanEnvironment: Readonly<Record<string, undefined>> = Object.fromEntries(
  Object.keys(process.env)
    .filter(name => /^(AWS_|THINGD_|NODE_OPTIONS$|NODE_ENV$|VITEST)/.test(name))
    .map(name => [name, undefined]),
);

function endpointsOf(file: Record<string, string>): Readonly<Record<Listener, Endpoint>> {
  const endpoint = (name: Listener): Endpoint => {
    const url = file[name];
    if (!url) return { url: '', host: '', port: 0 }; // the listener is off
    const { hostname, port } = new URL(url);
    return { url: url.replace(/\/$/, ''), host: hostname, port: Number(port) };
  };
  return { http: endpoint('http'), https: endpoint('https'), mqtts: endpoint('mqtts'), mqtt: endpoint('mqtt') };
}

/** Descriptors this process, and so the program it starts, may hold; Node raises its soft limit to the hard one. */
export function openFileLimit(): number {
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024);
}
