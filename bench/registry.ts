/**
 * What 1,000 registry writes a second do to the message path. Messages go to one thingd all the time, and the writes, signed calls of the
 * API with indexing on, a second each in turn: to a server that only answers (**alone**), to the same thingd (**beside**), and to a second
 * thingd on the same cores (**elsewhere**), which has nothing in common with the first one's messages but the cores' time. So what makes
 * the load is always as busy, and what else the machine does meets all three alike. Loops of thingd take turns with loops of mosquitto,
 * where it is installed: it has messages alone and, from a thingd, elsewhere.
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
import { type BrokerUnderTest, mosquitto, pinned, type RunningBroker, thingd } from './brokers.ts';
import type { Load, Measurement } from './load/generator.ts';
import type { RegistryLoad, RegistryMeasurement, Target } from './load/registry.ts';
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
/** For each place that is written to: V8 is still optimizing what the writes run through after fifteen seconds of them. */
const warmUpSeconds = 25;
const slice = 1000;
/** The last write of a slice has its answer by then. */
const settle = 250;

const profiling = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(options.profile)}`];
const registry = thingd(options['thingd-args'].split(' ').filter(Boolean), profiling, options.cores);
const brokers = [mosquitto(options.cores), registry].filter(broker => broker !== undefined);

/** On core 1, where the generator of messages runs as well: core 0 is the broker's. */
async function script<T>(file: string, load: unknown): Promise<T> {
  const [command, args] = pinned(1, process.execPath, [join(import.meta.dirname, 'load', file), JSON.stringify(load)]);
  return JSON.parse((await run(command, args)).stdout) as T;
}

/** What one loop measured, by where the writes went. */
type Loop = ReadonlyMap<Kind, Slices>;

type Kind = 'alone' | 'beside' | 'elsewhere';

interface Slices {
  readonly messages: Measurement;
  readonly writes: RegistryMeasurement;
}

async function measure({ load }: Scenario, broker: BrokerUnderTest): Promise<Loop> {
  const started: RunningBroker[] = [];
  const start = async (server: BrokerUnderTest): Promise<RunningBroker> => {
    const running = await server.start();
    started.push(running);
    return running;
  };
  const answering = answers();
  try {
    const own = await start(broker);
    const other = await start(registry);
    const registries: [Kind, Target][] = [['elsewhere', { directory: other.directory }]];
    if (broker === registry) registries.unshift(['beside', { directory: own.directory }]);
    const writing = { things: Number(options.things), rate: Number(options.rate) };
    await script('registry.ts', { ...writing, targets: registries.map(([, target]) => target) } satisfies RegistryLoad);
    const written: typeof registries = [
      ['alone', { directory: other.directory, url: await answering.url }],
      ...registries,
    ];
    const rounds: Rounds = {
      ...{ kinds: written.length, slice, settle },
      times: Math.ceil((Number(options.seconds) * 1000) / (slice - settle)),
      from: Date.now() + warmUpSeconds * written.length * 1000,
    };
    const messages: Load = {
      ...{ ...load, rate: load.rate && Number(options['message-rate']), pause: Number(options.pause) },
      ...{ port: own.port, brokerPid: own.pid, measured: rounds },
    };
    const writes: RegistryLoad = { ...writing, targets: written.map(([, target]) => target), rounds };
    const [ofMessages, ofWrites] = await Promise.all([
      script<Measurement[]>('generator.ts', messages),
      script<RegistryMeasurement[]>('registry.ts', writes),
    ]);
    return new Map(written.map(([kind], index) => [kind, { messages: ofMessages[index]!, writes: ofWrites[index]! }]));
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

/** A row for each place that was written to. */
function rowsOf(scenario: Scenario, broker: BrokerUnderTest, loops: readonly Loop[]): string[][] {
  return [...loops[0]!.keys()].map(kind => {
    const slices = loops.map(loop => ({ alone: loop.get('alone')!, here: loop.get(kind)! }));
    const values = (pick: (here: Slices, alone: Slices) => number): number[] =>
      slices.map(({ here, alone }) => pick(here, alone));
    const middle = (pick: Parameters<typeof values>[0], digits: number): string => median(values(pick)).toFixed(digits);
    const ofAlone = (what: 'perSecond' | 'p50' | 'p99'): string => {
      const ratios = values((here, alone) => here.messages[what] / alone.messages[what]);
      return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;
    };
    return [
      ...[scenario.name, broker.name, kind],
      ...[middle(({ messages }) => messages.perSecond, 0), ofAlone('perSecond')],
      ...[middle(({ messages }) => messages.p50, 2), ofAlone('p50')],
      ...[middle(({ messages }) => messages.p99, 2), ofAlone('p99')],
      middle(cpuOfWrite, 0),
      middle(({ writes }) => writes.perSecond, 0),
      `${middle(({ writes }) => writes.p50, 1)} / ${middle(({ writes }) => writes.p99, 1)}`,
      String(values(wrongIn).reduce((sum, wrong) => sum + wrong, 0)),
    ];
  });
}

/** Microseconds: what the broker takes more in a second of writes than alone. */
const cpuOfWrite = (here: Slices, alone: Slices): number =>
  (here.messages.brokerCpu * here.messages.perSecond - alone.messages.brokerCpu * alone.messages.perSecond) /
  here.writes.perSecond;

const wrongIn = ({ messages: { lost, duplicated, misrouted }, writes }: Slices): number =>
  lost + duplicated + misrouted + writes.wrong;

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const head = [
  ...['messages', 'broker', 'writes', 'messages/s', '÷ alone', 'p50 ms', '÷ alone', 'p99 ms', '÷ alone'],
  ...['broker CPU µs/write', 'writes/s', 'write p50 / p99 ms', 'wrong'],
];
const rows: string[][] = [];
for (const scenario of scenarios.filter(({ name }) => options.scenario.some(wanted => name.startsWith(wanted)))) {
  const loops = new Map(brokers.map(broker => [broker, [] as Loop[]]));
  for (let number = 1; number <= Number(options.loops); number++) {
    for (const [broker, measured] of loops) {
      const loop = await measure(scenario, broker);
      process.stderr.write(`${scenario.name}, ${broker.name}, loop ${number}: ${JSON.stringify([...loop])}\n`);
      measured.push(loop);
    }
  }
  for (const [broker, measured] of loops) rows.push(...rowsOf(scenario, broker, measured));
}
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model.trim()} × ${cpus().length}, Linux ${release()}, Node ${process.versions.node}, ${brokers.map(({ name, version }) => `${name} ${version}`).join(', ')}, load ${loadavg()[0]?.toFixed(1)}; ${options.rate} writes/s to ${options.things} things, ${options.loops} loops of ${options.seconds} s a kind\n`,
);
console.log([line(head), line(head.map((_, i) => (i < 3 ? '--' : '--:'))), ...rows.map(line)].join('\n'));
