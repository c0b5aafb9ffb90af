/** One call of an AWS service for an action: the client, the deadline, the report and what a failure means. */
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

/** Resolves when the service has accepted; rejects with `ActionFailure`. */
export async function callAws<Client extends Destroyable>(
  clients: AwsClients,
  { realm, parameters, signal }: ActionRequest,
  call: AwsCall<Client>,
): Promise<ActionReport> {
  const { service, request, region = realm.region } = call;
  const roleArn = typeof parameters.roleArn === 'string' ? parameters.roleArn : undefined;
  const client = await clients.client(service, region, roleArn);
  try {
    const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(callTimeout)]);
    const { $metadata } = await call.send(client, { abortSignal });
    return { request, response: [$metadata.httpStatusCode, $metadata.requestId].filter(Boolean).join(' ') };
  } catch (error) {
    if (error instanceof ActionFailure) throw error;
    throw failureOf(error, request, callTimeout);
  }
}

/** A failure that no later attempt mends: what SELECT or a template made does not fit the action. */
export const unfit = (request: string, message: string): ActionFailure =>
  new ActionFailure(message, { isTransient: false, report: { request } });
