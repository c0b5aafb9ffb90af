/** Debian's `mosquitto_pub` and `mosquitto_sub`, with the files the API handed out, on the port devices use. */
import { beforeAll, expect, test } from 'vitest';
import { launch, run } from './harness/command.ts';
import { anything, createCertificate, createDevice, type Device, iotClient, lightPolicy } from './harness/device.ts';
import { describeWith } from './harness/parts.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

describeWith(['mosquitto_pub', 'mosquitto_sub'], 'mosquitto clients', () => {
  let thingd: Thingd;
  let kitchen: Device;
  let hall: Device;
  let observer: Device;

  beforeAll(async () => {
    thingd = await startThingd();
    [kitchen, hall, observer] = await Promise.all([
      createDevice(thingd, 'kitchen', lightPolicy),
      createDevice(thingd, 'hall', lightPolicy),
      createDevice(thingd, 'observer', anything),
    ]);
  });

  const options = (device: Device, version: '311' | '5', clientId = device.thingName): string[] => [
    ...['-h', thingd.host, '-p', String(thingd.endpoints.mqtts.port), '-V', version === '5' ? 'mqttv5' : 'mqttv311'],
    ...['--cafile', device.caFile, '--cert', device.certFile, '--key', device.keyFile, '-i', clientId],
  ];
  const publish = (device: Device, version: '311' | '5', ...args: string[]) =>
    run('mosquitto_pub', [...options(device, version), ...args], { timeout: 10_000 });

  /** `mosquitto_sub` in the background, its output line by line although it goes to a pipe. */
  const listen = (args: readonly string[]) => launch('stdbuf', ['-oL', 'mosquitto_sub', ...args, '-v', '-d']);

  /** A subscriber that is subscribed when this resolves (`-d` prints the SUBACK). */
  async function subscriber(device: Device, version: '311' | '5', topic: string, ...args: string[]) {
    const running = listen([...options(device, version), '-t', topic, ...args]);
    await running.prints('Subscribed (mid:');
    return running;
  }

  for (const version of ['311', '5'] as const) {
    for (const qos of ['0', '1']) {
      test(`a light publishes its own data, MQTT ${version}, QoS ${qos}`, async () => {
        const seen = await subscriber(observer, version, 'kitchen/data', '-q', qos);
        const sent = await publish(kitchen, version, '-t', 'kitchen/data', '-m', `on ${version} ${qos}`, '-q', qos);
        expect(sent).toMatchObject({ exit: 0, stderr: '' });
        await seen.prints(`kitchen/data on ${version} ${qos}\n`);
        await seen.stop();
      });
    }

    test(`a light hears its own commands, MQTT ${version}`, async () => {
      const light = await subscriber(kitchen, version, 'kitchen/command', '-q', '1');
      await publish(observer, version, '-t', 'kitchen/command', '-m', 'off', '-q', '1');
      await light.prints('kitchen/command off\n');
      await light.stop();
    });
  }

  test("a light is cut off when it publishes another light's data, MQTT 3.1.1", async () => {
    const seen = await subscriber(observer, '311', '+/data');
    const sent = await publish(kitchen, '311', '-t', 'hall/data', '-m', 'forged', '-q', '1', '-d');
    expect(sent.exit).not.toBe(0);
    expect(sent.stdout).not.toContain('received PUBACK');
    // What comes after it on the same subscription shows that the forged message did not.
    await publish(hall, '311', '-t', 'hall/data', '-m', 'genuine', '-q', '1');
    await seen.prints('hall/data genuine\n');
    expect(seen.stdout).not.toContain('forged');
    await seen.stop();
  });

  test("a light is answered Not authorized when it publishes another light's data, MQTT 5", async () => {
    const sent = await publish(kitchen, '5', '-t', 'hall/data', '-m', 'forged', '-q', '1', '-d');
    expect(`${sent.stdout}${sent.stderr}`).toMatch(/RC:?\s*135|Not authorized/i);
  });

  test("a light may not listen to another light's commands", async () => {
    const old = await run('mosquitto_sub', [...options(kitchen, '311'), '-t', 'hall/command', '-W', '3', '-d']);
    expect(old.stdout).not.toContain('Subscribed (mid:');
    const current = await run('mosquitto_sub', [...options(kitchen, '5'), '-t', 'hall/command', '-W', '3', '-d']);
    expect(`${current.stdout}${current.stderr}`).toMatch(/135|Not authorized|denied/i);
  });

  test('a light may not connect under another name', async () => {
    const old = await publish(kitchen, '311', '-i', 'hall', '-t', 'hall/data', '-m', 'x', '-q', '1');
    expect(old.exit).not.toBe(0);
    const current = await publish(kitchen, '5', '-i', 'hall', '-t', 'hall/data', '-m', 'x', '-q', '1');
    expect(current.exit).not.toBe(0);
    expect(current.stderr).toMatch(/Not authorized/i);
  });

  test('a certificate with no policy may not connect', async () => {
    const stranger = await createCertificate(thingd, iotClient(thingd));
    const sent = await publish({ ...kitchen, ...stranger }, '311', '-t', 'kitchen/data', '-m', 'x', '-q', '1');
    expect(sent.exit).not.toBe(0);
  });

  test('a client without a certificate is refused', async () => {
    const args = ['-h', thingd.host, '-p', String(thingd.endpoints.mqtts.port), '--cafile', thingd.caFile];
    const sent = await run('mosquitto_pub', [...args, '-t', 'kitchen/data', '-m', 'x', '-q', '1'], { timeout: 10_000 });
    expect(sent.exit).not.toBe(0);
  });

  test('a persistent session is waiting when its light comes back', async () => {
    const light = await subscriber(kitchen, '311', 'kitchen/command', '-q', '1', '-c');
    await light.stop();
    await publish(observer, '311', '-t', 'kitchen/command', '-m', 'while away', '-q', '1');
    const back = await subscriber(kitchen, '311', 'kitchen/command', '-q', '1', '-c');
    await back.prints('kitchen/command while away\n');
    await back.stop();
  });

  test('a will is published when the connection breaks', async () => {
    const seen = await subscriber(observer, '311', 'lights/gone');
    const frail = listen([
      ...options(observer, '311', 'frail'),
      ...['-t', 'frail/command', '--will-topic', 'lights/gone', '--will-payload', 'frail', '--will-qos', '1'],
    ]);
    await frail.prints('Subscribed (mid:');
    await frail.stop('SIGKILL');
    await seen.prints('lights/gone frail\n');
    await seen.stop();
  });
});
