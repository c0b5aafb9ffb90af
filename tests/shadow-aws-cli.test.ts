/** `aws iot-data`, unmodified: shadows, publish and retained messages as people type them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { beforeAll, expect, test } from 'vitest';
import { AwsCli } from './harness/aws-cli.ts';
import { createDevice, tlsFiles } from './harness/device.ts';
import { temporaryDirectory } from './harness/directory.ts';
import { nextEvent } from './harness/event.ts';
import { describeWith } from './harness/parts.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

describeWith(['aws'], 'aws iot-data', () => {
  let thingd: Thingd;
  let aws: AwsCli;
  let directory: string;

  beforeAll(async () => {
    thingd = await startThingd();
    aws = new AwsCli(thingd);
    directory = await temporaryDirectory();
  });

  /** A blob as versions 1 and 2 of the command both take it. */
  async function blob(content: object | string): Promise<string> {
    const file = join(directory, 'payload');
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return `fileb://${file}`;
  }

  /** Runs a shadow command that writes its document to a file, and answers the document. */
  async function document(...args: readonly string[]) {
    const file = join(directory, 'document.json');
    await aws.json('iot-data', ...args, file);
    return JSON.parse(await readFile(file, 'utf8'));
  }

  const lamp = ['--thing-name', 'lamp'] as const;

  test('updates, reads and deletes a shadow, and is told of conflicts', async () => {
    const state = { desired: { led: 'on' }, reported: { led: 'off' } };
    const updated = await document('update-thing-shadow', ...lamp, '--payload', await blob({ state }));
    expect(updated).toMatchObject({ version: 1, state, metadata: { desired: { led: {} }, reported: { led: {} } } });
    expect(await document('get-thing-shadow', ...lamp)).toMatchObject({
      version: 1,
      state: { ...state, delta: { led: 'on' } },
    });
    const late = await blob({ state: { desired: { led: 'off' } }, version: 7 });
    expect(
      await aws.failure('iot-data', 'update-thing-shadow', ...lamp, '--payload', late, join(directory, 'unused')),
    ).toBe('An error occurred (ConflictException) when calling the UpdateThingShadow operation: Version conflict');
    expect(
      await aws.failure(
        ...['iot-data', 'update-thing-shadow', ...lamp],
        ...['--payload', await blob('{'), join(directory, 'unused')],
      ),
    ).toBe('An error occurred (InvalidRequestException) when calling the UpdateThingShadow operation: Invalid JSON');
    expect(await document('delete-thing-shadow', ...lamp)).toEqual({ version: 1, timestamp: expect.any(Number) });
    expect(await aws.failure('iot-data', 'get-thing-shadow', ...lamp, join(directory, 'unused'))).toBe(
      "An error occurred (ResourceNotFoundException) when calling the GetThingShadow operation: No shadow exists with name: 'lamp'",
    );
  });

  test('lists named shadows in pages', async () => {
    for (const name of ['b', 'a', 'c']) {
      const payload = await blob({ state: { reported: {} } });
      await document('update-thing-shadow', ...lamp, '--shadow-name', name, '--payload', payload);
    }
    const list = ['iot-data', 'list-named-shadows-for-thing', ...lamp];
    expect(await aws.json(...list)).toEqual({ results: ['a', 'b', 'c'], timestamp: expect.any(Number) });
    const first = await aws.json(...list, '--page-size', '2');
    expect(first).toMatchObject({ results: ['a', 'b'], nextToken: expect.any(String) });
    const last = await aws.json(...list, '--page-size', '2', '--next-token', first.nextToken);
    expect(last).toEqual({ results: ['c'], timestamp: expect.any(Number) });
    expect(await document('get-thing-shadow', ...lamp, '--shadow-name', 'a')).toMatchObject({ state: {} });
  });

  test('publishes to subscribers, and reads what is retained', async () => {
    const device = await createDevice(thingd, 'listener');
    const url = `mqtts://localhost:${thingd.endpoints.mqtts.port}`;
    const client = await connectAsync(url, { ...tlsFiles(device), clientId: 'listener', reconnectPeriod: 0 }, false);
    await client.subscribeAsync('home/#', { qos: 1 });
    const arrived = nextEvent(client, 'message');
    await aws.json(
      ...['iot-data', 'publish', '--topic', 'home/door', '--qos', '1', '--retain'],
      ...['--payload', await blob('open')],
    );
    const [topic, payload] = await arrived;
    expect(`${topic} ${payload}`).toBe('home/door open');
    await client.endAsync();
    const retained = await aws.json('iot-data', 'get-retained-message', '--topic', 'home/door');
    expect(retained).toMatchObject({ topic: 'home/door', qos: 1, payload: Buffer.from('open').toString('base64') });
    const { retainedTopics } = await aws.json('iot-data', 'list-retained-messages');
    expect(retainedTopics).toMatchObject([{ topic: 'home/door', payloadSize: 4, qos: 1 }]);
  });
});
