/**
 * Shadow updates over MQTT with full durability: 1,000 devices, each waiting for `update/accepted` before its next update. thingd on one
 * core with all its threads; once on this machine's disk, once on one whose fsync takes a millisecond more. Part of `npm run bench`.
 *
 *   node bench/shadows.ts --loops 3 --seconds 5
 *   node bench/shadows.ts --loops 1 --profile profiles/     CPU profiles of both threads, for Chrome's or VS Code's viewer
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { type BrokerUnderTest, pinned, thingd } from './brokers.ts';
import type { ShadowLoad, ShadowMeasurement } from './load/shadows.ts';
import { median, quietCores } from './table.ts';

export interface ShadowBench {
  readonly loops: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly things: number;
  /** A directory for CPU profiles. */
  readonly profile?: string | undefined;
  readonly thingdArguments: readonly string[];
}

interface Variant {
  readonly name: string;
  readonly broker: BrokerUnderTest;
}

export interface ShadowResult {
  readonly name: string;
  readonly measurements: ShadowMeasurement[];
}

const run = promisify(execFile);

/** The variants take turns inside each loop. */
export async function benchShadows(bench: ShadowBench): Promise<ShadowResult[]> {
  const results = variantsOf(bench).map(variant => ({ variant, measurements: [] as ShadowMeasurement[] }));
  for (let loop = 0; loop < bench.loops; loop++) {
    for (const { variant, measurements } of results) {
      const measurement = await measure(variant, bench);
      measurements.push(measurement);
      const { brokerCpu, perSecond, otherCores } = measurement;
      process.stderr.write(
        `shadows, ${variant.name}, loop ${loop + 1}: ${brokerCpu.toFixed(1)} µs, ${Math.round(perSecond)}/s, other work ${otherCores.toFixed(2)} cores\n`,
      );
    }
  }
  return results.map(({ variant, measurements }) => ({ name: variant.name, measurements }));
}

function variantsOf({ profile, thingdArguments }: ShadowBench): Variant[] {
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`];
  const slowDisk = ['--import', join(import.meta.dirname, 'load/slow-disk.ts')];
  const policy = readFileSync(join(import.meta.dirname, 'shadow-policy.json'), 'utf8');
  const args = ['--anonymous-policy', policy, ...thingdArguments];
  return [
    { name: 'this disk', broker: thingd(args, profiling) },
    { name: 'fsync + 1 ms', broker: thingd(args, [...slowDisk, ...profiling]) },
    { name: 'this disk, without history', broker: thingd(['--shadow-history-versions', '0', ...args], profiling) },
  ];
}

async function measure(
  { broker }: Variant,
  { things, warmUpSeconds, seconds }: ShadowBench,
): Promise<ShadowMeasurement> {
  const running = await broker.start();
  try {
    const load: ShadowLoad = { port: running.port, brokerPid: running.pid, things, warmUpSeconds, seconds };
    const script = join(import.meta.dirname, 'load/shadows.ts');
    const [command, args] = pinned(1, process.execPath, [script, JSON.stringify(load)]);
    return JSON.parse((await run(command, args)).stdout) as ShadowMeasurement;
  } finally {
    await running.stop();
  }
}

export function shadowTable(results: readonly ShadowResult[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rows = results.map(({ name, measurements }) => {
    const quiet = measurements.filter(({ otherCores }) => otherCores < quietCores);
    const cpu = measurements.map(({ brokerCpu }) => brokerCpu);
    const timed = quiet.length > 0 ? quiet : measurements;
    const of = (pick: (measurement: ShadowMeasurement) => number): number => median(timed.map(pick));
    return line([
      name,
      `${median(cpu).toFixed(1)} (${Math.min(...cpu).toFixed(1)}–${Math.max(...cpu).toFixed(1)})`,
      `${Math.round(of(m => m.perSecond))}${quiet.length > 0 ? '' : '*'}`,
      `${of(m => m.p50).toFixed(0)} / ${of(m => m.p99).toFixed(0)}`,
      String(measurements.reduce((sum, { wrong }) => sum + wrong, 0)),
    ]);
  });
  const head = ['shadow updates, store', 'CPU µs/update, median (min–max)', 'updates/s', 'p50 / p99 ms', 'wrong'];
  return [line(head), line(head.map((_, i) => (i === 0 ? '--' : '--:'))), ...rows].join('\n');
}

if (import.meta.main) {
  const { values: options } = parseArgs({
    options: {
      loops: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      'warm-up': { type: 'string', default: '2' },
      things: { type: 'string', default: '1000' },
      profile: { type: 'string' },
      json: { type: 'boolean', default: false },
      'thingd-args': { type: 'string', default: '' },
    },
  });
  const results = await benchShadows({
    loops: Number(options.loops),
    seconds: Number(options.seconds),
    warmUpSeconds: Number(options['warm-up']),
    things: Number(options.things),
    profile: options.profile,
    thingdArguments: options['thingd-args'].split(' ').filter(Boolean),
  });
  if (options.json) console.log(JSON.stringify(results));
  else {
    const date = new Date().toISOString().slice(0, 10);
    console.log(
      `${date}, ${cpus()[0]?.model.trim()} × ${cpus().length}, Linux ${release()}, Node ${process.versions.node}; ${options.things} things, ${options.loops} loops of ${options.seconds} s\n`,
    );
    console.log(shadowTable(results));
  }
}
