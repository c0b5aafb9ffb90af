/**
 * Errors on the wire: every exception becomes a status, an `x-amzn-errortype` and a JSON body. What goes wrong before an
 * operation is reached is a `RequestError`; operations themselves throw core's `ServiceError`.
 */
import { ServiceError } from '@thingd/core';
import type { HttpResponse } from './message.ts';
import type { OperationModel, ServiceModel } from './model.ts';

/** Names and statuses of AWS's common errors, as restJson services answer them. */
export const RequestErrorStatus = {
  AccessDeniedException: 403,
  ForbiddenException: 403,
  IncompleteSignatureException: 403,
  InvalidRequestException: 400,
  InvalidSignatureException: 403,
  MissingAuthenticationTokenException: 403,
  NotImplementedException: 501,
  RequestEntityTooLargeException: 413,
  SerializationException: 400,
  ServiceUnavailableException: 503,
  UnauthorizedException: 401,
  UnknownOperationException: 404,
  UnrecognizedClientException: 403,
  ValidationException: 400,
} as const;

export type RequestErrorName = keyof typeof RequestErrorStatus;

export class RequestError extends Error {
  override readonly name: RequestErrorName;

  constructor(name: RequestErrorName, message: string) {
    super(message);
    this.name = name;
  }
}

/** The name a service gives to input that breaks its constraints: newer operations declare `ValidationException`. */
export const invalidInputName = (operation: OperationModel): 'InvalidRequestException' | 'ValidationException' =>
  !operation.errors.includes('InvalidRequestException') && operation.errors.includes('ValidationException')
    ? 'ValidationException'
    : 'InvalidRequestException';

/** The name a service gives to a failure of ours: the model's 500 that the operation declares. */
function internalFailureName(service: ServiceModel, operation: OperationModel | undefined): string {
  const declared = operation?.errors.find(name => service.errors[name] === 500);
  return declared ?? (service.errors.InternalFailureException ? 'InternalFailureException' : 'InternalServerException');
}

/** Where an error happened; both are unknown when no operation was found. */
export interface ErrorContext {
  readonly service: ServiceModel;
  readonly operation?: OperationModel | undefined;
  readonly requestId: string;
}

/**
 * The response an exception becomes. An exception that is neither kind is our bug: its message stays inside.
 *
 * The data plane adds `traceId` to its bodies (observed: AWS JavaScript SDK issue 5562).
 */
export function errorResponse(error: unknown, { service, operation, requestId }: ErrorContext): HttpResponse {
  if (error instanceof ServiceError) {
    const status = service.errors[error.name] ?? error.status;
    return respond(service, requestId, status, error.name, { message: error.message, ...error.details });
  }
  if (error instanceof RequestError) {
    return respond(service, requestId, RequestErrorStatus[error.name], error.name, { message: error.message });
  }
  const name = internalFailureName(service, operation);
  return respond(service, requestId, 500, name, { message: 'Internal service failure' });
}

function respond(
  service: ServiceModel,
  requestId: string,
  status: number,
  name: string,
  details: Readonly<Record<string, unknown>>,
): HttpResponse {
  const body = service.name === 'iotdata' ? { ...details, traceId: requestId } : details;
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': name, 'x-amzn-requestid': requestId },
    body: Buffer.from(JSON.stringify(body)),
  };
}
