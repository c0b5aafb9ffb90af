import * as iot from '@aws-sdk/client-iot';
import * as iotdata from '@aws-sdk/client-iot-data-plane';
import * as jobsdata from '@aws-sdk/client-iot-jobs-data-plane';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRecorder, type Received, withFilledTokens } from './fixtures/recorder.ts';
import { type Extent, sampleOf } from './fixtures/samples.ts';
import { startTestServer, type TestServer, testAccessKeys, testKey } from './fixtures/server.ts';
import { services } from './protocol/dispatch.ts';
import type { ServiceName } from './protocol/model.ts';

let answer: unknown;
const { handlers, received } = createRecorder(() => answer);
let server: TestServer;

interface Client {
  send(command: unknown): Promise<Record<string, unknown>>;
}

const clients: Record<ServiceName, { client: Client; commands: Record<string, unknown> }> = {} as never;

beforeAll(async () => {
  server = await startTestServer(handlers, { accessKeys: testAccessKeys() });
  const configuration = { endpoint: server.url, region: 'eu-west-1', credentials: testKey, maxAttempts: 1 };
  clients.iot = { client: new iot.IoTClient(configuration) as Client, commands: iot };
  clients.iotdata = { client: new iotdata.IoTDataPlaneClient(configuration) as Client, commands: iotdata };
  clients.jobsdata = { client: new jobsdata.IoTJobsDataPlaneClient(configuration) as Client, commands: jobsdata };
});

afterAll(() => server.close());

async function send(service: ServiceName, name: string, input: object): Promise<Record<string, unknown>> {
  const { client, commands } = clients[service];
  const Command = commands[`${name}Command`] as new (input: object) => unknown;
  received.length = 0;
  const { $metadata, ...output } = await client.send(new Command(input));
  expect($metadata).toMatchObject({ requestId: received[0]!.call.requestId });
  return output;
}

describe.each(['iot', 'iotdata', 'jobsdata'] as const)('every operation of %s', service => {
  const model = services[service];
  const operations = Object.entries(model.operations);

  test.each(operations)('%s arrives from the JavaScript SDK as it was sent', async (name, operation) => {
    for (const extent of ['required', 'all'] satisfies Extent[]) {
      answer = undefined;
      const input = sampleOf(model, operation.input, extent);
      await send(service, name, withJsonText(input));
      expect(received).toHaveLength(1);
      const [{ input: arrived, call, ...rest }] = received as [Received];
      expect(rest).toEqual({ service, name });
      expect(arrived).toEqual(withFilledTokens(input, arrived));
      expect(call.realm).toEqual({ accountId: '123456789012', region: 'eu-west-1' });
    }
  });

  test.each(operations.filter(([, { output }]) => output))('%s answers what the SDK reads', async (name, operation) => {
    const output = sampleOf(model, operation.output!, 'all');
    answer = output;
    const read = await send(service, name, withJsonText(sampleOf(model, operation.input, 'required')));
    expect(asBuffers(read)).toEqual(output);
  });
});

test('nothing was ambiguous, and nothing failed', () => {
  expect(server.ambiguous).toEqual([]);
  expect(server.failures).toEqual([]);
});

/** The SDK takes a JSON header as the text of its value. */
function withJsonText(input: Record<string, unknown>): Record<string, unknown> {
  return typeof input.userProperties === 'object' && !Buffer.isBuffer(input.userProperties)
    ? { ...input, userProperties: JSON.stringify(input.userProperties) }
    : input;
}

/** Byte arrays as buffers, so that they compare with what was sent. */
function asBuffers(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(asBuffers);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asBuffers(item)]));
}
