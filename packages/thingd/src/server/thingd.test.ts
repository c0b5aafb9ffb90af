import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  IoTClient,
} from '@aws-sdk/client-iot';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CallRefused, call } from '../cli/call.ts';
import { exportLines } from '../cli/env.ts';
import { formatExplanation } from '../cli/explain.ts';
import { readInstallation } from '../cli/installation.ts';
import { ConfigurationError, type RunningThingd, startThingd } from '../index.ts';
import type { AccessKeyEntry, CreatedAccessKey } from './account-keys.ts';
import type { ExplainAnswer } from './explain.ts';

/** CONNECT of MQTT 3.1.1, client id `t`, clean session, keep-alive 60. */
const connectPacket = Buffer.from('100d00044d5154540402003c000174', 'hex');
/** CONNACK, accepted. */
const connack = '20020000';

const directories: string[] = [];

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'thingd-test-'));
  directories.push(directory);
  return directory;
}

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

const portOf = (url: string | undefined): number => Number(new URL(url ?? '').port);

/** What comes back for some bytes over TLS; empty if the connection is closed without an answer. */
function exchange(options: ConnectionOptions, bytes: Buffer | string): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const socket = connectTls({ host: 'localhost', ...options }, () => socket.write(bytes));
  socket.once('data', data => {
    resolve(data);
    socket.destroy();
  });
  socket.on('error', () => {});
  socket.once('close', () => resolve(Buffer.alloc(0)));
  return promise;
}

interface Device {
  readonly key: string;
  readonly cert: string;
  readonly certificateId: string;
  readonly certificateArn: string;
}

const iotClient = ({ endpoints, credentials }: RunningThingd): IoTClient =>
  new IoTClient({ endpoint: endpoints.http ?? '', region: credentials.region, credentials, maxAttempts: 1 });

async function createDevice(thingd: RunningThingd, policyName: string, action: string): Promise<Device> {
  const iot = iotClient(thingd);
  const made = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
  const { certificateArn = '', certificateId = '', certificatePem = '', keyPair } = made;
  const statement = { Effect: 'Allow', Action: action, Resource: '*' };
  const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statement });
  await iot.send(new CreatePolicyCommand({ policyName, policyDocument }));
  await iot.send(new AttachPolicyCommand({ policyName, target: certificateArn }));
  return { key: keyPair?.PrivateKey ?? '', cert: certificatePem, certificateId, certificateArn };
}

