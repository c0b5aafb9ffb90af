/** What holds around shadows on the `aws` limits: how often, who may speak, wills, permissions, and racing writers. */
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { allow, createDevice, type Device, policyDocument, tlsFiles } from './harness/device.ts';
import { eventually } from './harness/eventually.ts';
import { connectMutual, HttpsFace, MqttFace, ShadowObserver } from './harness/shadow-faces.ts';
import { startThingd, type Thingd, thingd as thingdCommand } from './harness/thingd.ts';

let thingd: Thingd;
let device: Device;
const open: MqttClient[] = [];

beforeAll(async () => {
  thingd = await startThingd();
  device = await createDevice(thingd, 'rules');
});

afterEach(async () => {
  await Promise.all(open.splice(0).map(client => client.endAsync(true)));
});

async function client(clientId: string): Promise<MqttClient> {
  const connected = await connectMutual(thingd, device, clientId);
  open.push(connected);
  return connected;
}

async function observer(): Promise<ShadowObserver> {
  const created = await ShadowObserver.connect(thingd, device);
  open.push(created.client);
  return created;
}

describe('the limits', () => {
  test('are twenty requests a second on one shadow, over both faces together', async () => {
    const shadow = { thing: 'busy' };
    const [mqtt, https] = [new MqttFace(await client('busy')), new HttpsFace(thingd, device)];
    await https.update(shadow, '{"state":{}}');
    const answers = await Promise.all(Array.from({ length: 50 }, () => https.get(shadow)));
    const refused = answers.filter(({ code }) => code !== 200);
    expect(refused.length).toBeGreaterThanOrEqual(10);
    expect(new Set(refused.map(({ code, body }) => `${code} ${body}`))).toEqual(new Set(['429 Too many requests']));
    // Within the second that the requests over HTTPS have used up, MQTT is refused too.
    await eventually('MQTT is refused in a used-up second', async () => {
      const [, answer] = await Promise.all([
        Promise.all(Array.from({ length: 25 }, () => https.get(shadow))),
        mqtt.get(shadow),
      ]);
      return answer.code === 429 && answer.body === 'Too many requests';
    });
    await eventually('the next second is a new one', async () => (await mqtt.get(shadow)).code === 200);
  });
});

describe('nobody but the service', () => {
  test('speaks on its reply topics, whatever the policy allows', async () => {
    const liar = await connectAsync(
      `mqtts://localhost:${thingd.endpoints.mqtts.port}`,
      { ...tlsFiles(device), clientId: 'liar', reconnectPeriod: 0, protocolVersion: 5 },
      false,
    );
    open.push(liar);
    const listener = await observer();
    for (const topic of [
      'update/accepted',
      'update/delta',
      'update/documents',
      'get/rejected',
      'name/n/get/accepted',
    ]) {
      await expect(liar.publishAsync(`$aws/things/victim/shadow/${topic}`, '{}', { qos: 1 })).rejects.toThrow(
        /not authorized/i,
      );
    }
    expect(await listener.take({ thing: 'victim' })).toEqual([]);
    const { exit, stdout } = await thingdCommand([
      ...['explain', '--data-dir', thingd.dataDir, '--certificate', device.certificateArn, '--client-id', 'liar'],
      ...['--action', 'publish', '--topic', '$aws/things/victim/shadow/update/delta'],
    ]);
    expect(exit).toBe(1);
    expect(stdout).toContain('reserved-topics, statement 0 (OnlyTheShadowServiceAnswers)');
  });
});

