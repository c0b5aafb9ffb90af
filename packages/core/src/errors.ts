/**
 * Errors a caller can act on, under AWS's names. Any other exception is our bug and reaches the caller as
 * `InternalFailureException`. Messages: AWS's words where they are known, else lower case with the input in backticks.
 */

/** HTTP status of each error shape of the `iot`, `iotdata` and `iot-jobs-data` models. */
export const ServiceErrorStatus = {
  CertificateConflictException: 409,
  CertificateStateException: 406,
  CertificateValidationException: 400,
  ConflictException: 409,
  ConflictingResourceUpdateException: 409,
  DeleteConflictException: 409,
  ForbiddenException: 403,
  GatewayTimeoutException: 504,
  IndexNotReadyException: 400,
  InternalException: 500,
  InternalFailureException: 500,
  InternalServerException: 500,
  InvalidAggregationException: 400,
  InvalidQueryException: 400,
  InvalidRequestException: 400,
  InvalidResponseException: 400,
  InvalidStateTransitionException: 409,
  LimitExceededException: 410,
  MalformedPolicyException: 400,
  MethodNotAllowedException: 405,
  NotConfiguredException: 404,
  NotImplementedException: 501,
  RegistrationCodeValidationException: 400,
  RequestEntityTooLargeException: 413,
  ResourceAlreadyExistsException: 409,
  ResourceNotFoundException: 404,
  ResourceRegistrationFailureException: 400,
  ServiceQuotaExceededException: 402,
  ServiceUnavailableException: 503,
  SqlParseException: 400,
  TaskAlreadyExistsException: 400,
  TerminalStateException: 410,
  ThrottlingException: 400,
  TransferAlreadyCompletedException: 410,
  TransferConflictException: 409,
  UnauthorizedException: 401,
  UnsupportedDocumentEncodingException: 415,
  ValidationException: 400,
  VersionConflictException: 409,
  VersionsLimitExceededException: 409,
} as const;

export type ServiceErrorName = keyof typeof ServiceErrorStatus;

export class ServiceError extends Error {
  override readonly name: ServiceErrorName;
  readonly status: number;
  /** Members of the error's shape beside the message, such as `resourceArn` of `ResourceAlreadyExistsException`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(name: ServiceErrorName, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = name;
    this.status = ServiceErrorStatus[name];
    this.details = details;
  }
}
