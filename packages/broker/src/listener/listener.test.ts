import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Broker } from '../broker.ts';
import { encodePacket } from '../codec/encode.ts';
import type { Origin } from '../connection/authenticator.ts';
import { profiles } from '../profile.ts';
import { MemoryStore } from '../session/memory-store.ts';
import { connect, publish, startBroker, staying, type TestBroker, TestClient } from './client.testing.ts';
import type { Listener } from './listener.ts';
import { listenTcp } from './tcp.ts';
import { listenTls } from './tls.ts';
import { webSocketUpgrade } from './websocket.ts';

const cleanups: (() => unknown)[] = [];
const cleanup = <T>(value: T, undo: (value: T) => unknown): T => {
  cleanups.push(() => undo(value));
  return value;
};
afterEach(async () => {
  for (const undo of cleanups.splice(0).reverse()) await undo();
});

const origins: Origin[] = [];
async function start(limits: Parameters<typeof startBroker>[0] = {}): Promise<TestBroker> {
  origins.length = 0;
  const started = await startBroker(limits);
  const { authenticate } = started.broker.authenticator;
  started.broker.authenticator.authenticate = (packet, origin) => {
    origins.push(origin);
    return authenticate(packet, origin);
  };
  return cleanup(started, ({ broker }) => broker.close());
}
const tcp = async (broker: Broker): Promise<Listener> =>
  cleanup(await listenTcp(broker, { host: '127.0.0.1', port: 0 }), listener => listener.close());
const client = async (url: string, options: IClientOptions = {}): Promise<MqttClient> =>
  cleanup(await connectAsync(url, { reconnectPeriod: 0, ...options }), one => one.endAsync(true));
const nextMessage = (one: MqttClient): Promise<string> =>
  new Promise(resolve => one.once('message', (topic, payload) => resolve(`${topic} ${payload}`)));

/** Exchanges a small and a large message between two clients made by `join`. */
async function exchanges(join: () => Promise<MqttClient>): Promise<void> {
  const [sender, receiver] = [await join(), await join()];
  await receiver.subscribeAsync('t/#', { qos: 2 });
  for (const payload of ['small', 'x'.repeat(300_000)]) {
    const message = nextMessage(receiver);
    await sender.publishAsync('t/1', payload, { qos: 2 });
    expect(await message).toBe(`t/1 ${payload}`);
  }
}

describe('TCP', () => {
  test('carries MQTT for a client others wrote, and knows where it came from', async () => {
    const { broker } = await start();
    const { address } = await tcp(broker);
    await exchanges(() => client(`mqtt://127.0.0.1:${address.port}`));
    expect(origins[0]).toMatchObject({ listener: 'mqtt', remoteAddress: '127.0.0.1', secure: false });
    expect(origins[0]!.remotePort).toBeGreaterThan(0);
  });

  test('a peer that closes its side behind a publish is still told that it is kept', async () => {
    const disk = Promise.withResolvers<void>();
    const store = new MemoryStore();
    store.write = () => disk.promise;
    const { broker, log } = await start({ store });
    TestClient.connect({ broker }, 'durable', staying[4]).client.subscribe('t');
    const { address } = await tcp(broker);
    const socket = cleanup(connectTcp(address.port, '127.0.0.1'), one => one.destroy());
    const answers: Buffer[] = [];
    socket.on('data', chunk => answers.push(chunk));
    const packets = [connect('a', { protocolVersion: 4 }), publish('t', 'x', { qos: 1, packetId: 7 })];
    socket.end(Buffer.concat(packets.map(packet => encodePacket(packet, 4))));
    await expect.poll(() => log.at(-1)).toBe('disconnected a CONNECTION_LOST');
    disk.resolve();
    await once(socket, 'close');
    expect(Buffer.concat(answers).toString('hex')).toBe('20020000' + '40020007');
  });

  test('a closing broker says goodbye before it closes the socket', async () => {
    const { broker } = await start();
    const { address } = await tcp(broker);
    const one = await client(`mqtt://127.0.0.1:${address.port}`, { protocolVersion: 5 });
    const goodbye = new Promise(resolve => one.once('disconnect', resolve));
    await broker.close();
    expect(await goodbye).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8b });
  });

  test('a subscriber that stops reading costs bounded memory and nobody else a message', async () => {
    const started = await start({ limits: { maxOutputBytes: 256 * 1024, maxQueuedMessages: 100 } });
    const { address } = await tcp(started.broker);
    const stuck = cleanup(connectTcp(address.port, '127.0.0.1'), socket => socket.destroy());
    stuck.write(encodePacket(connect('stuck', { protocolVersion: 4 }), 4));
    stuck.write(Buffer.from('820800010003742f2301', 'hex'));
    await once(stuck, 'readable');
    stuck.pause();
    const receiver = await client(`mqtt://127.0.0.1:${address.port}`);
    let received = 0;
    receiver.on('message', () => {
      received += 1;
    });
    await receiver.subscribeAsync('t/#', { qos: 1 });
    const sender = await client(`mqtt://127.0.0.1:${address.port}`);
    const payload = Buffer.alloc(8 * 1024);
    for (let i = 0; i < 40; i++) {
      await Promise.all(Array.from({ length: 50 }, () => sender.publishAsync('t/1', payload, { qos: 1 })));
    }
    await expect.poll(() => received).toBe(2000);
    const session = started.broker.realm('test').session('stuck')!;
    expect(session.queuedMessages).toBeLessThanOrEqual(100);
    expect(started.broker.metrics.messagesDropped).toBeGreaterThan(0);
    // It reads again: what was queued arrives, in order, and it is a subscriber like any other.
    let bytes = 0;
    stuck.on('data', chunk => {
      bytes += chunk.length;
    });
    stuck.resume();
    await expect.poll(() => bytes).toBeGreaterThan(64 * 1024);
  });

  test('thousands of connections that say nothing do not keep a client out', async () => {
    const { broker } = await start({ limits: { maxPendingConnections: 50 } });
    const { address } = await tcp(broker);
    const silent = Array.from({ length: 300 }, () => connectTcp(address.port, '127.0.0.1').on('error', () => {}));
    cleanup(silent, sockets => {
      for (const socket of sockets) socket.destroy();
    });
    await Promise.all(silent.map(socket => once(socket, 'connect')));
    await exchanges(() => client(`mqtt://127.0.0.1:${address.port}`));
    expect(broker.metrics.pendingConnections).toBeLessThanOrEqual(50);
  });
});

