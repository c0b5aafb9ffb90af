/** Whatever a peer sends, it gets a clear answer and nobody else notices: a well-behaved pair exchanges messages throughout. */
import { randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDevice, type Device } from './harness/device.ts';
import { nextEvent } from './harness/event.ts';
import { eventually, withDeadline } from './harness/eventually.ts';
import { malformed } from './harness/malformed.ts';
import { connect, pingreq, publish, readPublish, subscribe } from './harness/packets.ts';
import { openMqtt, openTcp, type RawClient } from './harness/raw-client.ts';
import { openFileLimit, startThingd, type Thingd } from './harness/thingd.ts';
import { startWitness, type Witness } from './harness/witness.ts';

const MiB = 1024 * 1024;

let thingd: Thingd;
let device: Device;
let witness: Witness;
/** Opened at the start and left alone, to see at the end that the server gave them up. */
const stalled: { readonly what: string; readonly closed: Promise<unknown> }[] = [];

/** The first bytes of a TLS 1.2 ClientHello record that announces 512 bytes and never sends them. */
const halfClientHello = Buffer.from('160301020001', 'hex');
const slowHeader = 'GET /things HTTP/1.1\r\nHost: localhost\r\nX-Slow: ';

beforeAll(async () => {
  thingd = await startThingd({ command: 'dev', args: ['--limits', 'open'] });
  device = await createDevice(thingd, 'witness');
  witness = await startWitness(thingd, device);
  for (const port of [thingd.endpoints.mqtts.port, thingd.endpoints.https.port]) {
    stalled.push(await stall(`half a ClientHello on ${port}`, port, halfClientHello));
  }
  stalled.push(await stall('an MQTT connection that says nothing', thingd.endpoints.mqtt.port));
  stalled.push(await stall('half a CONNECT', thingd.endpoints.mqtt.port, connect('half').subarray(0, 9)));
});

afterEach(async () => {
  expect(thingd.child.running).toBe(true);
  await witness.unharmed(2_000);
});

afterAll(() => witness?.stop());

async function socketTo(port: number): Promise<Socket> {
  const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true });
  await nextEvent(socket, 'connect');
  socket.on('error', () => {}); // a reset is one way of being closed
  return socket;
}

async function stall(what: string, port: number, bytes?: Buffer) {
  const socket = await socketTo(port);
  if (bytes) socket.write(bytes);
  socket.resume();
  return { what, closed: new Promise(resolve => socket.once('close', resolve)) };
}

describe('a malformed packet', () => {
  for (const { title, version, connected, bytes, reasonCode, clause } of malformed) {
    const level = version === 5 ? 'MQTT 5' : 'MQTT 3.1.1';
    test(`closes the connection, ${level}: ${title} [${clause}]`, async () => {
      const port = thingd.endpoints.mqtt.port;
      const client = connected ? await openMqtt(port, 'malformed', { version }) : await openTcp(port);
      client.send(bytes);
      await client.cutOff();
      const last = client.received.at(-1);
      if (reasonCode === undefined) {
        expect(last).toBeUndefined();
      } else if (connected) {
        expect(last, 'a DISCONNECT').toMatchObject({ type: 'disconnect' });
        expect(last!.body[0]).toBe(reasonCode);
      } else {
        expect(last, 'a CONNACK').toMatchObject({ type: 'connack' });
        expect(last!.body[1]).toBe(reasonCode);
      }
    });
  }

  test('cut into single bytes is malformed all the same, and a good one is good', async () => {
    const good = await openTcp(thingd.endpoints.mqtt.port);
    for (const byte of connect('slow-typist')) good.send(Buffer.from([byte]));
    await good.next('connack');
    for (const byte of publish('a/+', 'x')) good.send(Buffer.from([byte]));
    await good.cutOff();
  });
});

