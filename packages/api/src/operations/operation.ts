/**
 * What an operation is to those who write one: a function from its input and the call it came with to its output. Handlers
 * know no HTTP; they throw `ServiceError` for what the caller can mend.
 */
import type { Decision, Explanation, Realm } from '@thingd/core';
import type { IotInput, IotOperationName, IotOutput } from '../generated/iot.ts';
import type { IotJobsDataInput, IotJobsDataOperationName, IotJobsDataOutput } from '../generated/iot-jobs-data.ts';
import type { IotDataInput, IotDataOperationName, IotDataOutput } from '../generated/iotdata.ts';

/** Who calls: an access key's owner, a device with its certificate, or nobody known. */
export interface Caller {
  readonly kind: 'accessKey' | 'certificate' | 'anonymous';
  /** What messages call the caller: an ARN, or a certificate id. */
  readonly principal: string;
  readonly accessKeyId?: string;
  readonly certificateId?: string;
  /** Decides an API action, such as `iot:CreateThing` on `arn:aws:iot:…:thing/lamp`, through the policy engine. */
  authorize(action: string, resource: string): Decision;
  /** The same decision with its reasons, where policies decided it. */
  explain?(action: string, resource: string): Explanation;
}

/** The circumstances of one API call. */
export interface Call {
  readonly realm: Realm;
  readonly caller: Caller;
  readonly requestId: string;
  readonly sourceIp: string;
}

/** A handler per operation; the input has passed the model's constraints. A missing one answers 501 by name. */
export type IotHandlers = {
  readonly [Name in IotOperationName]?: (
    input: IotInput<Name>,
    call: Call,
  ) => Promise<IotOutput<Name>> | IotOutput<Name>;
};

export type IotDataHandlers = {
  readonly [Name in IotDataOperationName]?: (
    input: IotDataInput<Name>,
    call: Call,
  ) => Promise<IotDataOutput<Name>> | IotDataOutput<Name>;
};

export type IotJobsDataHandlers = {
  readonly [Name in IotJobsDataOperationName]?: (
    input: IotJobsDataInput<Name>,
    call: Call,
  ) => Promise<IotJobsDataOutput<Name>> | IotJobsDataOutput<Name>;
};

/** The whole API: every area's handlers, merged by service. */
export interface Handlers {
  readonly iot: IotHandlers;
  readonly iotdata: IotDataHandlers;
  readonly jobsdata: IotJobsDataHandlers;
}
