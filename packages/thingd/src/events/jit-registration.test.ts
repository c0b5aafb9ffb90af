import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  IoTClient,
  RegisterCACertificateCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { caPem, certificatePem, identity } from '@thingd/core/testing';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningThingd, startThingd } from '../index.ts';

const policyDocument = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iot:*","Resource":"*"}}';

let thingd: RunningThingd;
const open: MqttClient[] = [];

beforeAll(async () => {
  thingd = await startThingd({ options: { mqtt: '127.0.0.1:0' } });
});

afterAll(async () => {
  await Promise.all(open.map(client => client.endAsync(true)));
  await thingd.close();
});

test('each CONNECT of a device that its CA vouches for is told of, until its certificate is active', async () => {
  const { http: endpoint = '', mqtt = '', mqtts = '' } = thingd.endpoints;
  const iot = new IoTClient({ endpoint, region: 'us-east-1', credentials: thingd.credentials, maxAttempts: 1 });
  const ca = identity('a factory');
  const { certificateId: caCertificateId } = await iot.send(
    new RegisterCACertificateCommand({
      caCertificate: caPem(ca),
      certificateMode: 'SNI_ONLY',
      setAsActive: true,
      allowAutoRegistration: true,
    }),
  );
  const watcher = await connectAsync(mqtt, { clientId: 'watcher', reconnectPeriod: 0 });
  open.push(watcher);
  const heard: { readonly topic: string; readonly payload: Record<string, unknown> }[] = [];
  watcher.on('message', (topic, payload) => heard.push({ topic, payload: JSON.parse(payload.toString()) }));
  await watcher.subscribeAsync(`$aws/events/certificates/registered/${caCertificateId}`);

  const device = identity('lamp');
  const options = {
    clientId: 'lamp',
    reconnectPeriod: 0,
    ca: thingd.rootCertificate,
    cert: certificatePem(device, ca),
    key: device.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
  const connect = async (): Promise<void> => {
    open.push(await connectAsync(mqtts.replace('127.0.0.1', 'localhost'), options, false));
  };

  for (let attempt = 1; attempt <= 2; attempt++) {
    await expect(connect()).rejects.toThrow();
    await expect.poll(() => heard).toHaveLength(attempt);
  }
  const { payload } = heard[0]!;
  expect(payload).toEqual({
    certificateId: expect.stringMatching(/^[0-9a-f]{64}$/),
    caCertificateId,
    timestamp: expect.any(Number),
    certificateStatus: 'PENDING_ACTIVATION',
    awsAccountId: thingd.credentials.accountId,
    certificateRegistrationTimestamp: null,
  });
  expect(heard[1]!.payload.certificateId).toBe(payload.certificateId);

  const certificateId = payload.certificateId as string;
  await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }));
  await iot.send(new CreatePolicyCommand({ policyName: 'lamps', policyDocument }));
  const target = `arn:aws:iot:us-east-1:${thingd.credentials.accountId}:cert/${certificateId}`;
  await iot.send(new AttachPolicyCommand({ policyName: 'lamps', target }));
  await connect();
  expect(heard).toHaveLength(2);
});