describe('TLS', () => {
  let folder: string;
  const file = (name: string): Buffer => readFileSync(join(folder, name));
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'thingd-tls-'));
    for (const name of ['server', 'client']) {
      const subject = ['-subj', `/CN=${name === 'server' ? 'localhost' : 'device'}`, '-days', '1'];
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`];
      execFileSync('openssl', ['req', '-x509', ...key, '-out', `${name}.pem`, ...subject], {
        cwd: folder,
        stdio: 'ignore',
      });
    }
    return () => rmSync(folder, { recursive: true });
  });

  test('hands the client certificate, SNI and ALPN to the authenticator', async () => {
    const { broker } = await start();
    const listener = cleanup(
      await listenTls(broker, {
        host: '127.0.0.1',
        port: 0,
        tls: {
          key: file('server.key'),
          cert: file('server.pem'),
          requestCert: true,
          rejectUnauthorized: false,
          ALPNProtocols: ['x-amzn-mqtt-ca'],
        },
      }),
      one => one.close(),
    );
    await exchanges(() =>
      client(`mqtts://localhost:${listener.address.port}`, {
        ca: file('server.pem'),
        key: file('client.key'),
        cert: file('client.pem'),
        ALPNProtocols: ['x-amzn-mqtt-ca'],
        servername: 'localhost',
      } as IClientOptions),
    );
    expect(origins[0]).toMatchObject({
      listener: 'mqtts',
      secure: true,
      serverName: 'localhost',
      alpnProtocol: 'x-amzn-mqtt-ca',
    });
    expect(origins[0]!.peerCertificate!.subarray(0, 2).toString('hex')).toBe('3082');
  });

  test('`verify` closes a connection before any MQTT', async () => {
    const started = await start();
    const seen: (Buffer | undefined)[] = [];
    const listener = cleanup(
      await listenTls(started.broker, {
        host: '127.0.0.1',
        port: 0,
        tls: { key: file('server.key'), cert: file('server.pem'), requestCert: true, rejectUnauthorized: false },
        verify: async certificate => {
          seen.push(certificate);
          return certificate !== undefined;
        },
      }),
      one => one.close(),
    );
    const tls = { port: listener.address.port, host: '127.0.0.1', rejectUnauthorized: false };
    const bare: TLSSocket = connectTls(tls).on('error', () => {});
    bare.write(encodePacket(connect('a'), 5));
    await once(bare.resume(), 'close');
    const options = { rejectUnauthorized: false, key: file('client.key'), cert: file('client.pem') };
    await client(`mqtts://127.0.0.1:${listener.address.port}`, options);
    expect(seen.map(certificate => certificate?.length)).toEqual([undefined, expect.any(Number)]);
    expect(started.log.filter(line => line.startsWith('connected'))).toHaveLength(1);
  });

  test('half-open handshakes and plain bytes harm nobody', async () => {
    const { broker } = await start();
    const listener = cleanup(
      await listenTls(broker, {
        host: '127.0.0.1',
        port: 0,
        tls: { key: file('server.key'), cert: file('server.pem') },
      }),
      one => one.close(),
    );
    const half = cleanup(connectTcp(listener.address.port, '127.0.0.1'), socket => socket.destroy());
    half.write(Buffer.from('16030100', 'hex'));
    const plain: Socket = connectTcp(listener.address.port, '127.0.0.1').on('error', () => {});
    plain.write(encodePacket(connect('a'), 5));
    await once(plain.resume(), 'close');
    await exchanges(() => client(`mqtts://127.0.0.1:${listener.address.port}`, { rejectUnauthorized: false }));
  });
});

