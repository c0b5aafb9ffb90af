/** What a failed call of AWS means for a rule: what happened, in a sentence, and whether to try again. */
import { ActionFailure } from '@thingd/core';

/** As the AWS SDK's errors come; those of the network have a code alone. */
interface SdkError extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  /** All there is of an answer that the SDK could not read, such as a proxy's page. */
  readonly $response?: { readonly statusCode?: number };
  readonly $retryable?: object;
}

/**
 * Refusals with a status of 4xx that say "later": throttling, a clock that the SDK corrects by the answer, credentials that are
 * renewed (AWS SDKs and tools reference: "Retry behavior").
 */
const passing = new Set([
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'ExpiredToken',
  'ExpiredTokenException',
  'IDPCommunicationError',
  'LimitExceededException',
  'OperationAborted',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestExpired',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'RequestTimeoutException',
  'SlowDown',
  'Throttling',
  'ThrottledException',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionInProgressException',
]);

/** Nobody answered in time, or at any address; what else the network reports has a code. */
const unanswered = new Set(['AbortError', 'AggregateError', 'TimeoutError']);

/** `request` such as `PutObject s3://bucket/key`; `timeout` is how long an answer was waited for, in ms. */
export function failureOf(error: unknown, request: string, timeout: number): ActionFailure {
  const failure = error as SdkError;
  const status = failure.$metadata?.httpStatusCode ?? failure.$response?.statusCode;
  return new ActionFailure(sentenceOf(failure, timeout), {
    isTransient: isTransient(failure, status),
    report: { request, ...(status !== undefined && { response: `${status} ${failure.name}` }) },
    cause: error,
  });
}

/** `fetch` throws a `TypeError` where nobody answers, and hides what happened in the cause. */
export const fetchFailure = (error: unknown): unknown =>
  error instanceof TypeError && error.cause instanceof Error ? error.cause : error;

function isTransient({ name, code, $retryable }: SdkError, status: number | undefined): boolean {
  if ($retryable !== undefined || passing.has(name)) return true;
  // Without an answer it is the network's error, or the request could not be made, and so cannot be made later either.
  if (status === undefined) return code !== undefined || unanswered.has(name);
  return status === 429 || status >= 500;
}

function sentenceOf({ name, message, code, cause, $response }: SdkError, timeout: number): string {
  if (name === 'AbortError' || name === 'TimeoutError') return `no answer within ${timeout} ms`;
  if (name === 'CredentialsProviderError') {
    return `there are no AWS credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile): ${message}`;
  }
  if (name === 'SyntaxError' && $response !== undefined) return `the answer ${$response.statusCode} cannot be read`;
  if (name === 'AggregateError' || message === '') return code ?? (cause instanceof Error ? cause.message : name);
  return name === 'Error' ? message : `${name}: ${message}`;
}
