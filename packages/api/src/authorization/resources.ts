/**
 * Which resources an operation acts on, as ARNs for the policy engine. *AWS Service Authorization Reference: Actions,
 * resources, and condition keys for AWS IoT.* An operation without an entry is authorised on the resources its path names,
 * and on `*` where it names none.
 */
import { iotArn, type Realm } from '@thingd/core';
import type { IotOperationName } from '../generated/iot.ts';
import type { IotJobsDataOperationName } from '../generated/iot-jobs-data.ts';
import type { IotDataOperationName } from '../generated/iotdata.ts';
import type { OperationModel, ServiceName } from '../protocol/model.ts';
import { labelNames } from '../protocol/router.ts';

/** A resource type's ARN prefix and the input member with its name, or the member that holds a whole ARN. */
type Resource = readonly [prefix: string, member: string] | { readonly arn: string };

/** Labels that name a resource, and the prefix of its ARN. */
const byLabel: Readonly<Record<string, string>> = {
  actionName: 'mitigationaction',
  authorizerName: 'authorizer',
  billingGroupName: 'billinggroup',
  certificateId: 'cert',
  certificateProviderName: 'certificateprovider',
  clientId: 'client',
  commandId: 'command',
  domainConfigurationName: 'domainconfiguration',
  indexName: 'index',
  jobId: 'job',
  jobTemplateId: 'jobtemplate',
  metricName: 'custommetric',
  name: 'dimension',
  otaUpdateId: 'otaupdate',
  packageName: 'package',
  policyName: 'policy',
  roleAlias: 'rolealias',
  ruleName: 'rule',
  scheduledAuditName: 'scheduledaudit',
  securityProfileName: 'securityprofile',
  streamId: 'stream',
  templateName: 'provisioningtemplate',
  thingGroupName: 'thinggroup',
  thingName: 'thing',
  thingTypeName: 'thingtype',
  topic: 'topic',
};

const target: readonly Resource[] = [{ arn: 'target' }];
const principal: readonly Resource[] = [{ arn: 'principal' }];
const resourceArn: readonly Resource[] = [{ arn: 'resourceArn' }];
const cacert: readonly Resource[] = [['cacert', 'certificateId']];
const fleetMetric: readonly Resource[] = [['fleetmetric', 'metricName']];
const index: readonly Resource[] = [['index', 'indexName']];
const thingAndBillingGroup: readonly Resource[] = [
  ['billinggroup', 'billingGroupName'],
  { arn: 'billingGroupArn' },
  ['thing', 'thingName'],
  { arn: 'thingArn' },
];
const thingAndThingGroup: readonly Resource[] = [
  ['thing', 'thingName'],
  { arn: 'thingArn' },
  ['thinggroup', 'thingGroupName'],
  { arn: 'thingGroupArn' },
];
const securityProfileAndTarget: readonly Resource[] = [
  ['securityprofile', 'securityProfileName'],
  { arn: 'securityProfileTargetArn' },
];
const jobAndTargets: readonly Resource[] = [['job', 'jobId'], { arn: 'targets' }];
const commandTarget: readonly Resource[] = [{ arn: 'targetArn' }];
const packageVersion: readonly Resource[] = [['package', 'packageName/version/versionName']];
const packageAndVersion: readonly Resource[] = [['package', 'packageName'], ...packageVersion];
const thingShadow: readonly Resource[] = [['thing', 'thingName/shadowName']];