describe('a running thingd', () => {
  let thingd: RunningThingd;
  let device: Device;
  let stranger: Device;

  beforeAll(async () => {
    thingd = await startThingd({ mode: 'start', options: { dataDir: newDirectory() } });
    device = await createDevice(thingd, 'connect', 'iot:Connect');
    const other = await startThingd();
    stranger = await createDevice(other, 'connect', 'iot:Connect');
    await other.close();
  });

  afterAll(() => thingd.close());

  const secure = (port: number, client?: Device, ALPNProtocols?: string[]): ConnectionOptions => ({
    port,
    ca: thingd.rootCertificate,
    ...(client && { key: client.key, cert: client.cert }),
    ...(ALPNProtocols && { ALPNProtocols }),
  });

  test.each<['mqtts' | 'https', string[] | undefined]>([
    ['mqtts', undefined],
    ['mqtts', ['x-amzn-mqtt-ca']],
    ['mqtts', ['mqtt']],
    ['https', undefined],
    ['https', ['x-amzn-mqtt-ca']],
    ['https', ['mqtt']],
    ['https', ['h2', 'x-amzn-mqtt-ca']],
  ])('speaks MQTT with a device on --%s, ALPN %j', async (listener, alpn) => {
    const port = portOf(thingd.endpoints[listener]);
    const answer = await exchange(secure(port, device, alpn), connectPacket);
    expect(answer.toString('hex')).toBe(connack);
  });

  test.each([[undefined], [['http/1.1']], [['h2', 'http/1.1']], [['x-amzn-http-ca']]])(
    'speaks HTTP on --https, ALPN %j',
    async alpn => {
      const get = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';
      const answer = await exchange(secure(portOf(thingd.endpoints.https), undefined, alpn), get);
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    },
  );

  test.each(['mqtts', 'https'] as const)(
    'closes MQTT on --%s without an answer where the certificate is missing or unknown',
    async listener => {
      const port = portOf(thingd.endpoints[listener]);
      expect(await exchange(secure(port, undefined, ['mqtt']), connectPacket)).toHaveLength(0);
      expect(await exchange(secure(port, stranger, ['mqtt']), connectPacket)).toHaveLength(0);
    },
  );

  test('refuses everyone on the plain port of `start`', async () => {
    const socket = connectTcp(portOf(thingd.endpoints.mqtt), '127.0.0.1');
    socket.write(connectPacket);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString('hex')).not.toBe(connack);
    socket.destroy();
  });

  test('refuses a WebSocket that is not signed, and knows no other path', async () => {
    const upgrade = async (path: string): Promise<string> => {
      const socket = connectTcp(portOf(thingd.endpoints.http), '127.0.0.1');
      const key =
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: mqtt';
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      return answer.toString().split('\r\n')[0] ?? '';
    };
    expect(await upgrade('/mqtt')).toBe('HTTP/1.1 403 Forbidden');
    expect(await upgrade('/elsewhere')).toBe('HTTP/1.1 404 Not Found');
  });

  test('takes a WebSocket over TLS by its client certificate', async () => {
    const { wss = '' } = thingd.endpoints;
    const options = { ca: thingd.rootCertificate, key: device.key, cert: device.cert, reconnectPeriod: 0 };
    const client = await mqtt.connectAsync(wss.replace('127.0.0.1', 'localhost'), options);
    await client.endAsync();
  });

  test('shows metrics on --http alone', async () => {
    const metrics = await (await fetch(`${thingd.endpoints.http}/metrics`)).text();
    expect(metrics).toMatch(/^thingd_connections 0$/m);
    expect(metrics).toMatch(/^thingd_denied_total\{action="publish"\} \d+$/m);
    expect(metrics).toMatch(/^thingd_store_commit_seconds_count [1-9]/m);
    expect(metrics).toMatch(/^thingd_http_answer_seconds_count [1-9]/m);
    expect(metrics).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    request(`${thingd.endpoints.https}/metrics`, { ca: thingd.rootCertificate }, ({ statusCode }) =>
      resolve(statusCode),
    ).end();
    expect(await promise).toBe(404);
  });

  describe('its own API', () => {
    const installation = () => readInstallation(thingd.directory)!;

    test('explains a decision as the device would meet it', async () => {
      const { certificateArn: certificate } = device;
      const ask = (input: object) => call<ExplainAnswer>(installation(), 'POST', '/thingd/v1/explain', input);
      const connect = await ask({ certificate, clientId: 'lamp', action: 'connect' });
      expect(connect).toMatchObject({ allowed: true, policies: ['connect'], certificateStatus: 'ACTIVE' });
      const publish = await ask({ certificate, clientId: 'lamp', action: 'publish', topic: 'a', retain: true });
      expect(publish.decisions.map(({ action, decision }) => [action, decision])).toEqual([
        ['iot:Publish', 'implicitDeny'],
        ['iot:RetainPublish', 'implicitDeny'],
      ]);
      expect(formatExplanation(publish)).toContain('connect, statement 0: it is for `iot:Connect`');
      await expect(ask({ certificate, action: 'publish' })).rejects.toThrow('a certificate and a topic are needed');
      await expect(ask({ certificate: 'f'.repeat(64), action: 'publish', topic: 'a' })).rejects.toThrow(
        'does not exist',
      );
    });

    test('makes, lists and takes back access keys; one made so is no administrator', async () => {
      const created = await call<CreatedAccessKey>(installation(), 'POST', '/thingd/v1/access-keys', {});
      const list = () => call<{ accessKeys: AccessKeyEntry[] }>(installation(), 'GET', '/thingd/v1/access-keys');
      const { accessKeys } = await list();
      expect(accessKeys.map(({ accessKeyId }) => accessKeyId)).toContain(created.accessKeyId);
      expect(JSON.stringify(accessKeys)).not.toContain(created.secretAccessKey);
      const as = { ...installation(), credentials: { ...thingd.credentials, ...created } };
      await expect(call(as, 'GET', '/thingd/v1/access-keys')).rejects.toThrow('not authorized to perform thingd:List');
      await call(installation(), 'DELETE', `/thingd/v1/access-keys/${created.accessKeyId}`);
      await expect(call(as, 'GET', '/thingd/v1/access-keys')).rejects.toThrow('security token');
      expect((await list()).accessKeys).toHaveLength(1);
    });

    test('believes nobody without a signature, or with a wrong one', async () => {
      const unsigned = await fetch(`${thingd.endpoints.http}/thingd/v1/denials`);
      expect(unsigned.status).toBe(403);
      const credentials = { ...thingd.credentials, secretAccessKey: 'wrong' };
      const forged = call({ ...installation(), credentials }, 'GET', '/thingd/v1/denials');
      await expect(forged).rejects.toThrow(CallRefused);
      expect((await fetch(`${thingd.endpoints.http}/thingd/v1/dev`)).status).not.toBe(200);
    });
  });
});

