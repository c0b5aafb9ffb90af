/** AWS IoT Core's HTTPS face: operations, their protocol and the server that answers them. */
export type * from './generated/iot.ts';
export type {
  IotJobsDataInput,
  IotJobsDataOperationName,
  IotJobsDataOperations,
  IotJobsDataOutput,
} from './generated/iot-jobs-data.ts';
export type {
  IotDataInput,
  IotDataOperationName,
  IotDataOperations,
  IotDataOutput,
} from './generated/iotdata.ts';
export type * from './operations/operation.ts';
