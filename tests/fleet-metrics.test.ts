/** Fleet metrics from `aws iot create-fleet-metric` to what the `aws` command finds in moto's CloudWatch, and to `/metrics`. */
import {
  type AggregationType,
  CreateFleetMetricCommand,
  type CreateFleetMetricRequest,
  CreateThingCommand,
  DeleteFleetMetricCommand,
  type ThingIndexingConfiguration,
  UpdateIndexingConfigurationCommand,
} from '@aws-sdk/client-iot';
import { beforeAll, expect, test } from 'vitest';
import { AwsCli } from './harness/aws-cli.ts';
import { minuteBeginsIn } from './harness/clock.ts';
import { iotClient } from './harness/device.ts';
import { temporaryDirectory } from './harness/directory.ts';
import { eventually } from './harness/eventually.ts';
import { describeWith } from './harness/parts.ts';
import { accountId, credentials, startMoto } from './harness/rule-ground.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

describeWith(['moto_server', 'aws'], 'fleet metrics', () => {
  let thingd: Thingd;
  let cloudWatch: AwsCli;

  beforeAll(async () => {
    const endpoint = await startMoto();
    const dataDir = await temporaryDirectory();
    const start = (env: Readonly<Record<string, string>>) =>
      startThingd({ command: 'dev', dataDir, args: ['--account-id', accountId], env });
    thingd = await start({});
    const aws = new AwsCli(thingd);
    cloudWatch = new AwsCli(thingd, { ...credentials, AWS_ENDPOINT_URL: endpoint });
    await register([70, 75, 95, 99]);
    // AWS's own example (developer guide: "Fleet metrics, Getting started tutorial").
    const { metricArn } = await aws.json(
      ...['iot', 'create-fleet-metric', '--metric-name', 'high_temp_FM', '--period', '60'],
      ...['--query-string', 'thingName:TempSensor* AND attributes.temperature >80'],
      ...['--aggregation-field', 'attributes.temperature', '--aggregation-type', 'name=Statistics,values=count'],
    );
    expect(metricArn).toBe(`arn:aws:iot:us-east-1:${accountId}:fleetmetric/high_temp_FM`);
    await create('temperatures', { name: 'Percentiles', values: ['0', '50', '100'] }, { unit: 'None' });
    await create('different', { name: 'Cardinality', values: ['cardinality'] });
    await create('nothing', { name: 'Statistics', values: ['count', 'maximum'] }, { queryString: 'thingName:none' });
    await create('each-day', { name: 'Statistics', values: ['count'] }, { period: 86_400 });
    await thingd.stop();
    thingd = await start({ ...credentials, AWS_ENDPOINT_URL_CLOUDWATCH: endpoint, ...minuteBeginsIn(6) });
    await eventually('a minute begins', async () => (await gauges()).length > 0, 90_000);
  }, 180_000);

  async function register(temperatures: readonly number[]): Promise<void> {
    const iot = iotClient(thingd);
    const thingIndexingConfiguration: ThingIndexingConfiguration = {
      thingIndexingMode: 'REGISTRY',
      customFields: [{ name: 'attributes.temperature', type: 'Number' }],
    };
    await iot.send(new UpdateIndexingConfigurationCommand({ thingIndexingConfiguration }));
    for (const [n, temperature] of temperatures.entries()) {
      const attributePayload = { attributes: { temperature: String(temperature) } };
      await iot.send(new CreateThingCommand({ thingName: `TempSensor${n}`, attributePayload }));
    }
  }

  async function create(
    metricName: string,
    aggregationType: AggregationType,
    more: Partial<CreateFleetMetricRequest> = {},
  ): Promise<void> {
    const metric = { queryString: '*', aggregationField: 'attributes.temperature', period: 60, ...more };
    await iotClient(thingd).send(new CreateFleetMetricCommand({ metricName, aggregationType, ...metric }));
  }

  /** Lines of `/metrics` as `name{aggregation type} value`. */
  async function gauges(): Promise<string[]> {
    const text = await (await fetch(`${thingd.endpoints.http.url}/metrics`)).text();
    const line = /^thingd_fleet_metric\{realm="\d+\/us-east-1",metric="([^"]+)",aggregation_type="([^"]+)"\} (\S+)$/gm;
    return [...text.matchAll(line)].map(([, metric, type, value]) => `${metric}{${type}} ${value}`);
  }

  interface CloudWatchMetric {
    readonly MetricName: string;
    readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
  }

  /** Every metric of the namespace, with each of its datapoints. */
  async function datapoints(): Promise<Record<string, number[]>> {
    const namespace = ['--namespace', 'IoTFleetMetrics'];
    const { Metrics } = await cloudWatch.json('cloudwatch', 'list-metrics', ...namespace);
    const queries = Metrics.map((metric: CloudWatchMetric, index: number) => ({
      Id: `m${index}`,
      Label: `${metric.MetricName} ${metric.Dimensions.map(({ Name, Value }) => `${Name}=${Value}`)}`,
      MetricStat: { Metric: metric, Period: 60, Stat: 'Maximum' },
    }));
    if (queries.length === 0) return {};
    const time = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
    const times = ['--start-time', time(-1), '--end-time', time(1)];
    const question = ['--metric-data-queries', JSON.stringify(queries), ...times];
    const { MetricDataResults } = await cloudWatch.json('cloudwatch', 'get-metric-data', ...question);
    return Object.fromEntries(
      MetricDataResults.map(({ Label, Values }: { Label: string; Values: number[] }) => [Label, Values]),
    );
  }

  test('are in CloudWatch under their names, by what they aggregate', { timeout: 120_000 }, async () => {
    const found = await eventually(
      'datapoints',
      async () => {
        const present = await datapoints();
        return Object.keys(present).length > 0 && present;
      },
      60_000,
    );
    // Where nothing is found there is a count of 0 and nothing else (AWS: "Troubleshooting fleet metrics").
    expect(Object.keys(found).sort()).toEqual([
      'different AggregationType=cardinality',
      'high_temp_FM AggregationType=count',
      'nothing AggregationType=count',
      'temperatures AggregationType=0',
      'temperatures AggregationType=100',
      'temperatures AggregationType=50',
    ]);
    const values = { different: 4, high_temp_FM: 2, nothing: 0, 'temperatures AggregationType=50': 85 };
    for (const [name, value] of Object.entries(values)) {
      const [first] = Object.entries(found).find(([label]) => label.startsWith(name))?.[1] ?? [];
      expect(first, name).toBe(value);
    }
  });

  test('are in /metrics, until they are deleted', async () => {
    const others = ['different{cardinality} 4', 'nothing{count} 0'];
    const percentiles = ['temperatures{0} 70', 'temperatures{50} 85', 'temperatures{100} 99'];
    expect(await gauges()).toEqual(expect.arrayContaining([...others, 'high_temp_FM{count} 2', ...percentiles]));
    await iotClient(thingd).send(new DeleteFleetMetricCommand({ metricName: 'high_temp_FM' }));
    expect(await gauges()).toEqual([...others, ...percentiles]);
  });
});