describe('WebSocket', () => {
  const serve = async (broker: Broker, identity?: unknown): Promise<number> => {
    const upgrade = webSocketUpgrade(broker);
    const server = createServer().on('upgrade', (request, socket, head) => upgrade(request, socket, head, identity));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    cleanup(server, one => one.close());
    return (server.address() as AddressInfo).port;
  };

  test('carries MQTT, and what the upgrade established reaches the authenticator', async () => {
    const { broker } = await start();
    const port = await serve(broker, { accessKey: 'AKIA' });
    await exchanges(() => client(`ws://127.0.0.1:${port}/mqtt`));
    expect(origins[0]).toMatchObject({ listener: 'ws', identity: { accessKey: 'AKIA' }, secure: false });
  });

  test('packets may be split and joined across frames at will [MQTT-6.0.0-2]', async () => {
    const { broker } = await start();
    const socket = new WebSocket(`ws://127.0.0.1:${await serve(broker)}`, 'mqtt');
    cleanup(socket, one => one.terminate());
    await once(socket, 'open');
    const bytes = Buffer.concat([encodePacket(connect('a'), 5), Buffer.from('c000c000', 'hex')]);
    const answers: Buffer[] = [];
    socket.on('message', data => answers.push(data as Buffer));
    socket.send(bytes.subarray(0, 3));
    for (const byte of bytes.subarray(3, 10)) socket.send(Buffer.from([byte]));
    socket.send(bytes.subarray(10));
    await expect.poll(() => Buffer.concat(answers).toString('hex')).toMatch(/^20.*d000d000$/);
    expect(socket.protocol).toBe('mqtt');
  });

  test('a message that is not whole before it is longer than a CONNECT may be is cut off', async () => {
    const { broker, log } = await start({ limits: { maxConnectBytes: 10_000 } });
    const socket = new WebSocket(`ws://127.0.0.1:${await serve(broker)}`, 'mqtt').on('error', () => {});
    await once(socket, 'open');
    for (let i = 0; i < 20; i++) socket.send(Buffer.alloc(1000, 0x10), { fin: false });
    await once(socket, 'close');
    expect(log).toEqual(['connectFailed undefined: the CONNECT is too large']);
  });

  test.each([
    { profile: profiles.open, leave: 'close', reason: 'CONNECTION_LOST', wills: ['will gone'] },
    { profile: profiles.aws, leave: 'close', reason: 'CLIENT_INITIATED_DISCONNECT', wills: [] },
    { profile: profiles.aws, leave: 'terminate', reason: 'CONNECTION_LOST', wills: ['will gone'] },
  ] as const)(
    'leaving by $leave means $reason to the $profile.name profile',
    async ({ profile, leave, reason, wills }) => {
      const started = await start({ profile });
      const { client: witness } = TestClient.connect(started, 'witness');
      witness.subscribe('will');
      const socket = new WebSocket(`ws://127.0.0.1:${await serve(started.broker)}`, 'mqtt');
      await once(socket, 'open');
      const will = {
        topic: 'will',
        payload: Buffer.from('gone'),
        qos: 0,
        retain: false,
        properties: undefined,
      } as const;
      socket.send(encodePacket(connect('a', { will }), 5));
      await once(socket, 'message');
      socket[leave]();
      await expect.poll(() => started.log).toContain(`disconnected a ${reason}`);
      expect(witness.messages()).toEqual(wills);
    },
  );

  test('a text frame closes the connection [MQTT-6.0.0-1]; another subprotocol is not upgraded', async () => {
    const { broker } = await start();
    const port = await serve(broker);
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'mqtt');
    await once(socket, 'open');
    socket.send('hello');
    expect((await once(socket, 'close'))[0]).toBe(1003);
    for (const protocols of [[], ['chat']]) {
      const other = new WebSocket(`ws://127.0.0.1:${port}`, protocols);
      const [error] = await once(other, 'error');
      expect(String(error)).toContain('400');
    }
  });
});

test('an address already in use is the caller’s to hear of', async () => {
  const { broker } = await start();
  const { address } = await tcp(broker);
  await expect(listenTcp(broker, { host: '127.0.0.1', port: address.port })).rejects.toThrow('EADDRINUSE');
});
