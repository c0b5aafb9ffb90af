/** npm `mqtt` (MQTT.js): TCP, TLS, WebSocket, MQTT 3.1.1 and 5, and ALPN on the HTTPS port. */
import { type RequestOptions, request } from 'node:https';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDevice, type Device, tlsFiles } from './harness/device.ts';
import { nextEvent } from './harness/event.ts';
import { connect as connectPacket } from './harness/packets.ts';
import { RawClient } from './harness/raw-client.ts';
import { startThingd, type Thingd } from './harness/thingd.ts';

describe('MQTT.js', () => {
  let thingd: Thingd;
  let device: Device;
  const open: MqttClient[] = [];

  beforeAll(async () => {
    thingd = await startThingd({ command: 'dev' });
    device = await createDevice(thingd, 'meter');
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map(client => client.endAsync(true)));
  });

  async function client(url: string, options: IClientOptions): Promise<MqttClient> {
    const connected = await connectAsync(url, { reconnectPeriod: 0, connectTimeout: 10_000, ...options }, false);
    open.push(connected);
    return connected;
  }

  const ports = () => thingd.endpoints;
  const transports: readonly (readonly [string, () => string, () => IClientOptions])[] = [
    ['TCP', () => `mqtt://localhost:${ports().mqtt.port}`, () => ({})],
    ['TLS', () => `mqtts://localhost:${ports().mqtts.port}`, () => tlsFiles(device)],
    [
      'TLS on the HTTPS port with ALPN x-amzn-mqtt-ca',
      () => `mqtts://localhost:${ports().https.port}`,
      () => ({ ...tlsFiles(device), ALPNProtocols: ['x-amzn-mqtt-ca'] }),
    ],
    [
      'TLS on the HTTPS port with ALPN mqtt',
      () => `mqtts://localhost:${ports().https.port}`,
      () => ({ ...tlsFiles(device), ALPNProtocols: ['mqtt'] }),
    ],
    ['WebSocket', () => `ws://localhost:${ports().http.port}/mqtt`, () => ({})],
    [
      'WebSocket over TLS with a client certificate',
      () => `wss://localhost:${ports().https.port}/mqtt`,
      () => tlsFiles(device),
    ],
  ];

  for (const protocolVersion of [4, 5] as const) {
    test.each(transports)(
      `publishes to itself, protocol level ${protocolVersion}, over %s`,
      async (_name, url, options) => {
        const meter = await client(url(), { ...options(), protocolVersion, clientId: 'meter' });
        await meter.subscribeAsync('meter/+', { qos: 1 });
        const arrived = nextEvent(meter, 'message');
        await meter.publishAsync('meter/data', '17 kWh', { qos: 1 });
        const [topic, payload] = await arrived;
        expect(`${topic} ${payload}`).toBe('meter/data 17 kWh');
      },
    );
  }

  test('gets a large message through split WebSocket frames', async () => {
    const meter = await client(`ws://localhost:${ports().http.port}/mqtt`, { clientId: 'large' });
    await meter.subscribeAsync('large', { qos: 1 });
    const arrived = nextEvent(meter, 'message');
    await meter.publishAsync('large', Buffer.alloc(128 * 1024, 'x'), { qos: 1 });
    const [, payload] = await arrived;
    expect(payload.equals(Buffer.alloc(128 * 1024, 'x'))).toBe(true);
  });

  test('newcomer with the same client id takes over, MQTT 5 is told so', async () => {
    const url = `mqtt://localhost:${ports().mqtt.port}`;
    const first = await client(url, { clientId: 'twin', protocolVersion: 5 });
    const told = nextEvent(first, 'disconnect');
    const closed = nextEvent(first, 'close');
    await client(url, { clientId: 'twin', protocolVersion: 5 });
    expect((await told)[0].reasonCode).toBe(0x8e);
    await closed;
  });

  test('a retained message waits for its subscriber', async () => {
    const url = `mqtt://localhost:${ports().mqtt.port}`;
    const writer = await client(url, { clientId: 'writer' });
    await writer.publishAsync('lamp/state', 'on', { qos: 1, retain: true });
    const reader = await client(url, { clientId: 'reader' });
    const arrived = nextEvent(reader, 'message');
    await reader.subscribeAsync('lamp/state', { qos: 1 });
    const [topic, payload, packet] = await arrived;
    expect({ topic, payload: String(payload), retain: packet.retain }).toEqual({
      topic: 'lamp/state',
      payload: 'on',
      retain: true,
    });
  });

  test('the server answers the ALPN protocol it was offered', async () => {
    for (const protocol of ['x-amzn-mqtt-ca', 'mqtt', 'x-amzn-http-ca', 'http/1.1']) {
      const socket = connectTls({
        host: 'localhost',
        port: ports().https.port,
        servername: 'localhost',
        ALPNProtocols: [protocol],
        ...tlsFiles(device),
      });
      await nextEvent(socket, 'secureConnect');
      expect(socket.alpnProtocol).toBe(protocol);
      socket.destroy();
    }
  });

  test('SDK v2 clients offer x-amzn-mqtt-ca on the MQTT port too', async () => {
    const socket = connectTls({
      host: 'localhost',
      port: ports().mqtts.port,
      servername: 'localhost',
      ALPNProtocols: ['x-amzn-mqtt-ca'],
      ...tlsFiles(device),
    });
    await nextEvent(socket, 'secureConnect');
    expect(socket.alpnProtocol).toBe('x-amzn-mqtt-ca');
    const raw = new RawClient(socket);
    raw.send(connectPacket('meter'));
    expect((await raw.next('connack')).body).toEqual(Buffer.from([0, 0]));
  });

  test('HTTPS publish with ALPN x-amzn-http-ca reaches MQTT subscribers', async () => {
    const reader = await client(`mqtts://localhost:${ports().mqtts.port}`, { ...tlsFiles(device), clientId: 'meter' });
    await reader.subscribeAsync('meter/http', { qos: 1 });
    const arrived = nextEvent(reader, 'message');
    const options: RequestOptions & ConnectionOptions = {
      host: 'localhost',
      port: ports().https.port,
      method: 'POST',
      path: '/topics/meter/http?qos=1',
      ALPNProtocols: ['x-amzn-http-ca'],
      ...tlsFiles(device),
    };
    const sent = request(options);
    const answered = nextEvent(sent, 'response');
    sent.end('by HTTPS');
    const [response] = await answered;
    response.resume();
    expect(response.statusCode).toBe(200);
    const [, payload] = await arrived;
    expect(String(payload)).toBe('by HTTPS');
  });
});
