/** AWS IoT Core's HTTPS face: operations, their protocol and the server that answers them. */

export {
  type Api,
  type ApiLog,
  type ApiOptions,
  type Arrival,
  type CallRecord,
  createApi,
} from './api.ts';
export {
  type AccessKey,
  type AccessKeys,
  type Authentication,
  authenticateSignature,
  type Dev,
  type Identity,
} from './authorization/authenticate.ts';
export type { Denial } from './authorization/authorize.ts';
export { authenticateWebSocket } from './authorization/websocket.ts';
export type * from './generated/iot.ts';
export type {
  IotJobsDataInput,
  IotJobsDataOperationName,
  IotJobsDataOperations,
  IotJobsDataOutput,
} from './generated/iot-jobs-data.ts';
export type { IotDataInput, IotDataOperationName, IotDataOperations, IotDataOutput } from './generated/iotdata.ts';
export type { ConnectionState, Connections, DirectDelivery } from './operations/connections.ts';
export type { Endpoints, EndpointType } from './operations/endpoint.ts';
export { type OperationServices, operations } from './operations/index.ts';
export type { MessageProperties, Messages, OutgoingMessage, RetainedMessage } from './operations/messages.ts';
export type * from './operations/operation.ts';
export type { ReportLinks } from './operations/registration.ts';
export { type StoredOnly, storedOnly } from './operations/stored-only.ts';
export { RequestError, type RequestErrorName } from './protocol/errors.ts';
export type { HttpRequest, HttpResponse } from './protocol/message.ts';
export { percentEncode } from './protocol/percent.ts';
export { type Claim, readClaim } from './protocol/sigv4.ts';
export { type ApiPluginOptions, apiPlugin, frameworkErrors, headersOf, toHttpRequest } from './server.ts';
