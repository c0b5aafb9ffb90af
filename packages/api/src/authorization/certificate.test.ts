import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testAccessKeys } from '../fixtures/server.ts';
import { type ApiPluginOptions, apiPlugin, frameworkErrors } from '../server.ts';

/** A self-signed certificate made by openssl, used by server and device alike. */
let pem: { cert: string; key: string };
let fastify: FastifyInstance;
let url: URL;

const seen: { der: Buffer; serverName: string | undefined }[] = [];
const published: string[] = [];
const known = { value: true };

const resolveCertificate: ApiPluginOptions['resolveCertificate'] = async (der, serverName) => {
  seen.push({ der, serverName });
  if (!known.value) return undefined;
  return {
    realm: { accountId: '123456789012', region: 'eu-west-1' },
    caller: {
      kind: 'certificate',
      principal: 'abc',
      certificateId: 'abc',
      authorize: (action, resource) =>
        action === 'iot:Publish' && resource.endsWith('/a/b') ? 'allowed' : 'implicitDeny',
    },
  };
};

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'thingd-api-'));
  const files = ['-keyout', join(directory, 'key.pem'), '-out', join(directory, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2', '-nodes'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...files, ...subject],
    {
      stdio: 'ignore',
    },
  );
  pem = {
    cert: readFileSync(join(directory, 'cert.pem'), 'utf8'),
    key: readFileSync(join(directory, 'key.pem'), 'utf8'),
  };
  rmSync(directory, { recursive: true });
  fastify = Fastify({
    https: { ...pem, requestCert: true, rejectUnauthorized: false },
    frameworkErrors,
    forceCloseConnections: true,
  }) as unknown as FastifyInstance;
  await fastify.register(apiPlugin, {
    handlers: {
      iot: { ListThings: () => ({}) },
      iotdata: { Publish: ({ topic }) => void published.push(topic) },
      jobsdata: {},
    },
    accessKeys: testAccessKeys(),
    clock: { now: () => Date.now() },
    maxRequestBytes: 1024 * 1024,
    first: () => {},
    log: { called: () => {}, failed: () => {}, ambiguous: () => {} },
    resolveCertificate,
  });
  url = new URL(await fastify.listen({ port: 0, host: '127.0.0.1' }));
});

afterAll(() => fastify.close());

async function ask(method: string, path: string, certificate: object = pem): Promise<{ status: number; body: string }> {
  return await new Promise((resolve, reject) => {
    request(
      {
        host: '127.0.0.1',
        servername: 'localhost',
        port: url.port,
        method,
        path,
        ca: pem.cert,
        agent: false,
        ...certificate,
      },
      response => {
        text(response).then(body => resolve({ status: response.statusCode!, body }), reject);
      },
    )
      .on('error', reject)
      .end();
  });
}

test('a device publishes with its certificate, where its policies let it', async () => {
  expect(await ask('POST', '/topics/a/b')).toMatchObject({ status: 200 });
  expect(published).toEqual(['a/b']);
  expect(seen[0]!.serverName).toBe('localhost');
  expect(new X509Certificate(seen[0]!.der).fingerprint256).toBe(new X509Certificate(pem.cert).fingerprint256);
  const denied = await ask('POST', '/topics/c');
  expect(denied.status).toBe(403);
  expect(JSON.parse(denied.body)).toEqual({ message: 'Forbidden', traceId: expect.any(String) });
});

test('a certificate that is unknown or not active opens nothing', async () => {
  known.value = false;
  expect(await ask('POST', '/topics/a/b')).toMatchObject({ status: 403 });
  known.value = true;
});

test('no certificate is no credential', async () => {
  expect(await ask('POST', '/topics/a/b', {})).toMatchObject({ status: 401 });
});

test('a device has no part in the control plane', async () => {
  expect(await ask('GET', '/things')).toMatchObject({ status: 404 });
});
