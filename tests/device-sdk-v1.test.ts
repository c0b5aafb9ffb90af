/** npm `aws-iot-device-sdk` (version 1), as the Raspberry Pi walk-throughs use it: `device` with three files, or over WebSocket. */
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import sdk from 'aws-iot-device-sdk';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDevice, type Device } from './harness/device.ts';
import { nextEvent } from './harness/event.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

type SdkDevice = InstanceType<typeof sdk.device>;
type DeviceOptions = ConstructorParameters<typeof sdk.device>[0];

describe('aws-iot-device-sdk version 1', () => {
  let thingd: Thingd;
  let light: Device;
  const open: SdkDevice[] = [];

  beforeAll(async () => {
    thingd = await startThingd();
    light = await createDevice(thingd, 'pi');
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map(device => new Promise<void>(resolve => device.end(true, resolve))));
  });

  async function connected(options: DeviceOptions): Promise<SdkDevice> {
    const device = new sdk.device(options);
    open.push(device);
    const connected = nextEvent(device, 'connect');
    // The SDK would try again for ever; what refuses it once is enough here.
    const closed = nextEvent(device, 'close').then(() => Promise.reject(new Error('the server closed the connection')));
    closed.catch(() => {});
    await Promise.race([connected, closed]);
    return device;
  }

  const mutualTls = (clientId: string): DeviceOptions => ({
    host: thingd.host,
    port: thingd.endpoints.mqtts.port,
    clientId,
    keyPath: light.keyFile,
    certPath: light.certFile,
    caPath: light.caFile,
  });

  const webSocket = (clientId: string): DeviceOptions => ({
    protocol: 'wss',
    host: thingd.host,
    port: thingd.endpoints.https.port,
    clientId,
    accessKeyId: thingd.credentials.accessKeyId,
    secretKey: thingd.credentials.secretAccessKey,
    region: thingd.credentials.region,
    websocketOptions: { ca: readFileSync(thingd.caFile) },
  });

  const transports: readonly (readonly [string, (clientId: string) => DeviceOptions])[] = [
    ['mutual TLS', mutualTls],
    ['WebSocket signed with SigV4', webSocket],
  ];

  for (const [name, options] of transports) {
    test(`publishes to itself over ${name}`, async () => {
      const device = await connected(options('pi'));
      await promisify(device.subscribe.bind(device))('pi/data', { qos: 1 });
      const arrived = nextEvent(device, 'message');
      await promisify(device.publish.bind(device))('pi/data', '{"temperature":21}', { qos: 1 });
      const [topic, payload] = await arrived;
      expect({ topic, payload: String(payload) }).toEqual({ topic: 'pi/data', payload: '{"temperature":21}' });
    });
  }

  test('over mutual TLS and WebSocket meet on one topic', async () => {
    const phone = await connected(webSocket('phone'));
    const device = await connected(mutualTls('pi'));
    await promisify(phone.subscribe.bind(phone))('pi/data', { qos: 1 });
    const arrived = nextEvent(phone, 'message');
    await promisify(device.publish.bind(device))('pi/data', 'on', { qos: 1 });
    const [topic, payload] = await arrived;
    expect(`${topic} ${payload}`).toBe('pi/data on');
  });

  test('with a wrong secret does not get in', async () => {
    const options = { ...webSocket('thief'), secretKey: 'not the secret' };
    await expect(connected(options)).rejects.toThrow('the server closed');
  });
});
