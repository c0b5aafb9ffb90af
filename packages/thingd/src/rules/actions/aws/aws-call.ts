/** One call of an AWS service: the client, the deadline, what a failure means, and for an action its report. */
import { ActionFailure, type ActionReport, type ActionRequest } from '@thingd/core';
import type { AwsClients, AwsService, Destroyable } from './aws-clients.ts';
import { failureOf } from './aws-failure.ts';

export interface CallOptions {
  readonly abortSignal: AbortSignal;
}

/** What every answer of the SDK carries. */
export interface Answer {
  readonly $metadata: { readonly httpStatusCode?: number | undefined; readonly requestId?: string | undefined };
}

export interface AwsCall<Client extends Destroyable> {
  readonly service: AwsService<Client>;
  /** Such as `PutObject s3://bucket/key`, for the trace. */
  readonly request: string;
  /** The realm's unless told. */
  readonly region?: string | undefined;
  send(client: Client, options: CallOptions): Promise<Answer>;
}

/** Milliseconds one attempt may take. */
export const callTimeout = 10_000;

export interface AwsQuestion<Client extends Destroyable, Reply> {
  readonly service: AwsService<Client>;
  /** Such as `GetItem table`. */
  readonly request: string;
  readonly region: string;
  readonly roleArn?: string | undefined;
  /** Milliseconds. */
  readonly timeout?: number;
  /** Aborted when the program stops. */
  readonly signal: AbortSignal;
  send(client: Client, options: CallOptions): Promise<Reply>;
}

/** Resolves to what the service answers; rejects with `ActionFailure`. */
export async function askAws<Client extends Destroyable, Reply>(
  clients: AwsClients,
  { service, request, region, roleArn, timeout = callTimeout, signal, send }: AwsQuestion<Client, Reply>,
): Promise<Reply> {
  try {
    const client = await clients.client(service, region, roleArn);
    return await send(client, { abortSignal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]) });
  } catch (error) {
    if (error instanceof ActionFailure) throw error;
    throw failureOf(error, request, timeout);
  }
}

/** Resolves when the service has accepted; rejects with `ActionFailure`. */
export async function callAws<Client extends Destroyable>(
  clients: AwsClients,
  { realm, parameters, signal }: ActionRequest,
  call: AwsCall<Client>,
): Promise<ActionReport> {
  const { request, region = realm.region } = call;
  const roleArn = typeof parameters.roleArn === 'string' ? parameters.roleArn : undefined;
  const { $metadata } = await askAws(clients, { ...call, region, roleArn, signal });
  return { request, response: [$metadata.httpStatusCode, $metadata.requestId].filter(Boolean).join(' ') };
}

/** A failure that no later attempt mends: what SELECT or a template made does not fit the action. */
export const unfit = (request: string, message: string): ActionFailure =>
  new ActionFailure(message, { isTransient: false, report: { request } });
