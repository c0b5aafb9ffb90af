/** `thingd shadow …` and the API behind it: who changed what, how it was, and the way back. */
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { beforeAll, describe, expect, test } from 'vitest';
import { allow, createDevice, type Device, policyDocument, tlsFiles } from './harness/device.ts';
import { temporaryDirectory } from './harness/directory.ts';
import { nextEvent } from './harness/event.ts';
import { connectMutual, HttpsFace, MqttFace } from './harness/shadow-faces.ts';
import { startThingd, type Thingd, thingd as thingdCommand } from './harness/thingd.ts';

let thingd: Thingd;
let device: Device;

beforeAll(async () => {
  thingd = await startThingd();
  device = await createDevice(thingd, 'lamp');
});

async function shadow(command: string, ...args: readonly string[]): Promise<string> {
  const all = ['shadow', command, '--data-dir', thingd.dataDir, ...args];
  const { exit, stdout, stderr } = await thingdCommand(all, { NO_COLOR: '1' });
  if (exit !== 0) throw new Error(`thingd ${all.join(' ')} exited with ${exit}: ${stderr}`);
  return stdout.trimEnd();
}

// biome-ignore lint/suspicious/noExplicitAny: judged by each test
const json = async (command: string, ...args: readonly string[]): Promise<any> =>
  JSON.parse(await shadow(command, ...args, '--json'));

const iso = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';

describe('the history of a shadow', () => {
  const lamp = { thing: 'lamp' };
  let between: string;

  beforeAll(async () => {
    const https = new HttpsFace(thingd, device);
    const mqtt = new MqttFace(await connectMutual(thingd, device, 'lamp'));
    await https.update(lamp, '{"state":{"desired":{"power":"on","mode":{"night":true}}}}');
    await mqtt.update(lamp, '{"state":{"reported":{"power":"on"}}}');
    await new Promise(resolve => setTimeout(resolve, 5));
    between = new Date().toISOString();
    await new Promise(resolve => setTimeout(resolve, 5));
    await https.update(lamp, '{"state":{"desired":{"power":"off","mode":null,"a b":[1,2]}}}');
  });

  test('is listed with who, when and what', async () => {
    const text = await shadow('history', 'lamp');
    expect(text.replaceAll(new RegExp(iso, 'g'), 'TIME').replaceAll(device.certificateId, 'CERTIFICATE')).toBe(
      [
        '3  TIME  CERTIFICATE',
        '   desired.power = "off"',
        '   desired.mode removed',
        '   desired["a b"] = [1,2]',
        '2  TIME  CERTIFICATE',
        '   reported.power = "on"',
        '1  TIME  CERTIFICATE',
        '   desired.power = "on"',
        '   desired.mode.night = true',
      ].join('\n'),
    );
    expect(await json('history', 'lamp', '--limit', '1')).toMatchObject([
      { version: 3, change: { desired: { power: 'off', mode: null, 'a b': [1, 2] } } },
    ]);
    expect(await shadow('history', 'nobody')).toBe('nothing is in the history');
  });

  test('is shown as of a version, a time, or now', async () => {
    const then = { version: 2, desired: { power: 'on', mode: { night: true } }, reported: { power: 'on' } };
    expect(await json('show', 'lamp', '--at', '2')).toMatchObject(then);
    expect(await json('show', 'lamp', '--at', between)).toMatchObject(then);
    expect(await json('show', 'lamp')).toMatchObject({ version: 3 });
    await expect(shadow('show', 'lamp', '--at', '99')).rejects.toThrow('version `99` is not in the history');
    await expect(shadow('show', 'lamp', '--at', '2001-01-01T00:00:00Z')).rejects.toThrow(
      'there is no shadow in the history',
    );
    await expect(shadow('show', 'lamp', '--at', 'yesterday')).rejects.toThrow(
      '`at` expects a version, or a time such as',
    );
  });

  test('is compared between two points', async () => {
    const text = await shadow('diff', 'lamp', '1', between);
    expect(text.split('\n').slice(1)).toEqual(['  + reported.power = "on"']);
    const lines = (await shadow('diff', 'lamp', between)).split('\n').slice(1);
    expect(lines).toEqual([
      '  ~ desired.power: "on" → "off"',
      '  - desired.mode = {"night":true}',
      '  + desired["a b"] = [1,2]',
    ]);
    expect(await json('diff', 'lamp', '2', '2')).toMatchObject({ differences: [] });
  });

  test('is gone back to, and the device hears the difference', async () => {
    const client = await connectAsync(
      `mqtts://localhost:${thingd.endpoints.mqtts.port}`,
      { ...tlsFiles(device), clientId: 'watcher', reconnectPeriod: 0 },
      false,
    );
    await client.subscribeAsync('$aws/things/lamp/shadow/update/delta', { qos: 1 });
    const delta = nextEvent(client, 'message');
    expect(await shadow('restore', 'lamp', '1')).toBe(
      ['version 4', '  desired.power = "on"', '  desired["a b"] removed', '  desired.mode.night = true'].join('\n'),
    );
    expect(JSON.parse(String((await delta)[1]))).toMatchObject({ version: 4, state: { mode: { night: true } } });
    await client.endAsync();
    expect(await json('diff', 'lamp', '2', '4')).toMatchObject({ differences: [] });
    expect((await json('history', 'lamp', '--limit', '1'))[0].principal).toContain(thingd.credentials.accessKeyId);
  });

  test('of a named shadow is its own', async () => {
    const https = new HttpsFace(thingd, device);
    await https.update({ thing: 'lamp', name: '$package' }, '{"state":{"reported":{"v":1}}}');
    expect(await json('history', 'lamp', '--name', '$package')).toMatchObject([{ version: 1 }]);
    await https.delete({ thing: 'lamp', name: '$package' });
    expect(await shadow('history', 'lamp', '--name', '$package')).toMatch(new RegExp(`deleted ${iso}`));
    await expect(shadow('show', 'lamp', '--name', '$package')).rejects.toThrow('there is no shadow in the history now');
  });
});

