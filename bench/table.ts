/** Runs as numbers, numbers as a table. */
import type { Measurement } from './load/generator.ts';

export interface Run {
  readonly scenario: string;
  readonly broker: string;
  readonly loop: number;
  readonly measurement: Measurement;
}

/** More foreign work than this on a two-core machine and a run's messages per second say little; CPU per message still counts. */
export const quietCores = 0.35;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** One row a scenario and broker; the ratio is the median of the ratios inside each loop, beside the reference broker's run of that loop. */
export function tableRows(runs: readonly Run[], reference: string): string[][] {
  const rows: string[][] = [];
  for (const scenario of new Set(runs.map(run => run.scenario))) {
    const here = runs.filter(run => run.scenario === scenario);
    for (const broker of new Set(here.map(run => run.broker))) {
      const own = here.filter(run => run.broker === broker);
      const cpu = own.map(run => run.measurement.brokerCpu);
      const ratios = own.flatMap(run => {
        const beside = here.find(other => other.broker === reference && other.loop === run.loop);
        return beside === undefined ? [] : [run.measurement.brokerCpu / beside.measurement.brokerCpu];
      });
      const quiet = own.filter(run => run.measurement.otherCores < quietCores);
      const speed = (quiet.length > 0 ? quiet : own).map(run => run.measurement.perSecond);
      const wrong = own.reduce((sum, { measurement: m }) => sum + m.lost + m.duplicated + m.misrouted, 0);
      rows.push([
        scenario,
        broker,
        `${median(cpu).toFixed(2)} (${Math.min(...cpu).toFixed(2)}–${Math.max(...cpu).toFixed(2)})`,
        ratios.length > 0
          ? `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`
          : '–',
        `${Math.round(median(speed) / 1000)} k${quiet.length > 0 ? '' : '*'}`,
        `${median(own.map(run => run.measurement.p50)).toFixed(2)} / ${median(own.map(run => run.measurement.p99)).toFixed(2)}`,
        median(own.map(run => run.measurement.generatorCpu)).toFixed(2),
        String(wrong),
      ]);
    }
  }
  return rows;
}

export const tableHead = [
  'scenario',
  'broker',
  'CPU µs/message, median (min–max)',
  'of mosquitto',
  'messages/s',
  'p50 / p99 ms',
  'generator µs',
  'wrong',
];

export function markdown(rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(tableHead), line(tableHead.map((_, i) => (i < 2 ? '--' : '--:'))), ...rows.map(line)].join('\n');
}
