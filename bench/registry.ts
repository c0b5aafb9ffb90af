/**
 * What 1,000 registry writes a second do to the message path: messages alone, writes alone, and both at once, taking turns inside each
 * loop on a thingd of their own. Writes are signed calls of the API, with indexing on. Beside messages alone the same writes go to a
 * server that only answers: what makes the load is as busy then as it is with both. And once they go to a second thingd on the same cores,
 * which has nothing in common with the first one's messages but the cores' time.
 *
 *   node bench/registry.ts --loops 5 --seconds 4
 *   node bench/registry.ts --scenario fixed-rate --message-rate 10000 --cores 0,1     a core with room, or more than one
 *   node bench/registry.ts --pause 0     messages evenly spaced, by a generator that wants the whole of its core
 *   node bench/registry.ts --loops 1 --profile profiles/     CPU profiles of thingd's threads while both run
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus, loadavg, release } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { pinned, type RunningBroker, thingd } from './brokers.ts';
import type { Load, Measurement } from './load/generator.ts';
import type { RegistryLoad, RegistryMeasurement } from './load/registry.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { median } from './table.ts';

const { values: options } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true, default: ['fixed-rate', 'pairs QoS 1'] },
    loops: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    rate: { type: 'string', default: '1000' },
    things: { type: 'string', default: '2000' },
    'message-rate': { type: 'string' },
    pause: { type: 'string', default: '1' },
    cores: { type: 'string', default: '0' },
    profile: { type: 'string' },
    'thingd-args': { type: 'string', default: '' },
  },
});

const seconds = Number(options.seconds);
const rate = Number(options.rate);
const things = Number(options.things);
const run = promisify(execFile);
/** V8 is still optimizing what the writes run through after ten seconds of them. */
const warmUpSeconds = 15;

const variants = ['messages', 'writes', 'elsewhere', 'both'] as const;
type Variant = (typeof variants)[number];

interface Result {
  readonly messages?: Measurement | undefined;
  readonly writes?: RegistryMeasurement | undefined;
}

/** On core 1, where the generator of messages runs as well: core 0 is thingd's. */
async function script<T>(file: string, load: unknown): Promise<T> {
  const [command, args] = pinned(1, process.execPath, [join(import.meta.dirname, 'load', file), JSON.stringify(load)]);
  return JSON.parse((await run(command, args)).stdout) as T;
}

