import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import { startThingd } from '../index.ts';
import { Command } from './command.fixtures.ts';

const smallDisk = new URL('../store/fixtures/small-disk.ts', import.meta.url);
const anonymousPolicy = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iot:*","Resource":"*"}}';
const ports = ['http', 'https', 'mqtts', 'mqtt'].flatMap(name => [`--${name}`, '127.0.0.1:0']);
const sleeper = { clientId: 'sleeper', clean: false, reconnectPeriod: 0 };

/** Publishes until the connection ends; answers how many were acknowledged. */
async function publishToTheEnd(client: MqttClient): Promise<number> {
  let acknowledged = 0;
  let closed = false;
  const close = new Promise<void>(resolve => client.once('close', () => resolve())).then(() => {
    closed = true;
  });
  while (!closed) {
    const payload = `${acknowledged}${' '.repeat(4000)}`;
    const published = client.publishAsync('kept', payload, { qos: 1 }).then(() => {
      acknowledged += 1;
    });
    published.catch(() => {});
    await Promise.race([published, close]);
  }
  return acknowledged;
}

test('on a full disk nothing more is acknowledged, thingd says so and ends with 1, and what it had acknowledged is there', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'thingd-disk-'));
  const options = { dataDir, anonymousPolicy, limits: 'open' };
  await (await startThingd({ mode: 'start', options })).close();

  const given = [
    '--data-dir',
    dataDir,
    '--anonymous-policy',
    anonymousPolicy,
    '--limits',
    'open',
    '--log-format',
    'json',
  ];
  const command = new Command(['start', ...ports, ...given], smallDisk);
  const { mqtt: url } = (await command.logged('started')) as { mqtt: string };
  const subscriber = await mqtt.connectAsync(url, sleeper);
  await subscriber.subscribeAsync('kept', { qos: 1 });
  await subscriber.endAsync();
  const publisher = await mqtt.connectAsync(url, { reconnectPeriod: 0 });
  publisher.on('error', () => {}); // the server is going down
  const acknowledged = await publishToTheEnd(publisher);
  expect(await command.exited).toBe(1);
  expect(command.stdout).toContain(`The first access key is in ${join(dataDir, 'credentials.json')}`);
  const { level, error } = await command.logged('store.failed');
  expect(level).toBe('fatal');
  expect(error).toMatchObject({
    message: `the database \`${join(dataDir, 'thingd.db')}\` failed: database or disk is full`,
  });
  expect(acknowledged).toBeGreaterThan(10);

  const again = await startThingd({ mode: 'start', options });
  const awake = mqtt.connect(again.endpoints.mqtt ?? '', sleeper);
  const kept: number[] = [];
  await new Promise<void>(resolve => {
    awake.on('message', (_topic, payload) => {
      kept.push(Number(payload.toString()));
      if (kept.length === acknowledged) resolve();
    });
  });
  expect(kept).toEqual(Array.from({ length: acknowledged }, (_, number) => number));
  await awake.endAsync();
  await again.close();
  rmSync(dataDir, { recursive: true });
}, 60_000);
