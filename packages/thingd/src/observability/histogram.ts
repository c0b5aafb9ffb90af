/** Histograms that somebody else has counted in plain fields, in the Prometheus text format: prom-client has no way in for such. */

export interface Series {
  readonly labels?: Readonly<Record<string, string>>;
  /** In seconds, the least first. */
  readonly bounds: readonly number[];
  /** How many fell under each bound and above the one before; the last entry is for all above. */
  readonly counts: readonly number[];
  /** Seconds of all together. */
  readonly sum: number;
}

export function formatHistogram(name: string, help: string, all: readonly Series[]): string {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
  for (const { labels = {}, bounds, counts, sum } of all) {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
    const labelled = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
    let under = 0;
    for (const [index, bound] of [...bounds, '+Inf'].entries()) {
      under += counts[index]!;
      lines.push(`${name}_bucket{${[`le="${bound}"`, ...pairs].join(',')}} ${under}`);
    }
    lines.push(`${name}_sum${labelled} ${sum}`, `${name}_count${labelled} ${under}`);
  }
  return `${lines.join('\n')}\n`;
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
