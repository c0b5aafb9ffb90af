import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { describeWithBoto3, script } from './fixtures/python.ts';
import { createRecorder, withFilledTokens } from './fixtures/recorder.ts';
import { type Extent, sampleOf } from './fixtures/samples.ts';
import { startTestServer, testAccessKeys, testKey } from './fixtures/server.ts';
import { services } from './protocol/dispatch.ts';
import type { ServiceName } from './protocol/model.ts';

const clientNames: Record<ServiceName, string> = { iot: 'iot', iotdata: 'iot-data', jobsdata: 'iot-jobs-data' };

interface Job {
  readonly service: ServiceName;
  readonly name: string;
  readonly input: Record<string, unknown>;
}

type Answer = { output: Record<string, unknown> } | { error: string } | { unknown: true };

/** Runs the calls in one Python process, against a server in this one. */
async function callAll(url: string, jobs: readonly Job[]): Promise<Answer[]> {
  const environment = { AWS_ACCESS_KEY_ID: testKey.accessKeyId, AWS_SECRET_ACCESS_KEY: testKey.secretAccessKey };
  const python = spawn('python3', [script('call.py'), url], { env: { ...process.env, ...environment } });
  const lines = jobs.map(({ service, name, input }) =>
    JSON.stringify({ service: clientNames[service], operation: name, input: encode(input) }),
  );
  python.stdin.end(`${lines.join('\n')}\n`);
  const [output, errors] = await Promise.all([text(python.stdout), text(python.stderr), once(python, 'exit')]);
  const answers = output.trim().split('\n');
  if (answers.length !== jobs.length) throw new Error(errors);
  return answers.map(line => decode(JSON.parse(line)) as Answer);
}

function encode(value: unknown): unknown {
  if (value instanceof Date) return { $date: value.toISOString() };
  if (Buffer.isBuffer(value)) return { $blob: value.toString('base64') };
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item)]));
}

function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== 'object' || value === null) return value;
  if ('$date' in value) return new Date(value.$date as string);
  if ('$blob' in value) return Buffer.from(value.$blob as string, 'base64');
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item)]));
}

/** boto3 sends times without their fraction. */
function wholeSeconds(value: unknown): unknown {
  if (value instanceof Date) return new Date(Math.floor(value.getTime() / 1000) * 1000);
  if (Array.isArray(value)) return value.map(wholeSeconds);
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, wholeSeconds(item)]));
}

/** Whether the machine's boto3 is older than the models here and does not know the operation or one of its members. */
const isOlder = (answer: Answer): boolean =>
  'unknown' in answer || ('error' in answer && answer.error.includes('Unknown parameter'));

describeWithBoto3('boto3', () => {
  test('reaches every operation it knows with the input it was given, and reads the output', async () => {
    const outputOf = (service: ServiceName, name: string) => {
      const { output } = services[service].operations[name]!;
      return output === undefined ? {} : sampleOf(services[service], output, 'all');
    };
    const { handlers, received } = createRecorder(outputOf);
    const server = await startTestServer(handlers, { accessKeys: testAccessKeys() });
    const jobs = (['required', 'all'] satisfies Extent[]).flatMap(extent =>
      (['iot', 'iotdata', 'jobsdata'] as const).flatMap(service =>
        Object.entries(services[service].operations).map(([name, { input }]) => ({
          service,
          name,
          input: wholeSeconds(sampleOf(services[service], input, extent)) as Job['input'],
        })),
      ),
    );
    const answers = await callAll(server.url, jobs).finally(() => server.close());
    const known = jobs.flatMap((job, index) => (isOlder(answers[index]!) ? [] : [{ ...job, answer: answers[index]! }]));
    expect(known.length).toBeGreaterThan(1.9 * 288);
    for (const [index, { service, name, input, answer }] of known.entries()) {
      const { input: arrived, ...call } = received[index]!;
      expect(call, name).toMatchObject({ service, name });
      expect(arrived, name).toEqual(withFilledTokens(input, arrived));
      expect({ output: outputOf(service, name) }, name).toMatchObject(answer);
    }
  }, 60_000);
});
