/** The brokers under test as child processes: how each is started, where it listens, and how it is stopped. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RunningBroker {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** Its files; thingd's data directory. */
  readonly directory: string;
  stop(): Promise<void>;
}

export interface BrokerUnderTest {
  readonly name: string;
  readonly version: string;
  start(): Promise<RunningBroker>;
}

const root = join(import.meta.dirname, '..');
const node = join(root, 'node_modules/.bin/node');

export const hasCommand = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

/** The broker on one core and the generator on the other, where the machine lets us choose. */
export const pinned = (core: number | string, command: string, args: readonly string[]): [string, string[]] =>
  hasCommand('taskset') ? ['taskset', ['-c', String(core), command, ...args]] : [command, [...args]];

/** Undefined where it is not installed. `cores` as `taskset` writes them. */
export function mosquitto(cores = '0'): BrokerUnderTest | undefined {
  const binary = ['mosquitto', '/usr/sbin/mosquitto'].find(hasCommand);
  if (binary === undefined) return undefined;
  const help = spawnSync(binary, ['-h'], { encoding: 'utf8' });
  return {
    name: 'mosquitto',
    version: /version ([\d.]+)/.exec(help.stdout + help.stderr)?.[1] ?? '?',
    async start() {
      const directory = mkdtempSync(join(tmpdir(), 'bench-mosquitto-'));
      const port = await freePort();
      const configuration = join(directory, 'mosquitto.conf');
      const lines = [
        `listener ${port} 127.0.0.1`,
        'allow_anonymous true',
        'persistence false',
        'max_queued_messages 0',
        'max_inflight_messages 0',
        'set_tcp_nodelay true',
        'log_type error',
      ];
      writeFileSync(configuration, `${lines.join('\n')}\n`);
      return started('mosquitto', port, directory, ...pinned(cores, binary, ['-c', configuration]));
    },
  };
}

/**
 * thingd as its users run it, policies enforced: every connection of the plain listener is bound to `policy.json`, whose statements use
 * wildcards and a variable, so that each topic is really decided. `nodeArguments` are for the process: a profile, a module to preload;
 * `cores` as `taskset` writes them.
 */
export function thingd(
  extraArguments: readonly string[],
  nodeArguments: readonly string[] = [],
  cores = '0',
): BrokerUnderTest {
  const bin = join(root, 'packages/thingd/bin/thingd.js');
  return {
    name: 'thingd',
    version: execFileSync(node, [bin, '--version'], { encoding: 'utf8' }).trim(),
    async start() {
      const directory = mkdtempSync(join(tmpdir(), 'bench-thingd-'));
      const port = await freePort();
      const args = [
        'start',
        '--data-dir',
        directory,
        '--mqtt',
        `127.0.0.1:${port}`,
        '--http',
        '127.0.0.1:0',
        '--https',
        'off',
      ];
      args.push(
        '--mqtts',
        'off',
        '--limits',
        'open',
        '--anonymous-policy',
        readFileSync(join(root, 'bench/policy.json'), 'utf8'),
        '--log-level',
        'warn',
        ...extraArguments,
      );
      return started('thingd', port, directory, ...pinned(cores, realNode(), [...nodeArguments, bin, ...args]));
    },
  };
}

/** The broker package alone, everything allowed: what policy, store and program cost is the difference to `thingd`. */
export function embedded(): BrokerUnderTest {
  return {
    name: 'embedded',
    version: 'source',
    async start() {
      const directory = mkdtempSync(join(tmpdir(), 'bench-embedded-'));
      const port = await freePort();
      const script = join(root, 'bench/embedded.ts');
      return started(
        'embedded',
        port,
        directory,
        ...pinned(0, realNode(), ['--conditions=@thingd/source', script, String(port)]),
      );
    },
  };
}

/** The binary behind the link in `.bin`, so that the process started is the one whose CPU is read. */
const realNode = (): string => execFileSync(node, ['-p', 'process.execPath'], { encoding: 'utf8' }).trim();

async function started(
  name: string,
  port: number,
  directory: string,
  command: string,
  args: readonly string[],
): Promise<RunningBroker> {
  const log: string[] = [];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => log.push(chunk.toString()));
  await listening(port, child, () => `${name} did not start:\n${log.join('')}`);
  return {
    name,
    port,
    pid: child.pid!,
    directory,
    async stop() {
      const ended = new Promise(resolve => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function listening(port: number, child: ChildProcess, complaint: () => string): Promise<void> {
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt++) {
    if (await accepts(port)) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  child.kill('SIGKILL');
  throw new Error(complaint());
}

const accepts = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