describe('too much', () => {
  test('announced is refused before it is sent, and costs no memory', async () => {
    const before = await thingd.residentMemory();
    const clients = await Promise.all(
      Array.from({ length: 50 }, (_, number) => openMqtt(thingd.endpoints.mqtt.port, `huge-${number}`, { version: 5 })),
    );
    // PUBLISH, remaining length 268,435,455: the largest the format allows.
    for (const client of clients) client.send(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(1000));
    for (const client of clients) {
      const answer = await client.next('disconnect');
      expect(answer.body[0]).toBe(0x95);
      await client.cutOff();
    }
    expect((await thingd.residentMemory()) - before).toBeLessThan(100 * MiB);
  });

  test('but within the limit is taken from an HTTP body', async () => {
    const { status } = await fetch(`${thingd.endpoints.http.url}/topics/large`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.alloc(2 * MiB, 'x'),
    });
    expect(status).toBe(200);
  });

  test('in an HTTP body is answered 413', async () => {
    const response = await fetch(`${thingd.endpoints.http.url}/policies/huge`, {
      method: 'POST',
      headers: { authorization: authorization(), 'content-type': 'application/json' },
      body: Buffer.alloc(16 * MiB + 1, ' '),
    }).catch(error => error as Error);
    // A server may close while the body is still being written; fetch reports that as an error.
    if (!(response instanceof Error)) expect(response.status).toBe(413);
  });
});

/** `dev` takes any credentials; this is only their form. */
const authorization = (): string =>
  'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iot/aws4_request, SignedHeaders=host;x-amz-date, Signature=00';

