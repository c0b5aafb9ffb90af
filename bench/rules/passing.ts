/**
 * What a message pays for rules that are not for it: one thingd, its hundred rules switched on and off in turn by the API, under the
 * load of the broker's bench. The same process on both sides of each ratio: two differ by more than what is measured here.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  CreateTopicRuleCommand,
  DisableTopicRuleCommand,
  EnableTopicRuleCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import { pinned, type RunningBroker, thingd } from '../brokers.ts';
import type { Load, Measurement } from '../load/generator.ts';
import { median } from '../table.ts';

export interface PassingBench {
  /** Each measures once with the rules and once without. */
  readonly loops: number;
  readonly seconds: number;
}

export interface PassingResult {
  readonly name: string;
  readonly qos: 0 | 1;
  /** Microseconds of the broker's CPU per message, rules off and on. */
  readonly without: number;
  readonly with: number;
  readonly ratio: number;
  readonly spread: readonly [number, number];
  /** Messages lost, repeated or misrouted. */
  readonly wrong: number;
}

interface RuleSet {
  readonly name: string;
  /** FROM and WHERE of the hundred. */
  sqlOf(index: number): string;
}

const size = 100;
const pairs = 50;
const run = promisify(execFile);

/** The load's topics are `bench/pairs/device-<number>/data`. */
const strangers: readonly ((index: number) => string)[] = [
  index => `bench/pairs/device-${String(index).padStart(5, '0')}/alarm`,
  index => `bench/pairs/+/data/${index}`,
  index => `bench/+/device-${String(index).padStart(5, '0')}/state/#`,
  index => `+/site-${index}/+/data`,
  index => `fleet/site-${index}/#`,
];

const ruleSets: readonly RuleSet[] = [
  {
    name: 'FROM matches none of 100 rules',
    sqlOf: index => `SELECT * FROM '${strangers[index % strangers.length]!(index)}' WHERE temperature > ${index}`,
  },
  {
    name: 'FROM matches 10 of 100, WHERE none',
    sqlOf: index =>
      index < 10 ? `SELECT * FROM 'bench/#' WHERE topic(4) = 'alarm-${index}'` : ruleSets[0]!.sqlOf(index),
  },
];

export async function measurePassing(bench: PassingBench): Promise<PassingResult[]> {
  const results: PassingResult[] = [];
  for (const ruleSet of ruleSets) {
    const broker = await thingd([]).start();
    try {
      const rules = await createRules(broker, ruleSet);
      for (const qos of [0, 1] as const) results.push(await compare(ruleSet.name, broker, rules, qos, bench));
    } finally {
      await broker.stop();
    }
  }
  return results;
}

async function compare(
  name: string,
  broker: RunningBroker,
  rules: Rules,
  qos: 0 | 1,
  { loops, seconds }: PassingBench,
): Promise<PassingResult> {
  const runs: { without: Measurement; with: Measurement }[] = [];
  await generate(broker, qos, seconds);
  for (let loop = 0; loop < loops; loop++) {
    const measure = async (enabled: boolean): Promise<Measurement> => {
      await rules.enable(enabled);
      return generate(broker, qos, seconds);
    };
    // Whoever comes second has the warmer code: they change places.
    const first = loop % 2 === 1;
    const [a, b] = [await measure(first), await measure(!first)];
    const both = first ? { with: a, without: b } : { without: a, with: b };
    runs.push(both);
    process.stderr.write(
      `${name}, QoS ${qos}, loop ${loop + 1}: ${both.without.brokerCpu.toFixed(3)} µs, with the rules ${both.with.brokerCpu.toFixed(3)} µs\n`,
    );
  }
  const ratios = runs.map(both => both.with.brokerCpu / both.without.brokerCpu);
  const all = runs.flatMap(both => [both.with, both.without]);
  return {
    name,
    qos,
    without: median(runs.map(both => both.without.brokerCpu)),
    with: median(runs.map(both => both.with.brokerCpu)),
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
    wrong: all.reduce((sum, { lost, duplicated, misrouted }) => sum + lost + duplicated + misrouted, 0),
  };
}

async function generate(broker: RunningBroker, qos: 0 | 1, seconds: number): Promise<Measurement> {
  const load: Load = {
    ...{ port: broker.port, brokerPid: broker.pid, qos, measured: { warmUpSeconds: 0.5, seconds } },
    ...{ shape: 'pairs', publishers: pairs, subscribers: pairs, size: 200, window: 20, batch: 1, rate: 0 },
  };
  const script = join(import.meta.dirname, '../load/generator.ts');
  const [command, args] = pinned(1, process.execPath, [script, JSON.stringify(load)]);
  return (JSON.parse((await run(command, args)).stdout) as [Measurement])[0];
}

interface Rules {
  enable(enabled: boolean): Promise<void>;
}

async function createRules({ directory }: RunningBroker, { sqlOf }: RuleSet): Promise<Rules> {
  const read = (name: string) => JSON.parse(readFileSync(join(directory, name), 'utf8'));
  while (!existsSync(join(directory, 'endpoints.json'))) await elapsed(50); // it listens, and says so in a moment
  const { region, accessKeyId, secretAccessKey } = read('credentials.json');
  const iot = new IoTClient({
    endpoint: read('endpoints.json').http,
    region,
    credentials: { accessKeyId, secretAccessKey },
  });
  const names = Array.from({ length: size }, (_, index) => `rule${index}`);
  for (const [index, ruleName] of names.entries()) {
    const actions = [{ republish: { roleArn: 'arn:aws:iam::000000000000:role/r', topic: 'seen/${topic(3)}' } }];
    const topicRulePayload = { sql: sqlOf(index), awsIotSqlVersion: '2016-03-23', actions };
    await iot.send(new CreateTopicRuleCommand({ ruleName, topicRulePayload }));
  }
  return {
    async enable(enabled) {
      const Command = enabled ? EnableTopicRuleCommand : DisableTopicRuleCommand;
      await Promise.all(names.map(ruleName => iot.send(new Command({ ruleName }))));
    },
  };
}