test('a will on a shadow topic reaches subscribers, and changes no shadow', async () => {
  const listener = await observer();
  const heard = new Promise<string>(resolve =>
    listener.client.on('message', (topic, payload) => {
      if (topic === '$aws/things/mortal/shadow/update') resolve(payload.toString());
    }),
  );
  const payload = '{"state":{"reported":{"connected":false}}}';
  const mortal = await connectAsync(
    `mqtts://localhost:${thingd.endpoints.mqtts.port}`,
    {
      ...tlsFiles(device),
      clientId: 'mortal',
      reconnectPeriod: 0,
      will: { topic: '$aws/things/mortal/shadow/update', payload: Buffer.from(payload), qos: 1, retain: false },
    },
    false,
  );
  mortal.stream.destroy();
  await mortal.endAsync(true);
  expect(await heard).toBe(payload);
  expect(await listener.take({ thing: 'mortal' })).toEqual([]);
  expect(await new HttpsFace(thingd, device).get({ thing: 'mortal' })).toMatchObject({ code: 404 });
});

test('over HTTPS a device needs the shadow actions, on the thing or on the named shadow', async () => {
  const reader = await createDevice(
    thingd,
    'reader',
    policyDocument(
      allow('iot:GetThingShadow', 'arn:aws:iot:*:*:thing/reader'),
      allow('iot:UpdateThingShadow', 'arn:aws:iot:*:*:thing/reader/settings'),
    ),
  );
  const own = new HttpsFace(thingd, reader);
  const code = async (answer: Promise<{ readonly code: number }>): Promise<number> =>
    answer.then(
      ({ code }) => code,
      error => Number(/^\d+/.exec(error.message)?.[0]),
    );
  const [classic, settings, other] = [
    { thing: 'reader' },
    { thing: 'reader', name: 'settings' },
    { thing: 'reader', name: 'other' },
  ];
  expect(await code(own.update(settings, '{"state":{}}'))).toBe(200);
  expect(await code(own.update(classic, '{"state":{}}'))).toBe(403);
  expect(await code(own.update(other, '{"state":{}}'))).toBe(403);
  expect(await code(own.get(classic))).toBe(404);
  expect(await code(own.get(settings))).toBe(403);
  expect(await code(own.delete(classic))).toBe(403);
});

test('two writers racing with `version` over MQTT win each version exactly once', { timeout: 120_000 }, async () => {
  const racing = await startThingd({ args: ['--limits', 'open'] });
  const identity = await createDevice(racing, 'race');
  const rounds = 1000;
  const topic = '$aws/things/race/shadow/update';
  const winners = new Map<number, string[]>();
  let conflicts = 0;

  const writer = async (name: string): Promise<void> => {
    const connection = await connectMutual(racing, identity, name);
    await connection.subscribeAsync([`${topic}/accepted`, `${topic}/rejected`], { qos: 1 });
    let latest = 0;
    const done = Promise.withResolvers<void>();
    const write = (): void => {
      if (latest >= rounds) return done.resolve();
      const update = { state: { reported: { [name]: latest } }, version: latest, clientToken: name };
      connection.publish(topic, JSON.stringify(update), { qos: 1 });
    };
    connection.on('message', (_topic, bytes) => {
      const { version, code, clientToken } = JSON.parse(bytes.toString());
      // Answers go to everybody: the other's tell which version is current, and one's own how the race went.
      if (version !== undefined) latest = Math.max(latest, version);
      if (clientToken !== name) return;
      if (version !== undefined) {
        winners.set(version, [...(winners.get(version) ?? []), name]);
        // Who was first is answered first: without a start for the other the same one could win each time.
        setImmediate(write);
        return;
      }
      if (code === 409) conflicts += 1;
      else done.reject(new Error(bytes.toString()));
      write();
    });
    write();
    await done.promise;
    await connection.endAsync();
  };
  await Promise.all([writer('one'), writer('two')]);

  expect([...winners.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: winners.size }, (_, i) => i + 1));
  expect([...winners.values()].filter(names => names.length !== 1)).toEqual([]);
  expect(conflicts).toBeGreaterThan(rounds / 10);
  expect(new Set([...winners.values()].flat())).toEqual(new Set(['one', 'two']));
  const { body } = await new HttpsFace(racing, identity).get({ thing: 'race' });
  expect(body.version).toBe(winners.size);
  await racing.stop();
});