/** Operations whose resources are not the ones their path names. */
const byOperation: {
  readonly [Name in IotOperationName | IotDataOperationName | IotJobsDataOperationName]?: readonly Resource[];
} = {
  AddThingToBillingGroup: thingAndBillingGroup,
  AddThingToThingGroup: thingAndThingGroup,
  AssociateSbomWithPackageVersion: packageVersion,
  AssociateTargetsWithJob: jobAndTargets,
  AttachPolicy: target,
  AttachPrincipalPolicy: principal,
  AttachSecurityProfile: securityProfileAndTarget,
  AttachThingPrincipal: principal,
  CreateFleetMetric: [...fleetMetric, ...index],
  CreateJob: jobAndTargets,
  CreatePackageVersion: packageAndVersion,
  CreateProvisioningTemplate: [['provisioningtemplate', 'templateName']],
  DeleteCACertificate: cacert,
  DeleteCommandExecution: commandTarget,
  DeleteFleetMetric: fleetMetric,
  DeletePackageVersion: packageAndVersion,
  DeleteThingShadow: thingShadow,
  DeleteTopicRuleDestination: [{ arn: 'arn' }],
  DescribeCACertificate: cacert,
  DescribeFleetMetric: fleetMetric,
  DescribeManagedJobTemplate: [['jobtemplate', 'templateName']],
  DetachPolicy: target,
  DetachPrincipalPolicy: principal,
  DetachSecurityProfile: securityProfileAndTarget,
  DetachThingPrincipal: principal,
  DisassociateSbomFromPackageVersion: packageVersion,
  GetBucketsAggregation: index,
  GetCardinality: index,
  GetCommandExecution: commandTarget,
  GetEffectivePolicies: principal,
  GetPackageVersion: packageAndVersion,
  GetPercentiles: index,
  GetStatistics: index,
  GetThingShadow: thingShadow,
  GetTopicRuleDestination: [{ arn: 'arn' }],
  ListCertificatesByCA: [],
  ListCommandExecutions: [{ arn: 'targetArn' }, { arn: 'commandArn' }],
  ListMetricValues: [['thing', 'thingName']],
  ListPackageVersions: [],
  ListPrincipalThings: principal,
  ListPrincipalThingsV2: principal,
  ListSbomValidationResults: packageVersion,
  ListSecurityProfilesForTarget: [{ arn: 'securityProfileTargetArn' }],
  ListTagsForResource: resourceArn,
  RemoveThingFromBillingGroup: thingAndBillingGroup,
  RemoveThingFromThingGroup: thingAndThingGroup,
  SearchIndex: index,
  SetDefaultAuthorizer: [['authorizer', 'authorizerName']],
  StartCommandExecution: [{ arn: 'commandArn' }, { arn: 'targetArn' }],
  TagResource: resourceArn,
  UntagResource: resourceArn,
  UpdateCACertificate: cacert,
  UpdateFleetMetric: [...fleetMetric, ...index],
  UpdatePackageVersion: packageAndVersion,
  UpdateThingGroupsForThing: [['thing', 'thingName']],
  UpdateThingShadow: thingShadow,
  UpdateTopicRuleDestination: [{ arn: 'arn' }],
};

/** The ARNs that a call of `operationName` with `input` needs permission on; at least one, `*` when it names none. */
export function resourcesOf(
  realm: Realm,
  service: ServiceName,
  operationName: string,
  operation: OperationModel,
  input: Readonly<Record<string, unknown>>,
): string[] {
  // `DescribeJobExecution` exists in two services; a device's own view of a job is the thing's.
  const devices = service === 'jobsdata' && operation.path.startsWith('/things/');
  const resources = devices
    ? [['thing', 'thingName'] as const]
    : (byOperation[operationName as IotOperationName] ?? labelResources(operation));
  const arns = resources.flatMap(resource => arnsOf(realm, resource, input));
  return arns.length > 0 ? arns : ['*'];
}

const labelResources = (operation: OperationModel): Resource[] =>
  labelNames(operation.path).flatMap(label => {
    const prefix = byLabel[label === 'caCertificateId' ? 'certificateId' : label];
    return prefix === undefined ? [] : [[prefix, label] as const];
  });

function arnsOf(realm: Realm, resource: Resource, input: Readonly<Record<string, unknown>>): string[] {
  if ('arn' in resource) {
    const value = input[resource.arn];
    return (Array.isArray(value) ? value : [value]).filter(arn => typeof arn === 'string');
  }
  const [prefix, path] = resource;
  const [first = '', ...more] = path.split('/');
  const name = input[first] ?? (first === 'indexName' ? 'AWS_Things' : undefined);
  if (name === undefined) return [];
  // Further parts are literal words or members; a member that is absent ends the name: a classic shadow is its thing.
  const parts = more.map(part => (part === 'version' ? part : input[part])).filter(part => part !== undefined);
  return [iotArn(realm, [prefix, name, ...parts].join('/'))];
}
