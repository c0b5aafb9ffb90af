import { expect, test } from 'vitest';
import { failureOf } from './aws-failure.ts';

const failed = (members: object) => failureOf(Object.assign(new Error('why'), members), 'PutRecord s', 10_000);
const answered = (httpStatusCode: number, name: string) => failed({ name, $metadata: { httpStatusCode } });

test.for([
  [500, 'InternalFailure'],
  [503, 'ServiceUnavailable'],
  [429, 'Whatever'],
  [400, 'ThrottlingException'],
  [400, 'ProvisionedThroughputExceededException'],
  [403, 'RequestTimeTooSkewed'],
  [400, 'ExpiredTokenException'],
] as const)('%i %s is tried again', ([status, name]) => {
  const failure = answered(status, name);
  expect(failure.isTransient).toBe(true);
  expect(failure.report).toEqual({ request: 'PutRecord s', response: `${status} ${name}` });
});

test.for([
  [400, 'ValidationException'],
  [403, 'AccessDenied'],
  [404, 'NoSuchBucket'],
] as const)('%i %s is not tried again', ([status, name]) => {
  expect(answered(status, name)).toMatchObject({ isTransient: false, message: `${name}: why` });
});

test('what the model of a service calls retryable is tried again, whatever its status', () => {
  expect(failed({ name: 'Busy', $metadata: { httpStatusCode: 400 }, $retryable: {} }).isTransient).toBe(true);
});

test('a server that is away is tried again, and named by its code where there is no message', () => {
  expect(failed({ name: 'AggregateError', code: 'ECONNREFUSED', message: '' })).toMatchObject({
    isTransient: true,
    message: 'ECONNREFUSED',
  });
  expect(failed({ name: 'TimeoutError' })).toMatchObject({ isTransient: true, message: 'no answer within 10000 ms' });
});

test('a page that a proxy answers in place of the service goes by its status', () => {
  expect(failed({ name: 'SyntaxError', $response: { statusCode: 502 } })).toMatchObject({
    isTransient: true,
    message: 'the answer 502 cannot be read',
  });
  expect(failed({ name: 'SyntaxError', $response: { statusCode: 404 } }).isTransient).toBe(false);
});

test('without credentials, and for a request that cannot be made, another attempt would be in vain', () => {
  expect(failed({ name: 'CredentialsProviderError' })).toMatchObject({
    isTransient: false,
    message: expect.stringMatching(/^there are no AWS credentials \(AWS_ACCESS_KEY_ID .*: why$/),
  });
  expect(failed({}).isTransient).toBe(false);
});
