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
