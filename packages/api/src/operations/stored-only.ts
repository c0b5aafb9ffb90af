/**
 * What is accepted and kept, but not acted on. A call that uses it is answered with the header `x-thingd-warning`, and the
 * coverage page names it: nothing is accepted and then silently ignored.
 */
import type { IotInput, IotOperationName } from '../generated/iot.ts';
import type { IotJobsDataInput, IotJobsDataOperationName } from '../generated/iot-jobs-data.ts';
import type { IotDataInput, IotDataOperationName } from '../generated/iotdata.ts';

/** A member of an operation's input, or one within a member: `eventConfigurations.JOB`; `*` is any member or element. */
type MemberPath<Input> = (keyof Input & string) | `${keyof Input & string}.${string}`;

/** Per operation `'operation'` when all of it is stored only, else the parts of its input that are. */
export interface StoredOnly {
  readonly iot: { readonly [Name in IotOperationName]?: 'operation' | readonly MemberPath<IotInput<Name>>[] };
  readonly iotdata: {
    readonly [Name in IotDataOperationName]?: 'operation' | readonly MemberPath<IotDataInput<Name>>[];
  };
  readonly jobsdata: {
    readonly [Name in IotJobsDataOperationName]?: 'operation' | readonly MemberPath<IotJobsDataInput<Name>>[];
  };
}

/** Whether `input` asks for something at `path`; to switch off what is not there is no more than the truth. */
export function asksFor(input: unknown, path: string): boolean {
  const values = path
    .split('.')
    .reduce<readonly unknown[]>((found, name) => found.flatMap(value => membersOf(value, name)), [input]);
  return values.some(value => value !== undefined && !isOff(value));
}

const isOff = (value: unknown): boolean =>
  value === 'OFF' || (typeof value === 'object' && value !== null && 'Enabled' in value && value.Enabled === false);

function membersOf(value: unknown, name: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if (name === '*') return Object.values(value);
  return Object.hasOwn(value, name) ? [(value as Readonly<Record<string, unknown>>)[name]] : [];
}

/** There is no IAM here. Actions on AWS services assume their role where an STS is configured; the others never do. */
const rolesOfRules = ['topicRulePayload.actions.*.*.roleArn', 'topicRulePayload.errorAction.*.roleArn'] as const;
/** There is no VPC here: rules reach what thingd reaches. */
const vpcsOfRules = [
  'topicRulePayload.actions.*.kafka.destinationArn',
  'topicRulePayload.errorAction.kafka.destinationArn',
] as const;

export const storedOnly: StoredOnly = {
  iot: {
    // The template is kept; just-in-time provisioning does not run it yet.
    RegisterCACertificate: ['registrationConfig'],
    UpdateCACertificate: ['registrationConfig'],
    CreateTopicRule: [...rolesOfRules, ...vpcsOfRules],
    ReplaceTopicRule: [...rolesOfRules, ...vpcsOfRules],
    // Addresses and ports of connections are not kept.
    GetThingConnectivityData: ['includeSocketInformation'],
    // There is no Device Defender yet whose violations could be indexed.
    UpdateIndexingConfiguration: ['thingIndexingConfiguration.deviceDefenderIndexingMode'],
    // There are no jobs yet to tell of, and AWS describes no messages of the last three (unverified).
    UpdateEventConfigurations: [
      'eventConfigurations.JOB',
      'eventConfigurations.JOB_EXECUTION',
      'eventConfigurations.POLICY',
      'eventConfigurations.CERTIFICATE',
      'eventConfigurations.CA_CERTIFICATE',
    ],
  },
  iotdata: {},
  jobsdata: {},
};
