/**
 * Shadow updates over MQTT with full durability: 1,000 devices, each waiting for `update/accepted` before its next update. thingd on one
 * core with all its threads; once on this machine's disk, once on one whose fsync takes a millisecond more.
 *
 *   node bench/shadows.ts --loops 3 --seconds 5
 *   node bench/shadows.ts --loops 1 --profile profiles/     CPU profiles of both threads, for Chrome's or VS Code's viewer
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { pinned, thingd } from './brokers.ts';
import type { ShadowLoad, ShadowMeasurement } from './load/shadows.ts';
import { median, quietCores } from './table.ts';

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

const profiling = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(options.profile)}`];
const slowDisk = ['--import', join(import.meta.dirname, 'load/slow-disk.ts')];
const policy = readFileSync(join(import.meta.dirname, 'shadow-policy.json'), 'utf8');
const extraArguments = ['--anonymous-policy', policy, ...options['thingd-args'].split(' ').filter(Boolean)];
const variants = [
  { name: 'this disk', broker: thingd(extraArguments, profiling) },
  { name: 'fsync + 1 ms', broker: thingd(extraArguments, [...slowDisk, ...profiling]) },
  {
    name: 'this disk, without history',
    broker: thingd(['--shadow-history-versions', '0', ...extraArguments], profiling),
  },
];
const run = promisify(execFile);

async function measure({ broker }: (typeof variants)[number]): Promise<ShadowMeasurement> {
  const running = await broker.start();
  try {
    const load: ShadowLoad = {
      port: running.port,
      brokerPid: running.pid,
      things: Number(options.things),
      warmUpSeconds: Number(options['warm-up']),
      seconds: Number(options.seconds),
    };
    const script = join(import.meta.dirname, 'load/shadows.ts');
    const [command, args] = pinned(1, process.execPath, [script, JSON.stringify(load)]);
    return JSON.parse((await run(command, args)).stdout) as ShadowMeasurement;
  } finally {
    await running.stop();
  }
}

const runs = new Map(variants.map(variant => [variant, [] as ShadowMeasurement[]]));
for (let loop = 0; loop < Number(options.loops); loop++) {
  for (const [variant, measurements] of runs) {
    const measurement = await measure(variant);
    measurements.push(measurement);
    const { brokerCpu, perSecond, otherCores } = measurement;
    process.stderr.write(
      `${variant.name}, loop ${loop + 1}: ${brokerCpu.toFixed(1)} µs, ${Math.round(perSecond)}/s, other work ${otherCores.toFixed(2)} cores\n`,
    );
  }
}

if (options.json) console.log(JSON.stringify([...runs].map(([{ name }, measurements]) => ({ name, measurements }))));
else {
  const date = new Date().toISOString().slice(0, 10);
  console.log(
    `${date}, ${cpus()[0]?.model.trim()} × ${cpus().length}, Linux ${release()}, Node ${process.versions.node}; ${options.things} things, ${options.loops} loops of ${options.seconds} s\n`,
  );
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  console.log(line(['store', 'CPU µs/update, median (min–max)', 'updates/s', 'p50 / p99 ms', 'wrong']));
  console.log(line(['--', '--:', '--:', '--:', '--:']));
  for (const [{ name }, all] of runs) {
    const quiet = all.filter(({ otherCores }) => otherCores < quietCores);
    const cpu = all.map(({ brokerCpu }) => brokerCpu);
    const timed = quiet.length > 0 ? quiet : all;
    const of = (pick: (m: ShadowMeasurement) => number): number => median(timed.map(pick));
    console.log(
      line([
        name,
        `${median(cpu).toFixed(1)} (${Math.min(...cpu).toFixed(1)}–${Math.max(...cpu).toFixed(1)})`,
        `${Math.round(of(m => m.perSecond))}${quiet.length > 0 ? '' : '*'}`,
        `${of(m => m.p50).toFixed(0)} / ${of(m => m.p99).toFixed(0)}`,
        String(all.reduce((sum, { wrong }) => sum + wrong, 0)),
      ]),
    );
  }
}
