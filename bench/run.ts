/**
 * `npm run bench`: thingd beside mosquitto, in one alternating run, as ratios. See bench/README.md for how to read it.
 *
 *   npm run bench -- --scenario "pairs QoS 0" --loops 3 --seconds 2
 */
import { execFile } from 'node:child_process';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { type BrokerUnderTest, embedded, mosquitto, pinned, thingd } from './brokers.ts';
import type { Load, Measurement } from './load/generator.ts';
import { benchRules, ruleTables } from './rules.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { benchShadows, shadowTable } from './shadows.ts';
import { markdown, median, type Run, tableRows } from './table.ts';

const { values: options } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '2' },
    'warm-up': { type: 'string', default: '2' },
    loops: { type: 'string', default: '3' },
    broker: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    'thingd-args': { type: 'string', default: '' },
  },
});

const isWanted = (scenario: string): boolean =>
  options.scenario === undefined || options.scenario.some(name => scenario.startsWith(name));
const wanted = scenarios.filter(({ name }) => isWanted(name));
const known: Record<string, () => BrokerUnderTest | undefined> = {
  mosquitto,
  thingd: () => thingd(options['thingd-args'].split(' ').filter(Boolean)),
  embedded,
};
const brokers = (options.broker ?? ['mosquitto', 'thingd'])
  .map(name => known[name]?.())
  .filter(broker => broker !== undefined);
const run = promisify(execFile);

/** A fresh broker for each measurement: nothing of the last one is left in its memory. */
async function measure(broker: BrokerUnderTest, scenario: Scenario): Promise<Measurement> {
  const running = await broker.start();
  try {
    const load: Load = {
      ...scenario.load,
      port: running.port,
      brokerPid: running.pid,
      measured: { warmUpSeconds: Number(options['warm-up']), seconds: Number(options.seconds) },
    };
    const [command, args] = pinned(1, process.execPath, [
      join(import.meta.dirname, 'load/generator.ts'),
      JSON.stringify(load),
    ]);
    return (JSON.parse((await run(command, args)).stdout) as [Measurement])[0];
  } finally {
    await running.stop();
  }
}

const runs: Run[] = [];
for (const scenario of wanted) {
  for (let loop = 0; loop < Number(options.loops); loop++) {
    for (const broker of brokers) {
      const measurement = await measure(broker, scenario);
      runs.push({ scenario: scenario.name, broker: broker.name, loop, measurement });
      const { brokerCpu, perSecond, otherCores } = measurement;
      process.stderr.write(
        `${scenario.name}, ${broker.name}, loop ${loop + 1}: ${brokerCpu.toFixed(2)} µs, ${Math.round(perSecond)}/s, other work ${otherCores.toFixed(2)} cores\n`,
      );
    }
  }
}

const shadows = isWanted('shadows')
  ? await benchShadows({
      loops: Number(options.loops),
      seconds: Number(options.seconds),
      warmUpSeconds: 2,
      things: 1000,
      thingdArguments: options['thingd-args'].split(' ').filter(Boolean),
    })
  : [];
const rules = isWanted('rules')
  ? await benchRules({ loops: Number(options.loops), seconds: Number(options.seconds) })
  : undefined;

if (options.json) console.log(JSON.stringify([...runs, ...shadows, ...(rules === undefined ? [] : [rules])]));
else {
  const versions = brokers.map(broker => `${broker.name} ${broker.version}`).join(', ');
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model.trim()} × ${cpus().length}, Linux ${release()}, Node ${process.versions.node}; ${versions}`,
  );
  console.log(`${options.loops} loops of ${options.seconds} s each\n`);
  if (runs.length > 0) console.log(markdown(tableRows(runs, 'mosquitto')));
  if (shadows.length > 0) console.log(`\n${shadowTable(shadows)}`);
  if (rules !== undefined) console.log(`\n${ruleTables(rules)}`);
  for (const scenario of wanted) {
    const ratio = ratioOf(scenario.name);
    if (ratio !== undefined)
      console.log(
        `\n${ratio <= scenario.target ? 'holds' : 'MISSED'}: ${scenario.name}, ${ratio.toFixed(2)} ≤ ${scenario.target} × mosquitto's CPU`,
      );
  }
}

function ratioOf(scenario: string): number | undefined {
  const cpu = (broker: string, loop: number): number | undefined =>
    runs.find(r => r.scenario === scenario && r.broker === broker && r.loop === loop)?.measurement.brokerCpu;
  const ratios = Array.from(
    { length: Number(options.loops) },
    (_, loop) => [cpu('thingd', loop), cpu('mosquitto', loop)] as const,
  )
    .filter((pair): pair is readonly [number, number] => pair[0] !== undefined && pair[1] !== undefined)
    .map(([own, reference]) => own / reference);
  return ratios.length > 0 ? median(ratios) : undefined;
}
