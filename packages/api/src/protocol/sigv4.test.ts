import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeWithBoto3, script } from '../fixtures/python.ts';
import { testKey } from '../fixtures/server.ts';
import type { HttpRequest } from './message.ts';
import { percentEncode } from './percent.ts';
import { readClaim, verifySignature } from './sigv4.ts';

const now = Date.UTC(2015, 7, 30, 12, 36, 0);
const date = '20150830T123600Z';

const request = (parts: Partial<HttpRequest>): HttpRequest => ({
  method: 'GET',
  path: '/',
  query: '',
  headers: {},
  body: Buffer.alloc(0),
  secure: false,
  ...parts,
});

const verify = (signed: HttpRequest, secret: string, services: readonly string[], at = now): void =>
  verifySignature(signed, readClaim(signed)!, secret, services, at);

describe('the examples AWS publishes', () => {
  const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
  const signed = (parts: Partial<HttpRequest>, signature: string): HttpRequest =>
    request({
      ...parts,
      headers: {
        host: 'example.amazonaws.com',
        'x-amz-date': date,
        authorization:
          'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
          `SignedHeaders=host;x-amz-date, Signature=${signature}`,
      },
    });

  test.each([
    ['get-vanilla', {}, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['post-vanilla', { method: 'POST' }, '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'get-vanilla-query-order-key-case',
      { query: 'Param2=value2&Param1=value1' },
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'get-unreserved',
      { path: '/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz' },
      '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
    ],
    ['get-slashes', { path: '//' }, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['get-relative', { path: '/example/..' }, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  ])('%s', (_name, parts, signature) => {
    verify(signed(parts, signature), secret, ['service']);
    expect(() => verify(signed({ ...parts, method: 'PUT' }, signature), secret, ['service'])).toThrow(
      'The request signature we calculated does not match',
    );
  });
});

interface Job {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly presign: boolean;
  readonly token?: string;
}

describeWithBoto3('what botocore signs', () => {
  const host = 'localhost:4566';
  const signAll = (jobs: readonly Job[]): HttpRequest[] => {
    const lines = jobs.map(job =>
      JSON.stringify({ ...job, ...testKey, date, service: 'iotdata', region: 'eu-west-1' }),
    );
    const { stdout, stderr } = spawnSync('python3', [script('sign.py')], { input: lines.join('\n'), encoding: 'utf8' });
    const signed = stdout.trim().split('\n');
    if (signed.length !== jobs.length) throw new Error(stderr);
    return signed.map((line, index) => {
      const { url, headers } = JSON.parse(line) as { url: string; headers: Record<string, string> };
      const [path = '', query = ''] = url.slice(`http://${host}`.length).split('?');
      const lowered = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
      const { method, body } = jobs[index]!;
      return {
        method,
        path,
        query,
        headers: { host, ...Object.fromEntries(lowered) },
        body: Buffer.from(body),
        secure: false,
      };
    });
  };

  const segment = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .map(percentEncode)
    .filter(text => !/^\.+$/.test(text));
  const parameter = fc.tuple(segment, fc.string({ unit: 'grapheme', maxLength: 8 }).map(percentEncode));
  const job: fc.Arbitrary<Job> = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE'),
    url: fc
      .record({
        segments: fc.array(segment, { maxLength: 4 }),
        slash: fc.boolean(),
        parameters: fc.uniqueArray(parameter, { maxLength: 4, selector: ([name]) => name }),
      })
      .map(({ segments, slash, parameters }) => {
        const query = parameters.map(([name, value]) => `${name}=${value}`).join('&');
        const path = `/${segments.join('/')}${slash && segments.length > 0 ? '/' : ''}`;
        return `http://${host}${path}${query === '' ? '' : `?${query}`}`;
      }),
    headers: fc.dictionary(fc.stringMatching(/^x-amz-[a-z]{3,8}$/), fc.stringMatching(/^[ -~]{0,20}$/), { maxKeys: 3 }),
    body: fc.string({ unit: 'grapheme' }),
    presign: fc.constant(false),
  });

  test('verifies, for any path, query, headers and body', () => {
    const jobs = fc.sample(job, { numRuns: 300, seed: 4566 });
    for (const [index, signed] of signAll(jobs).entries()) {
      expect(() => verify(signed, testKey.secretAccessKey, ['iotdata']), JSON.stringify(jobs[index])).not.toThrow();
      const tampered = { ...signed, body: Buffer.concat([signed.body, Buffer.from('!')]) };
      expect(() => verify(tampered, testKey.secretAccessKey, ['iotdata'])).toThrow('does not match');
      expect(() => verify(signed, `${testKey.secretAccessKey}!`, ['iotdata'])).toThrow('does not match');
    }
  });

  test('does not verify when the body was left out of it', () => {
    const headers = { 'X-Amz-Content-SHA256': 'UNSIGNED-PAYLOAD' };
    const [signed] = signAll([{ method: 'POST', url: `http://${host}/topics/a`, headers, body: 'x', presign: false }]);
    expect(signed!.headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
    expect(() => verify(signed!, testKey.secretAccessKey, ['iotdata'])).toThrow('does not match');
  });

  test('verifies as a presigned URL with its session token', () => {
    const url = `http://${host}/things/lamp/shadow?name=a%20b`;
    const [signed] = signAll([{ method: 'GET', url, headers: {}, body: '', presign: true, token: 'to/ken+=' }]);
    verify(signed!, testKey.secretAccessKey, ['iotdata'], now + 3599_000);
    expect(() => verify(signed!, testKey.secretAccessKey, ['iotdata'], now + 3601_000)).toThrow('Signature expired');
    const other = { ...signed!, query: signed!.query.replace('to%2Fken', 'other') };
    expect(() => verify(other, testKey.secretAccessKey, ['iotdata'])).toThrow('does not match');
  });
});

test('what the JavaScript SDK presigns verifies', async () => {
  const client = new IoTDataPlaneClient({ region: 'eu-west-1', credentials: testKey, endpoint: 'http://localhost' });
  const signer = (await client.config.signer()) as unknown as {
    presign(
      request: object,
      options: { signingDate: Date; expiresIn: number },
    ): Promise<{ query: Record<string, string>; path: string }>;
  };
  const presigned = await signer.presign(
    {
      method: 'GET',
      protocol: 'http:',
      hostname: 'localhost',
      path: '/things/a%3Ab/shadow',
      query: { name: 'a b' },
      headers: { host: 'localhost' },
    },
    { signingDate: new Date(now), expiresIn: 60 },
  );
  const query = Object.entries(presigned.query).map(
    ([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`,
  );
  const signed = request({ path: presigned.path, query: query.join('&'), headers: { host: 'localhost' } });
  verify(signed, testKey.secretAccessKey, ['iotdata']);
});

test.each([undefined, 'ses/sion+token=='])(
  'the WebSocket URL of aws-iot-device-sdk verifies, session token %s',
  token => {
    const sdk: {
      device: { prepareWebSocketUrl(options: object, key: string, secret: string, token?: string): string };
    } = createRequire(import.meta.url)('aws-iot-device-sdk');
    const url = sdk.device.prepareWebSocketUrl(
      { host: 'localhost', port: 4566, region: 'eu-west-1' },
      testKey.accessKeyId,
      testKey.secretAccessKey,
      token,
    );
    const query = url.slice(url.indexOf('?') + 1);
    const signed = request({ path: '/mqtt', query, headers: { host: 'localhost:4566' } });
    verify(signed, testKey.secretAccessKey, ['iotdevicegateway'], Date.now());
    const elsewhere = { ...signed, headers: { host: 'example.com' } };
    expect(() => verify(elsewhere, testKey.secretAccessKey, ['iotdevicegateway'], Date.now())).toThrow(
      'does not match',
    );
  },
);

describe('a claim must hold now, here and for this', () => {
  const authorization = (parts: { scope?: string; headers?: string; signature?: string } = {}): string =>
    `AWS4-HMAC-SHA256 Credential=AKID/${parts.scope ?? '20150830/us-east-1/iot/aws4_request'}, ` +
    `SignedHeaders=${parts.headers ?? 'host;x-amz-date'}, Signature=${parts.signature ?? 'abc'}`;
  const signed = (value: string, headers: Record<string, string> = { host: 'h', 'x-amz-date': date }): HttpRequest =>
    request({ headers: { ...headers, authorization: value } });

  test.each([
    [
      'too late',
      now + 15 * 60_000 + 1000,
      'Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)',
    ],
    [
      'too early',
      now - 15 * 60_000 - 1000,
      'Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)',
    ],
    ['at the edge', now + 15 * 60_000, 'does not match'],
    ['at the other edge', now - 15 * 60_000, 'does not match'],
  ])('%s', (_name, at, message) => {
    expect(() => verify(signed(authorization()), 'secret', ['iot'], at)).toThrow(message);
  });

  test.each([
    [
      'another service',
      authorization({ scope: '20150830/us-east-1/s3/aws4_request' }),
      "scoped to correct service: 'iot'",
    ],
    ['another day', authorization({ scope: '20150829/us-east-1/iot/aws4_request' }), 'Date in Credential scope'],
    ['an unsigned host', authorization({ headers: 'x-amz-date' }), "'Host'"],
    ['an unsigned date', authorization({ headers: 'host' }), "'X-Amz-Date' must be a 'SignedHeader'"],
    ['a short signature', authorization({ signature: 'ab' }), 'does not match'],
  ])('%s is an invalid signature', (_name, value, message) => {
    const attempt = () => verify(signed(value), 'secret', ['iot']);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ name: 'InvalidSignatureException' }));
  });

  test('an x-amz header that was not signed is refused', () => {
    const headers = { host: 'h', 'x-amz-date': date, 'x-amz-principal': 'someone' };
    expect(() => verify(signed(authorization(), headers), 'secret', ['iot'])).toThrow("'x-amz-principal' must be");
  });

  test.each([
    [
      'AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request',
      "requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.",
    ],
    ['AWS4-HMAC-SHA512 x', "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'"],
    [authorization({ scope: 'iot/aws4_request' }), 'exactly 5 slash-delimited elements'],
    [authorization({ scope: '20150830/US east/iot/aws4_request' }), "no region at 'US east'"],
  ])('%s is incomplete', (value, message) => {
    const attempt = () => readClaim(signed(value));
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ name: 'IncompleteSignatureException' }));
  });

  test('a presigned URL may not live longer than a week', () => {
    const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20150830%2Fr%2Fiot%2Faws4_request&X-Amz-Date=${date}&X-Amz-SignedHeaders=host&X-Amz-Signature=a`;
    expect(readClaim(request({ query }))).toMatchObject({ kind: 'query', expires: 900, region: 'r' });
    expect(() => readClaim(request({ query: `${query}&X-Amz-Expires=604801` }))).toThrow('X-Amz-Expires');
    expect(() => readClaim(request({ query: `${query}&X-Amz-Expires=forever` }))).toThrow('X-Amz-Expires');
  });

  test('no signature is no claim', () => {
    expect(readClaim(request({}))).toBeUndefined();
    expect(readClaim(request({ headers: { authorization: 'Bearer x' } }))).toBeUndefined();
  });
});

test('whatever the request, reading its claim gives a claim, nothing or an error of ours', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (authorization, query) => {
      try {
        readClaim(request({ headers: { authorization: `AWS4-HMAC-SHA256 ${authorization}` }, query }));
      } catch (error) {
        expect(error).toMatchObject({ name: 'IncompleteSignatureException' });
      }
    }),
  );
});
