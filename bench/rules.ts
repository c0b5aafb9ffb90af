/**
 * A hundred rules: evaluating them beside the same filters written by hand, and what a message pays for those that are not for it.
 * Part of `npm run bench`; alone `node bench/rules.ts --loops 15 --seconds 1`.
 */
import { execFile } from 'node:child_process';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { pinned } from './brokers.ts';
import type { EvaluationResult } from './rules/evaluation.ts';
import { measurePassing, type PassingBench, type PassingResult } from './rules/passing.ts';

export interface RuleResults {
  readonly evaluation: readonly EvaluationResult[];
  readonly passing: readonly PassingResult[];
}

export const benchRules = async (bench: PassingBench): Promise<RuleResults> => ({
  evaluation: await measureEvaluation(),
  passing: await measurePassing(bench),
});

/** In a process of its own on one core, from source: nothing else warms or disturbs its code. */
async function measureEvaluation(): Promise<EvaluationResult[]> {
  const script = join(import.meta.dirname, 'rules/evaluation.ts');
  const [command, args] = pinned(0, process.execPath, ['--conditions=@thingd/source', script]);
  return JSON.parse((await promisify(execFile)(command, args)).stdout) as EvaluationResult[];
}

export function ruleTables({ evaluation, passing }: RuleResults): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
    [line(head), line(head.map((_, column) => (column === 0 ? '--' : '--:'))), ...rows.map(line)].join('\n');
  const range = (ratio: number, [least, greatest]: readonly [number, number]): string =>
    `${ratio.toFixed(2)} (${least.toFixed(2)}–${greatest.toFixed(2)})`;
  return [
    table(
      ['one rule, one message', 'evaluations/s', 'ns', 'ns by hand', 'of by hand'],
      evaluation.map(({ name, sql, byHand, ratio, spread }) => [
        name,
        `${Math.round(1e6 / sql)} k`,
        sql.toFixed(0),
        byHand.toFixed(0),
        range(ratio, spread),
      ]),
    ),
    table(
      ['rules in the broker', 'CPU µs/message without', 'with', 'ratio', 'wrong'],
      passing.map(result => [
        `${result.name}, QoS ${result.qos}`,
        result.without.toFixed(3),
        result.with.toFixed(3),
        range(result.ratio, result.spread),
        result.wrong,
      ]),
    ),
  ].join('\n\n');
}

if (import.meta.main) {
  const { values: options } = parseArgs({
    options: {
      loops: { type: 'string', default: '9' },
      seconds: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const results = await benchRules({ loops: Number(options.loops), seconds: Number(options.seconds) });
  if (options.json) console.log(JSON.stringify(results));
  else {
    const date = new Date().toISOString().slice(0, 10);
    const machine = `${cpus()[0]?.model.trim()} × ${cpus().length}, Linux ${release()}, Node ${process.versions.node}`;
    console.log(`${date}, ${machine}; ${options.loops} loops of ${options.seconds} s\n\n${ruleTables(results)}`);
  }
}