describe('starting and stopping', () => {
  test('`dev` keeps its files in a temporary directory and takes them along', async () => {
    const thingd = await startThingd();
    const { directory, endpoints, credentials } = thingd;
    expect((await fetch(`${endpoints.http}/healthz`)).status).toBe(200);
    expect(readFileSync(join(directory, 'ca', 'root.pem'), 'utf8')).toBe(thingd.rootCertificate);
    expect(exportLines({ directory, endpoints, credentials })).toContain(`export AWS_ENDPOINT_URL=${endpoints.http}`);
    expect(await (await fetch(`${endpoints.http}/thingd/v1/dev`)).json()).toEqual({ directory });
    await thingd.close();
    expect(existsSync(directory)).toBe(false);
    await expect(fetch(`${endpoints.http}/healthz`)).rejects.toThrow();
  });

  test('a restart finds the certificate authority, the access key and what was retained', async () => {
    const dataDir = newDirectory();
    const options = { dataDir, https: 'off' };
    const first = await startThingd({ options });
    const client = await mqtt.connectAsync(first.endpoints.mqtt ?? '');
    await client.publishAsync('kept', 'yes', { retain: true, qos: 1 });
    await client.endAsync();
    await first.close();
    expect(existsSync(join(dataDir, 'endpoints.json'))).toBe(false);

    const second = await startThingd({ options });
    expect(second.credentials).toEqual(first.credentials);
    expect(second.rootCertificate).toBe(first.rootCertificate);
    expect(second.endpoints).not.toHaveProperty('https');
    const again = await mqtt.connectAsync(second.endpoints.mqtt ?? '');
    const { promise, resolve } = Promise.withResolvers<string>();
    again.once('message', (_topic, payload) => resolve(payload.toString()));
    await again.subscribeAsync('kept');
    expect(await promise).toBe('yes');
    await again.endAsync();
    await second.close();
  });

  test('a directory in use is refused, and the one who uses it goes on', async () => {
    const options = { dataDir: newDirectory() };
    const first = await startThingd({ options });
    await expect(startThingd({ options })).rejects.toThrow(/--data-dir expects .* another thingd is using/);
    expect((await fetch(`${first.endpoints.http}/healthz`)).status).toBe(200);
    await first.close();
  });

  test('a port in use is refused by name, and nothing is left behind', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const dataDir = newDirectory();
    const start = (mqtts: string) => startThingd({ options: { dataDir, mqtts } });
    await expect(start(`127.0.0.1:${port}`)).rejects.toThrow(
      new ConfigurationError(`--mqtts expects an address it can bind, not \`127.0.0.1:${port}\`: the port is in use`),
    );
    taken.close();
    const thingd = await start('127.0.0.1:0');
    await thingd.close();
  });

  test('an anonymous policy that is none is refused', async () => {
    const start = startThingd({ options: { anonymousPolicy: { Statement: [{ Effect: 'Perhaps' }] } } });
    await expect(start).rejects.toThrow(/^--anonymous-policy: /);
  });

  test('the anonymous policy decides what clients of the plain port may do', async () => {
    const statement = { Effect: 'Allow', Action: ['iot:Connect', 'iot:Subscribe'], Resource: '*' };
    const anonymousPolicy = { Version: '2012-10-17', Statement: statement };
    const thingd = await startThingd({ mode: 'start', options: { dataDir: newDirectory(), anonymousPolicy } });
    const client = await mqtt.connectAsync(thingd.endpoints.mqtt ?? '', { protocolVersion: 5, reconnectPeriod: 0 });
    expect(await client.subscribeAsync('a')).toMatchObject([{ qos: 0 }]);
    await expect(client.publishAsync('a', 'x', { qos: 1 })).rejects.toThrow('Not authorized');
    await client.endAsync();
    await thingd.close();
  });
});
