import { S3 } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { signedHeaders } from './sign.ts';

test('a session token is signed and sent', () => {
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'token' };
  const scope = { region: 'us-east-1', service: 'execute-api' };
  const headers = signedHeaders('POST', new URL('https://api.example/in?a=b'), '{}', credentials, scope, 0);
  expect(headers['x-amz-security-token']).toBe('token');
  expect(headers.authorization).toContain('Credential=AKID/19700101/us-east-1/execute-api/aws4_request');
  expect(headers.authorization).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token');
});

/** AWS: Signature Version 4 test suite, `get-vanilla-query-order-key-case`. */
test('the signature is the one of the published example', () => {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
  const url = new URL('https://example.amazonaws.com/?Param2=value2&Param1=value1');
  const scope = { region: 'us-east-1', service: 'service' };
  const { authorization } = signedHeaders('GET', url, '', credentials, scope, Date.UTC(2015, 7, 30, 12, 36));
  expect(authorization).toMatch(/Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500$/);
});

test('a request of S3 is signed as the SDK signs it', async () => {
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' };
  const region = 'eu-west-1';
  const signingDate = new Date(Date.UTC(2026, 0, 1));
  const client = new S3({ region, credentials });
  const signer = (await client.config.signer()) as unknown as {
    sign(request: object, options: object): Promise<{ headers: Record<string, string> }>;
  };
  const url = new URL('http://storage.example/lamps/a%20b/it%27s%21.json');
  const { headers: expected } = await signer.sign(
    { method: 'GET', protocol: 'http:', hostname: url.host, path: url.pathname, headers: { host: url.host } },
    { signingDate },
  );
  const headers = signedHeaders('GET', url, '', credentials, { region, service: 's3' }, signingDate.getTime());
  expect(headers).toMatchObject({ authorization: expected.authorization, 'x-amz-date': expected['x-amz-date'] });
});
