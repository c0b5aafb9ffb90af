/**
 * What 1,000 registry writes a second do to the message path. Messages go to one thingd all the time, and the writes, signed calls of the
 * API with indexing on, a second each in turn: to a server that only answers (**alone**), to the same thingd (**beside**), and to a second
 * thingd on the same cores (**elsewhere**), which has nothing in common with the first one's messages but the cores' time. So what makes
 * the load is always as busy, and what else the machine does meets all three alike.
 *
 *   node bench/registry.ts --loops 5 --seconds 20
 *   node bench/registry.ts --scenario 'pairs QoS 1' --cores 0,1
 *   node bench/registry.ts --message-rate 1000     one message each millisecond instead of bursts
 *   node bench/registry.ts --loops 1 --profile profiles/     CPU profiles of thingd's threads
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus, loadavg, release } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { pinned, type RunningBroker, thingd } from './brokers.ts';
import type { Load, Measurement } from './load/generator.ts';
import type { RegistryLoad, RegistryMeasurement } from './load/registry.ts';
import type { Rounds } from './load/rounds.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { median } from './table.ts';

const { values: options } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true, default: ['fixed-rate'] },
    loops: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '1000' },
    things: { type: 'string', default: '2000' },
    'message-rate': { type: 'string', default: '5000' },
    pause: { type: 'string', default: '1' },
    cores: { type: 'string', default: '0' },
    profile: { type: 'string' },
    'thingd-args': { type: 'string', default: '' },
  },
});

const run = promisify(execFile);
/** V8 is still optimizing what the writes run through after fifteen seconds of them, and each thingd has a third. */
const warmUpSeconds = 75;
const slice = 1000;
/** The last write of a slice has its answer by then. */
const settle = 250;

/** On core 1, where the generator of messages runs as well: core 0 is thingd's. */
async function script<T>(file: string, load: unknown): Promise<T> {
  const [command, args] = pinned(1, process.execPath, [join(import.meta.dirname, 'load', file), JSON.stringify(load)]);
  return JSON.parse((await run(command, args)).stdout) as T;
}

/** Messages and writes of a loop, each by where the writes went. */
interface Loop {
  readonly messages: Record<Kind, Measurement>;
  readonly writes: Record<Kind, RegistryMeasurement>;
}

const kinds = ['alone', 'beside', 'elsewhere'] as const;
type Kind = (typeof kinds)[number];

const byKind = <T>(of: readonly T[]): Record<Kind, T> => ({ alone: of[0]!, beside: of[1]!, elsewhere: of[2]! });

async function measure({ load }: Scenario): Promise<Loop> {
  const profiling = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(options.profile)}`];
  const broker = thingd(options['thingd-args'].split(' ').filter(Boolean), profiling, options.cores);
  const started: RunningBroker[] = [];
  const answering = answers();
  try {
    started.push(await broker.start());
    started.push(await broker.start());
    const [own, other] = started as [RunningBroker, RunningBroker];
    const registry: RegistryLoad = {
      targets: [{ directory: own.directory }, { directory: other.directory }],
      things: Number(options.things),
      rate: Number(options.rate),
    };
    await script('registry.ts', registry);
    const rounds: Rounds = {
      ...{ kinds: kinds.length, slice, settle },
      times: Math.ceil((Number(options.seconds) * 1000) / (slice - settle)),
      from: Date.now() + warmUpSeconds * 1000,
    };
    const messages: Load = {
      ...{ ...load, rate: load.rate && Number(options['message-rate']), pause: Number(options.pause) },
      ...{ port: own.port, brokerPid: own.pid, measured: rounds },
    };
    const answeringTarget = { directory: own.directory, url: await answering.url };
    const [measuredMessages, measuredWrites] = await Promise.all([
      script<Measurement[]>('generator.ts', messages),
      script<RegistryMeasurement[]>('registry.ts', {
        ...registry,
        targets: [answeringTarget, ...registry.targets],
        rounds,
      }),
    ]);
    return { messages: byKind(measuredMessages), writes: byKind(measuredWrites) };
  } finally {
    await Promise.all(started.map(server => server.stop()));
    answering.child.kill();
  }
}

/** Beside thingd, where its answers would have been. */
function answers() {
  const child = spawn(...pinned(options.cores, process.execPath, [join(import.meta.dirname, 'load', 'answers.ts')]), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, url: once(child.stdout, 'data').then(([line]) => String(line).trim()) };
}

async function row(scenario: Scenario): Promise<string[]> {
  const loops: Loop[] = [];
  for (let number = 1; number <= Number(options.loops); number++) {
    const loop = await measure(scenario);
    process.stderr.write(`${scenario.name}, loop ${number}: ${JSON.stringify(loop)}\n`);
    loops.push(loop);
  }
  const shown = (pick: (loop: Loop) => number, digits = 2): string => {
    const values = loops.map(pick);
    return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;
  };
  const middle = (pick: (loop: Loop) => number, digits = 0): string => median(loops.map(pick)).toFixed(digits);
  const waits = (quantile: 'p50' | 'p99'): string =>
    kinds.map(kind => middle(({ messages }) => messages[kind][quantile], 2)).join(' / ');
  return [
    scenario.name,
    middle(({ messages }) => messages.alone.brokerCpu),
    shown(({ messages }) => messages.beside.perSecond / messages.alone.perSecond),
    waits('p50'),
    shown(({ messages }) => messages.beside.p50 / messages.alone.p50),
    shown(({ messages }) => messages.elsewhere.p50 / messages.alone.p50),
    waits('p99'),
    shown(({ messages }) => messages.beside.p99 / messages.alone.p99),
    shown(({ messages }) => messages.elsewhere.p99 / messages.alone.p99),
    shown(writeCpu, 0),
    middle(({ writes }) => writes.beside.perSecond),
    `${middle(({ writes }) => writes.beside.p50, 1)} / ${middle(({ writes }) => writes.beside.p99, 1)}`,
    String(loops.reduce((sum, loop) => sum + wrongIn(loop), 0)),
  ];
}

/** Microseconds a write: what thingd takes more in a second while it is written to. */
const writeCpu = ({ messages: { alone, beside }, writes }: Loop): number =>
  (beside.brokerCpu * beside.perSecond - alone.brokerCpu * alone.perSecond) / writes.beside.perSecond;

const wrongIn = ({ messages: { alone }, writes }: Loop): number =>
  alone.lost + alone.duplicated + alone.misrouted + kinds.reduce((sum, kind) => sum + writes[kind].wrong, 0);

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const head = [
  ...['messages', 'CPU µs/message', 'messages/s ÷'],
  ...['p50 ms', 'p50 ÷', 'elsewhere ÷', 'p99 ms', 'p99 ÷', 'elsewhere ÷'],
  ...['CPU µs/write', 'writes/s', 'write p50 / p99 ms', 'wrong'],
];
const rows: string[][] = [];
for (const scenario of scenarios.filter(({ name }) => options.scenario.some(wanted => name.startsWith(wanted)))) {
  rows.push(await row(scenario));
}
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model.trim()} × ${cpus().length}, Linux ${release()}, Node ${process.versions.node}, load ${loadavg()[0]?.toFixed(1)}; ${options.rate} writes/s to ${options.things} things, ${options.loops} loops of ${options.seconds} s a kind\n`,
);
console.log([line(head), line(head.map((_, i) => (i === 0 ? '--' : '--:'))), ...rows.map(line)].join('\n'));