async function measure(variant: Variant, { load }: Scenario): Promise<Result> {
  const profiling =
    options.profile === undefined || variant === 'messages'
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${resolve(options.profile)}`];
  const broker = thingd(options['thingd-args'].split(' ').filter(Boolean), profiling, options.cores);
  /** The first has the messages, the last the writes. */
  const started: RunningBroker[] = [];
  const answering = variant === 'messages' ? answers() : undefined;
  try {
    const running = await broker.start();
    started.push(running);
    if (variant === 'elsewhere') started.push(await broker.start());
    const { pid: brokerPid, port } = running;
    const { pid, directory } = started.at(-1)!;
    const registry: RegistryLoad = { directory, brokerPid: pid, things, rate, warmUpSeconds, seconds };
    const beside: RegistryLoad = { ...registry, url: await answering?.url, seconds: seconds + warmUpSeconds };
    const pace = load.rate > 0 && options['message-rate'] !== undefined ? Number(options['message-rate']) : load.rate;
    const messages: Load = {
      ...load,
      rate: pace,
      pause: Number(options.pause),
      port,
      brokerPid,
      warmUpSeconds,
      seconds,
    };
    await script('registry.ts', { ...registry, rate: 0 });
    const [measuredMessages, measuredWrites] = await Promise.all([
      variant === 'writes' ? undefined : script<Measurement>('generator.ts', messages),
      // It outlives the generator's measurement on both sides.
      script<RegistryMeasurement>('registry.ts', variant === 'writes' ? registry : beside),
    ]);
    return { messages: measuredMessages, writes: measuredWrites };
  } finally {
    await Promise.all(started.map(server => server.stop()));
    answering?.child.kill();
  }
}

/** Beside thingd, where its answers would have been. */
function answers() {
  const child = spawn(...pinned(options.cores, process.execPath, [join(import.meta.dirname, 'load', 'answers.ts')]), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, url: once(child.stdout, 'data').then(([line]) => String(line).trim()) };
}

/** One loop: messages and writes by themselves, and beside each other. */
interface Loop {
  readonly alone: Measurement;
  readonly beside: Measurement;
  readonly elsewhere: Measurement;
  readonly writesAlone: RegistryMeasurement;
  readonly writesBeside: RegistryMeasurement;
}

async function loopOf(scenario: Scenario, loop: number): Promise<Loop> {
  const results: Partial<Record<Variant, Result>> = {};
  for (const variant of variants) {
    results[variant] = await measure(variant, scenario);
    process.stderr.write(`${scenario.name}, ${variant}, loop ${loop + 1}: ${JSON.stringify(results[variant])}\n`);
  }
  const { messages, writes, elsewhere, both } = results as Record<Variant, Result>;
  return {
    alone: messages.messages!,
    beside: both.messages!,
    elsewhere: elsewhere.messages!,
    writesAlone: writes.writes!,
    writesBeside: both.writes!,
  };
}

async function row(scenario: Scenario): Promise<string[]> {
  const loops: Loop[] = [];
  for (let loop = 0; loop < Number(options.loops); loop++) loops.push(await loopOf(scenario, loop));
  const shown = (pick: (loop: Loop) => number, digits = 2): string => {
    const values = loops.map(pick);
    return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;
  };
  const middle = (pick: (loop: Loop) => number, digits = 0): string => median(loops.map(pick)).toFixed(digits);
  return [
    scenario.name,
    shown(({ alone }) => alone.brokerCpu),
    shown(loop => messageCpu(loop) / loop.alone.brokerCpu),
    shown(({ alone, beside }) => beside.perSecond / alone.perSecond),
    shown(({ alone, beside }) => beside.p50 / alone.p50),
    shown(({ alone, beside }) => beside.p99 / alone.p99),
    `${middle(({ alone }) => alone.p99, 1)} → ${middle(({ beside }) => beside.p99, 1)}`,
    shown(({ elsewhere, beside }) => beside.p50 / elsewhere.p50),
    shown(({ elsewhere, beside }) => beside.p99 / elsewhere.p99),
    shown(({ writesAlone }) => writesAlone.brokerCpu, 0),
    middle(({ writesBeside }) => writesBeside.perSecond),
    middle(({ writesBeside }) => writesBeside.p99),
    String(loops.reduce((sum, loop) => sum + wrongIn(loop), 0)),
  ];
}

/** Microseconds a message while there are writes: of the CPU of a second, what as many writes cost by themselves is not the messages'. */
const messageCpu = ({ beside, writesAlone, writesBeside }: Loop): number =>
  beside.brokerCpu - (writesAlone.brokerCpu * writesBeside.perSecond) / beside.perSecond;

const wrongIn = ({ alone, beside, elsewhere, writesAlone, writesBeside }: Loop): number =>
  [alone, beside, elsewhere].reduce((sum, { lost, duplicated, misrouted }) => sum + lost + duplicated + misrouted, 0) +
  writesAlone.wrong +
  writesBeside.wrong;

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const head = [
  ...['messages', 'CPU µs/message alone', 'CPU, with ÷ without writes', 'messages/s ÷', 'p50 ÷', 'p99 ÷', 'p99 ms'],
  ...['p50 ÷ elsewhere', 'p99 ÷ elsewhere'],
  ...['CPU µs/write', 'writes/s', 'p99 of a write, ms', 'wrong'],
];
const rows: string[][] = [];
for (const scenario of scenarios.filter(({ name }) => options.scenario.some(wanted => name.startsWith(wanted)))) {
  rows.push(await row(scenario));
}
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model.trim()} × ${cpus().length}, Linux ${release()}, Node ${process.versions.node}, load ${loadavg()[0]?.toFixed(1)}; ${rate} writes/s to ${things} things, ${options.loops} loops of ${seconds} s\n`,
);
console.log([line(head), line(head.map((_, i) => (i === 0 ? '--' : '--:'))), ...rows.map(line)].join('\n'));