describe('garbage', () => {
  const garbage: readonly (readonly [string, Buffer])[] = [
    ['random bytes', randomBytes(4096)],
    ['zeros', Buffer.alloc(4096)],
    ['an HTTP request', Buffer.from('GET / HTTP/1.0\r\n\r\n')],
    ['a CONNECT packet', connect('lost')],
    [
      'a TLS ClientHello with a broken body',
      Buffer.concat([Buffer.from('16030100401000003c', 'hex'), randomBytes(60)]),
    ],
    ['an SSH greeting', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')],
    ['a PROXY protocol header', Buffer.from('PROXY TCP4 10.0.0.1 10.0.0.2 1000 2000\r\n')],
  ];
  const ports = ['mqtt', 'mqtts', 'http', 'https'] as const;

  test.each(garbage)('%s on every port leaves every port working', async (_title, bytes) => {
    await Promise.all(
      ports.map(async name => {
        const socket = await socketTo(thingd.endpoints[name].port);
        socket.resume();
        socket.end(bytes);
        await withDeadline(`${name} closes`, new Promise(resolve => socket.once('close', resolve)), 15_000);
      }),
    );
    expect((await fetch(`${thingd.endpoints.http.url}/healthz`)).status).toBe(200);
    const client = await openMqtt(thingd.endpoints.mqtt.port, 'still-welcome');
    client.send(pingreq());
    await client.next('pingresp');
    client.destroy();
  });

  test('in a WebSocket closes that WebSocket alone', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${thingd.endpoints.http.port}/mqtt`, 'mqtt');
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const closed = new Promise(resolve => {
      socket.onclose = resolve;
    });
    socket.send('text where MQTT is binary');
    await withDeadline('the WebSocket is closed', closed);
  });
});

describe('the wrong order', () => {
  test('a second CONNECT closes the connection and leaves the namesake alone', async () => {
    const other = await openMqtt(thingd.endpoints.mqtt.port, 'namesake');
    const client = await openMqtt(thingd.endpoints.mqtt.port, 'impatient');
    client.send(connect('namesake'));
    await client.cutOff();
    other.send(pingreq());
    await other.next('pingresp');
    other.destroy();
  });

  test('packets sent behind CONNECT without waiting are handled in order', async () => {
    const client = await openTcp(thingd.endpoints.mqtt.port);
    client.send(
      connect('eager'),
      subscribe(1, ['eager'], 1),
      publish('eager', 'early', { qos: 1, packetId: 2 }),
      pingreq(),
    );
    await client.next('connack');
    await client.next('suback');
    const rest = [await client.any(), await client.any(), await client.any()];
    expect(rest.map(packet => packet.type).sort()).toEqual(['pingresp', 'puback', 'publish']);
    client.destroy();
  });
});

describe('a crowd', () => {
  test('of connections that never send CONNECT does not keep others out', { timeout: 90_000 }, async () => {
    // Both sides hold a descriptor a connection; where `ulimit -n` does not allow 10,000 the crowd is smaller.
    const size = Math.min(10_000, openFileLimit() - 1_000);
    const before = await thingd.residentMemory();
    const sockets: Socket[] = [];
    while (sockets.length < size) {
      const batch = Array.from({ length: Math.min(500, size - sockets.length) }, () =>
        socketTo(thingd.endpoints.mqtt.port),
      );
      sockets.push(...(await Promise.all(batch)));
    }
    const [publisher, subscriber] = await Promise.all([
      openMqtt(thingd.endpoints.mqtt.port, 'in-the-crowd-1'),
      openMqtt(thingd.endpoints.mqtt.port, 'in-the-crowd-2'),
    ]);
    subscriber.send(subscribe(1, ['crowd'], 1));
    await subscriber.next('suback');
    publisher.send(publish('crowd', 'heard', { qos: 1 }));
    await publisher.next('puback');
    expect(readPublish(await subscriber.next('publish'), 4).payload).toBe('heard');
    expect((await thingd.residentMemory()) - before).toBeLessThan(300 * MiB);
    for (const socket of sockets) socket.destroy();
    publisher.destroy();
    subscriber.destroy();
  });

  test('of half-open TLS connections does not keep others out', { timeout: 60_000 }, async () => {
    const sockets = await Promise.all(
      Array.from({ length: 500 }, async () => {
        const socket = await socketTo(thingd.endpoints.mqtts.port);
        socket.write(halfClientHello);
        return socket;
      }),
    );
    await witness.unharmed(2_000);
    expect((await fetch(`${thingd.endpoints.http.url}/healthz`)).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  test('of HTTP clients that send a byte at a time does not keep others out', { timeout: 60_000 }, async () => {
    const sockets = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const socket = await socketTo(thingd.endpoints.http.port);
        socket.write(slowHeader);
        return socket;
      }),
    );
    const drip = setInterval(() => {
      for (const socket of sockets) if (!socket.destroyed) socket.write('x');
    }, 100);
    try {
      for (let round = 0; round < 20; round += 1) {
        const response = await fetch(`${thingd.endpoints.http.url}/healthz`, { signal: AbortSignal.timeout(2_000) });
        expect(response.status).toBe(200);
        await response.arrayBuffer();
      }
      await witness.unharmed(2_000);
    } finally {
      clearInterval(drip);
      for (const socket of sockets) socket.destroy();
    }
  });
});

describe('a subscriber that stops reading', () => {
  for (const qos of [0, 1] as const) {
    test(`costs its own messages, not memory nor other subscribers, QoS ${qos}`, { timeout: 120_000 }, async () => {
      const port = thingd.endpoints.mqtt.port;
      const deaf = await openMqtt(port, `deaf-${qos}`);
      deaf.send(subscribe(1, ['flood'], qos));
      await deaf.next('suback');
      deaf.socket.pause();
      const listener = await openMqtt(port, `listener-${qos}`);
      listener.send(subscribe(1, ['flood'], qos));
      await listener.next('suback');
      const before = await thingd.residentMemory();

      // 400 MiB in all, four times the memory the server may take.
      const payload = Buffer.alloc(64 * 1024, 'x');
      const count = 6_400;
      const window = 20;
      const publisher = await openMqtt(port, `flooder-${qos}`);
      let highest = 0;
      for (let sent = 0; sent < count; ) {
        for (let number = 0; number < window; number += 1, sent += 1) {
          publisher.send(publish('flood', payload, { qos, packetId: (sent % 65_535) + 1 }));
        }
        await settle(publisher, listener, qos, window);
        if (sent % 400 === 0) highest = Math.max(highest, await thingd.residentMemory());
      }
      expect(highest - before).toBeLessThan(160 * MiB);
      await witness.unharmed(2_000);
      deaf.destroy();
      listener.destroy();
      publisher.destroy();
    });
  }

  /** The flooder has its acknowledgements and the listener its messages: the pace is the healthy subscriber's own. */
  async function settle(publisher: RawClient, listener: RawClient, qos: 0 | 1, count: number): Promise<void> {
    for (let number = 0; number < count; number += 1) {
      if (qos === 1) await publisher.next('puback', 10_000);
      const message = await listener.next('publish', 10_000);
      if (qos === 1) listener.send(Buffer.from([0x40, 2, ...message.body.subarray(7, 9)]));
    }
  }
});

describe('what stalled at the start', () => {
  test('has been given up by the server', { timeout: 60_000 }, async () => {
    for (const { what, closed } of stalled) await withDeadline(`${what} is closed`, closed, 40_000);
    await eventually('the pair is well', () => witness.unharmed(2_000));
  });
});