test('needs a signature, and an access key whose policy allows it', async () => {
  const url = `${thingd.endpoints.http.url}/thingd/v1/things/lamp/shadow/versions`;
  const unsigned = await fetch(url);
  expect({ status: unsigned.status, type: unsigned.headers.get('x-amzn-errortype') }).toEqual({
    status: 403,
    type: 'MissingAuthenticationTokenException',
  });
});

test('is read and restored by who may, thing by thing', async () => {
  const directory = await temporaryDirectory();
  const policy = join(directory, 'policy.json');
  await writeFile(policy, policyDocument(allow('thingd:GetShadowHistory', 'arn:aws:iot:*:*:thing/lamp')));
  const created = await thingdCommand([
    'access-key',
    'create',
    '--json',
    '--policy',
    policy,
    '--data-dir',
    thingd.dataDir,
  ]);
  const { accessKeyId, secretAccessKey } = JSON.parse(created.stdout);
  await copyFile(join(thingd.dataDir, 'endpoints.json'), join(directory, 'endpoints.json'));
  const credentials = { ...thingd.credentials, accessKeyId, secretAccessKey };
  await writeFile(join(directory, 'credentials.json'), JSON.stringify(credentials));

  const asReader = (...args: readonly string[]) => thingdCommand(['shadow', ...args, '--data-dir', directory]);
  expect(await asReader('history', 'lamp')).toMatchObject({ exit: 0 });
  const denied = 'is not authorized to perform';
  for (const [args, action, resource] of [
    [['history', 'other'], 'thingd:GetShadowHistory', 'thing/other'],
    [['history', 'lamp', '--name', 'settings'], 'thingd:GetShadowHistory', 'thing/lamp/settings'],
    [['restore', 'lamp', '1'], 'thingd:RestoreShadow', 'thing/lamp'],
  ] as const) {
    const { exit, stderr } = await asReader(...args);
    expect(exit).toBe(1);
    expect(stderr).toContain(`${denied} ${action} on arn:aws:iot:us-east-1:000000000000:${resource}`);
  }
});

test('is not kept with --shadow-history-versions 0', async () => {
  const without = await startThingd({ command: 'dev', args: ['--shadow-history-versions', '0'] });
  const identity = await createDevice(without, 'lamp');
  await new HttpsFace(without, identity).update({ thing: 'lamp' }, '{"state":{}}');
  const { stdout } = await thingdCommand(['shadow', 'history', 'lamp', '--data-dir', without.dataDir]);
  expect(stdout).toContain('nothing is in the history');
});
