import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FleetIndexing, FleetMetrics, Indexer, Things } from '@thingd/core';
import { openDomain, realm, type TestDomain } from '@thingd/core/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AwsClients } from '../rules/actions/aws/index.ts';
import { CloudWatchMetrics } from './cloudwatch-metrics.ts';
import { FleetMetricPublishing } from './fleet-metric-publishing.ts';

const on = { thingIndexingMode: 'REGISTRY' } as const;
const off = { thingIndexingMode: 'OFF' } as const;
const size = {
  metricName: 'size',
  queryString: '*',
  aggregationField: 'registry.version',
  aggregationType: { name: 'Statistics', values: ['count', 'sum'] },
  period: 60,
} as const;

let domain: TestDomain;
let indexing: FleetIndexing;
let metrics: FleetMetrics;
let publishing: FleetMetricPublishing;
let failures: string[];

beforeEach(async () => {
  domain = await openDomain();
  const thrown = (error: unknown) => {
    throw error;
  };
  indexing = new FleetIndexing(domain, new Indexer(domain, { failed: thrown }), { failed: thrown });
  metrics = new FleetMetrics(domain, indexing);
  failures = [];
  publishing = open(undefined);
  await indexing.updateConfiguration(realm, { things: on });
  for (const thingName of ['lamp', 'plug']) await new Things(domain).create(realm, { thingName });
});

const open = (cloudWatch: CloudWatchMetrics | undefined) =>
  new FleetMetricPublishing({
    fleetMetrics: metrics,
    changes: domain.changes,
    cloudWatch,
    failed: (_, where) => failures.push(where),
  });

async function nextMinute(): Promise<void> {
  domain.clock.advance(60_000);
  await publishing.publish(new AbortController().signal);
}

const shown = (): string[] =>
  [...publishing.values()].map(({ metricName, name, value }) => `${metricName} ${name} ${value}`);

test('the numbers last computed are shown', async () => {
  await metrics.create(realm, size);
  expect(shown()).toEqual([]);
  await nextMinute();
  expect(shown()).toEqual(['size count 2', 'size sum 2']);
  await new Things(domain).create(realm, { thingName: 'tap' });
  await nextMinute();
  expect(shown()).toEqual(['size count 3', 'size sum 3']);
});

test('a metric that is changed or deleted shows nothing at once', async () => {
  await metrics.create(realm, size);
  await nextMinute();
  await metrics.update(realm, { metricName: 'size', aggregationType: { name: 'Statistics', values: ['maximum'] } });
  expect(shown()).toEqual([]);
  await nextMinute();
  expect(shown()).toEqual(['size maximum 1']);
  await metrics.delete(realm, 'size');
  expect(shown()).toEqual([]);
  await nextMinute();
  expect(shown()).toEqual([]);
});

test('a metric that cannot be computed is told of once, and again when it has worked meanwhile', async () => {
  await metrics.create(realm, size);
  await indexing.updateConfiguration(realm, { things: off });
  await nextMinute();
  await nextMinute();
  const told = 'computing fleet metric `size` of 123456789012/eu-west-1';
  expect(failures).toEqual([told]);
  await indexing.updateConfiguration(realm, { things: on });
  await nextMinute();
  await indexing.updateConfiguration(realm, { things: off });
  await nextMinute();
  expect(failures).toEqual([told, told]);
});

describe('where CloudWatch is configured', () => {
  let server: Server;
  let status: number;
  let bodies: string[];
  let clients: AwsClients;

  beforeEach(async () => {
    status = 200;
    bodies = [];
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', part => parts.push(part));
      request.on('end', () => {
        if (status === 200) bodies.push(Buffer.concat(parts).toString('latin1'));
        const body = status === 200 ? '{}' : JSON.stringify({ __type: 'Refused', message: 'no' });
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const environment = { AWS_ENDPOINT_URL_CLOUDWATCH: `http://127.0.0.1:${port}` };
    clients = new AwsClients(environment, domain.clock);
    process.env.AWS_ACCESS_KEY_ID = 'test';
    process.env.AWS_SECRET_ACCESS_KEY = 'secret';
    publishing = open(new CloudWatchMetrics({ clients, failed: error => failures.push((error as Error).message) }));
  });

  afterEach(async () => {
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
    await clients.close();
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  test('nothing is sent without an endpoint for it', () => {
    const configured = (environment: Record<string, string>) =>
      CloudWatchMetrics.isConfigured(new AwsClients(environment, domain.clock));
    expect(configured({ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_ENDPOINT_URL_S3: 'http://s3' })).toBe(
      false,
    );
    expect(configured({ AWS_ENDPOINT_URL: 'http://aws' })).toBe(true);
    expect(configured({ AWS_ENDPOINT_URL_CLOUDWATCH: 'http://cloudwatch' })).toBe(true);
  });

  test('an outage is told of once, and what it kept back is sent after it', async () => {
    await metrics.create(realm, size);
    status = 500;
    await nextMinute();
    await nextMinute();
    expect(failures).toHaveLength(1);
    status = 200;
    await nextMinute();
    expect(bodies).toHaveLength(1);
    expect(bodies[0]?.match(/size/g)).toHaveLength(6);
  });

  test('what is refused is not sent again', async () => {
    await metrics.create(realm, size);
    status = 400;
    await nextMinute();
    expect(failures).toHaveLength(1);
    status = 200;
    await nextMinute();
    expect(bodies.join('').match(/size/g)).toHaveLength(2);
  });
});
