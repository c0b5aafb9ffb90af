/** docs/reference/metrics.md against what a running program answers. */
import { readFileSync } from 'node:fs';
import { DescribeEndpointCommand, IoTClient } from '@aws-sdk/client-iot';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningThingd, startThingd } from '../index.ts';

const page = readFileSync(new URL('../../../../docs/reference/metrics.md', import.meta.url), 'utf8');

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly labels: string;
  readonly help: string;
}

/** Every metric of an answer in the Prometheus text format. */
function metricsOf(text: string): Metric[] {
  return [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\w+)\n((?:[^#\n].*\n?)*)/gm)].map(
    ([, name = '', help = '', type = '', samples = '']) => {
      const labels = new Set([...samples.matchAll(/[{,](\w+)="/g)].map(([, label]) => label));
      labels.delete('le');
      return { name, type, labels: [...labels].map(label => `\`${label}\``).join(', '), help };
    },
  );
}

const labelCell = /\| `[\w`, ]+` \|(?= [^|]* \|$)/;

const rowOf = ({ name, type, labels, help }: Metric): string => `| \`${name}\` | ${type} | ${labels} | ${help} |`;

describe('the page on metrics', () => {
  let thingd: RunningThingd;
  let text: string;

  beforeAll(async () => {
    thingd = await startThingd();
    const { endpoints, credentials } = thingd;
    const iot = new IoTClient({ endpoint: endpoints.http ?? '', region: 'us-east-1', credentials });
    await iot.send(new DescribeEndpointCommand({}));
    const client = await mqtt.connectAsync(endpoints.mqtt ?? '');
    await client.publishAsync('a', 'x', { qos: 1 });
    await client.endAsync();
    text = await (await fetch(`${endpoints.http}/metrics`)).text();
  });

  afterAll(() => thingd.close());

  test('has a row for each metric of ours, as the program describes it, and no other', () => {
    const own = metricsOf(text).filter(({ name }) => name.startsWith('thingd_'));
    const rows = page.split('\n').filter(line => line.startsWith('| `thingd_'));
    const samples = new Set(own.filter(({ labels }) => labels !== '').map(({ name }) => name));
    // A metric that is labelled shows its labels once there is something to count; until then the page alone knows them.
    const comparable = (row: string) =>
      samples.has(/`(\w+)`/.exec(row)?.[1] ?? '') ? row : row.replace(labelCell, '|  |');
    expect(rows.map(comparable)).toEqual(own.map(rowOf));
  });

  test('names the others by their prefixes', () => {
    const others = metricsOf(text).filter(({ name }) => !name.startsWith('thingd_'));
    expect([...new Set(others.map(({ name }) => name.split('_')[0]))].sort()).toEqual(['nodejs', 'process']);
    for (const [, name] of page.matchAll(/`((?:nodejs|process)_[a-z0-9_]*[a-z0-9])`/g)) {
      expect(others.map(other => other.name)).toContain(name);
    }
  });

  test('speaks of units and totals as Prometheus does', () => {
    for (const { name, type } of metricsOf(text).filter(({ name }) => name.startsWith('thingd_'))) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
    }
  });

  test('what was published is in both histograms of messages', () => {
    for (const name of ['delivery', 'acknowledgement']) {
      expect(text).toMatch(new RegExp(`^thingd_message_${name}_seconds_bucket\\{le="\\+Inf"\\} [1-9]`, 'm'));
      expect(text).toMatch(new RegExp(`^thingd_message_${name}_seconds_count [1-9]`, 'm'));
    }
  });
});
