/**
 * What is accepted and kept, but not acted on. A call that uses it is answered with the header `x-thingd-warning`, and the
 * coverage page names it: nothing is accepted and then silently ignored.
 */
import type { IotInput, IotOperationName } from '../generated/iot.ts';
import type { IotJobsDataInput, IotJobsDataOperationName } from '../generated/iot-jobs-data.ts';
import type { IotDataInput, IotDataOperationName } from '../generated/iotdata.ts';

/** Per operation `'operation'` when all of it is stored only, else the input's members that are. */
export interface StoredOnly {
  readonly iot: { readonly [Name in IotOperationName]?: 'operation' | readonly (keyof IotInput<Name>)[] };
  readonly iotdata: { readonly [Name in IotDataOperationName]?: 'operation' | readonly (keyof IotDataInput<Name>)[] };
  readonly jobsdata: {
    readonly [Name in IotJobsDataOperationName]?: 'operation' | readonly (keyof IotJobsDataInput<Name>)[];
  };
}

export const storedOnly: StoredOnly = {
  iot: {
    // The template is kept; just-in-time provisioning does not run it yet.
    RegisterCACertificate: ['registrationConfig'],
    UpdateCACertificate: ['registrationConfig'],
  },
  iotdata: {},
  jobsdata: {},
};
