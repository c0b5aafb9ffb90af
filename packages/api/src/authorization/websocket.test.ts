import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { testAccessKeys, testKey } from '../fixtures/server.ts';
import type { HttpRequest } from '../protocol/message.ts';
import type { Authentication } from './authenticate.ts';
import { authenticateWebSocket } from './websocket.ts';

const sdk: {
  device: { prepareWebSocketUrl(options: object, key: string, secret: string, token?: string): string };
} = createRequire(import.meta.url)('aws-iot-device-sdk');

const authentication: Authentication = { accessKeys: testAccessKeys(), clock: { now: () => Date.now() } };
const dev: Authentication = { ...authentication, dev: { realm: { accountId: '000000000000', region: 'us-east-1' } } };

/** The upgrade request of a device that signed with `secret`. */
function upgrade(secret: string): HttpRequest {
  const options = { host: 'localhost', port: 4566, region: 'eu-west-1' };
  const url = sdk.device.prepareWebSocketUrl(options, testKey.accessKeyId, secret, 'session');
  const query = url.slice(url.indexOf('?') + 1);
  return {
    method: 'GET',
    path: '/mqtt',
    query,
    headers: { host: 'localhost:4566' },
    body: Buffer.alloc(0),
    secure: false,
  };
}

test('a presigned URL is its access key in the region of its scope', async () => {
  const identity = await authenticateWebSocket(authentication, upgrade(testKey.secretAccessKey), '192.0.2.1');
  expect(identity).toMatchObject({
    realm: { accountId: '123456789012', region: 'eu-west-1' },
    caller: { kind: 'accessKey', accessKeyId: testKey.accessKeyId },
  });
  const client = 'arn:aws:iot:eu-west-1:123456789012:client/a';
  expect(identity!.caller.authorize('iot:Connect', client)).toBe('allowed');
});

test('a wrong secret is refused, save in dev', async () => {
  await expect(authenticateWebSocket(authentication, upgrade('wrong'), '192.0.2.1')).rejects.toMatchObject({
    name: 'InvalidSignatureException',
  });
  await expect(authenticateWebSocket(dev, upgrade('wrong'), '192.0.2.1')).resolves.toMatchObject({
    realm: { accountId: '000000000000', region: 'eu-west-1' },
  });
});

test('a signature for the control plane opens no connection', async () => {
  const signed = upgrade(testKey.secretAccessKey);
  const query = signed.query.replace('iotdevicegateway', 'iot');
  await expect(authenticateWebSocket(authentication, { ...signed, query }, '192.0.2.1')).rejects.toThrow(
    "scoped to correct service: 'iotdevicegateway' or 'iotdata'",
  );
});

test('an upgrade without signature is nobody', async () => {
  const unsigned = { ...upgrade(''), query: '' };
  expect(await authenticateWebSocket(authentication, unsigned, '192.0.2.1')).toBeUndefined();
});
