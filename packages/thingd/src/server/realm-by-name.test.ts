/** docs/reference/endpoints.md: one certificate, registered in two regions, and the name that tells which is meant. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  DescribeEndpointCommand,
  IoTClient,
  RegisterCertificateWithoutCACommand,
} from '@aws-sdk/client-iot';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningThingd, startThingd } from '../index.ts';
import { serverNames } from './server-names.ts';

const directory = mkdtempSync(join(tmpdir(), 'thingd-realms-'));

afterAll(() => rmSync(directory, { recursive: true }));

describe('a certificate registered in two regions', () => {
  let thingd: RunningThingd;
  let device: { key: string; cert: string };
  const iot = (region: string): IoTClient =>
    new IoTClient({ endpoint: thingd.endpoints.http ?? '', region, credentials: thingd.credentials, maxAttempts: 1 });

  /** Lets the certificate publish to a topic that is called as its region. */
  async function attach(region: string, certificateArn: string): Promise<void> {
    const statement = [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' },
      { Effect: 'Allow', Action: 'iot:Publish', Resource: `arn:aws:iot:*:*:topic/${region}` },
    ];
    const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statement });
    await iot(region).send(new CreatePolicyCommand({ policyName: 'own', policyDocument }));
    await iot(region).send(new AttachPolicyCommand({ policyName: 'own', target: certificateArn }));
  }

  beforeAll(async () => {
    thingd = await startThingd({ mode: 'start', options: { dataDir: directory, realms: ['000000000000/eu-west-1'] } });
    const made = await iot('us-east-1').send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
    const { certificatePem, certificateArn = '', keyPair } = made;
    device = { key: keyPair?.PrivateKey ?? '', cert: certificatePem ?? '' };
    await attach('us-east-1', certificateArn);
    const register = new RegisterCertificateWithoutCACommand({ certificatePem, status: 'ACTIVE' });
    const registered = await iot('eu-west-1').send(register);
    await attach('eu-west-1', registered.certificateArn ?? '');
  });

  afterAll(() => thingd.close());

  const address = (listener: 'mqtts' | 'https') => ({
    host: 'localhost',
    port: Number(new URL(thingd.endpoints[listener] ?? '').port),
    ca: thingd.rootCertificate,
  });

  /** The region whose topic the device may publish to. Its TLS verifies the server's certificate, name and all. */
  async function regionAt(listener: 'mqtts' | 'https', servername: string): Promise<string[]> {
    const options = { ...address(listener), ...device, servername, ALPNProtocols: ['mqtt'] };
    const client = await mqtt.connectAsync({ ...options, protocol: 'mqtts', protocolVersion: 5, reconnectPeriod: 0 });
    const allowed: string[] = [];
    for (const region of ['us-east-1', 'eu-west-1']) {
      await client.publishAsync(region, 'x', { qos: 1 }).then(
        () => allowed.push(region),
        () => {},
      );
    }
    await client.endAsync();
    return allowed;
  }

  test.each([
    ['localhost', 'us-east-1'],
    ['us-east-1.localhost', 'us-east-1'],
    ['eu-west-1.localhost', 'eu-west-1'],
    ['anything.eu-west-1.localhost', 'eu-west-1'],
    ['000000000000.eu-west-1.localhost', 'eu-west-1'],
  ])('connects by the name %s to %s', async (servername, region) => {
    expect(await regionAt('mqtts', servername)).toEqual([region]);
    expect(await regionAt('https', servername)).toEqual([region]);
  });

  test('finds whatever DescribeEndpoint returns, in either region, on the certificate', async () => {
    const socket = connectTls({ ...address('https'), servername: 'localhost' });
    const { promise, resolve } = Promise.withResolvers<PeerCertificate>();
    socket.once('secureConnect', () => resolve(socket.getPeerCertificate()));
    const { subjectaltname = '' } = await promise;
    socket.destroy();
    for (const region of ['us-east-1', 'eu-west-1']) {
      for (const endpointType of ['iot:Data', 'iot:Data-ATS', 'iot:CredentialProvider', 'iot:Jobs']) {
        const { endpointAddress } = await iot(region).send(new DescribeEndpointCommand({ endpointType }));
        expect(subjectaltname.split(', ')).toContain(`DNS:${endpointAddress}`);
      }
    }
  });
});

test('an address has no names beneath it', () => {
  const realms = [{ accountId: '000000000000', region: 'us-east-1' }];
  expect(serverNames('10.0.0.7', realms)).toEqual(['10.0.0.7']);
  expect(serverNames('iot.example.com', [...realms, ...realms])).toEqual([
    'iot.example.com',
    'us-east-1.iot.example.com',
    '*.us-east-1.iot.example.com',
  ]);
});
