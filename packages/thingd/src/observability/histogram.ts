/** A histogram that somebody else has counted in plain fields, in the Prometheus text format: prom-client has no way in for such. */
import { type Durations, durationBounds } from '@thingd/broker';

/** All zero where there are no durations yet. */
export function formatHistogram(name: string, help: string, durations: Durations | undefined): string {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
  let under = 0;
  for (const [index, bound] of [...durationBounds, '+Inf'].entries()) {
    under += durations?.counts[index] ?? 0;
    lines.push(`${name}_bucket{le="${bound}"} ${under}`);
  }
  lines.push(`${name}_sum ${durations?.sum ?? 0}`, `${name}_count ${under}`);
  return `${lines.join('\n')}\n`;
}
