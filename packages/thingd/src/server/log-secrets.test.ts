/** Nothing that must stay secret is logged, however talkative the log and whatever goes wrong. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeysAndCertificateCommand, IoTClient } from '@aws-sdk/client-iot';
import mqtt from 'mqtt';
import { expect, test } from 'vitest';
import { remoteKeys } from '../cli/access-key.ts';
import { call } from '../cli/call.ts';
import { readInstallation } from '../cli/installation.ts';
import { startThingd } from '../index.ts';
import { createLog } from '../observability/index.ts';

test('no secret key, private key, signature or payload stands in the log, not even at `trace`', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'thingd-secrets-'));
  const lines: string[] = [];
  const log = createLog('trace', { write: line => lines.push(line) });
  const thingd = await startThingd({ mode: 'start', log, options: { dataDir } });
  const { endpoints, credentials, rootCertificate: ca } = thingd;
  const installation = readInstallation(dataDir)!;
  const keys = remoteKeys(installation, undefined);
  const limited = await keys.create('{"Statement":{"Effect":"Allow","Action":"iot:ListThings","Resource":"*"}}');
  await keys.list();
  const clientOf = (given: { accessKeyId: string; secretAccessKey: string }) =>
    new IoTClient({ endpoint: endpoints.http ?? '', region: 'us-east-1', credentials: given, maxAttempts: 1 });

  const { keyPair, certificatePem } = await clientOf(credentials).send(
    new CreateKeysAndCertificateCommand({ setAsActive: true }),
  );
  const create = new CreateKeysAndCertificateCommand({});
  await expect(clientOf(limited).send(create)).rejects.toThrow('not authorized');
  const forged = { accessKeyId: credentials.accessKeyId, secretAccessKey: limited.secretAccessKey };
  await expect(clientOf(forged).send(create)).rejects.toThrow('signature');
  await call(installation, 'GET', '/thingd/v1/denials');

  // A device without policy is refused, with a password that is none of thingd's business.
  const device = { ca, key: keyPair?.PrivateKey ?? '', cert: certificatePem ?? '', reconnectPeriod: 0 };
  const password = 'correct horse battery staple';
  const url = (endpoints.mqtts ?? '').replace('127.0.0.1', 'localhost');
  await expect(mqtt.connectAsync(url, { ...device, password, username: 'me', protocolVersion: 5 })).rejects.toThrow();
  const signed = '/mqtt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=5ec2e7';
  await expect(mqtt.connectAsync(`${(endpoints.ws ?? '').replace('/mqtt', signed)}`, device)).rejects.toThrow();
  await thingd.close();
  rmSync(dataDir, { recursive: true });

  const events = lines.map(line => JSON.parse(line).event);
  for (const event of ['started', 'api.called', 'createKeysAndCertificate.denied', 'connect.denied', 'stopped']) {
    expect(events).toContain(event);
  }
  const text = lines.join('');
  const body = (keyPair?.PrivateKey ?? '').split('\n')[3] ?? '';
  expect(body).toHaveLength(64);
  const secrets = [credentials.secretAccessKey, limited.secretAccessKey, body, password, '5ec2e7'];
  for (const secret of [...secrets, 'PRIVATE KEY', 'AWS4-HMAC-SHA256', 'Signature='])
    expect(text).not.toContain(secret);
});
