/**
 * The actions devices are decided on, and the type of resource each is decided on (AWS: AWS IoT Core policy actions, action
 * resources; service authorization reference of AWS IoT). Control actions are the API's operations, `iot:<Operation>`.
 */

/** Types of resource, as they stand in `arn:…:<type>/<name>`; none means the resource is `*`. */
export const dataPlaneActions: ReadonlyMap<string, readonly string[]> = new Map([
  ['iot:Connect', ['client']],
  ['iot:Publish', ['topic']],
  ['iot:RetainPublish', ['topic']],
  ['iot:Subscribe', ['topicfilter']],
  ['iot:Receive', ['topic']],
  ['iot:GetRetainedMessage', ['topic']],
  ['iot:ListRetainedMessages', []],
  ['iot:GetThingShadow', ['thing']],
  ['iot:UpdateThingShadow', ['thing']],
  ['iot:DeleteThingShadow', ['thing']],
  // The developer guide says `*`, the authorization reference says thing.
  ['iot:ListNamedShadowsForThing', ['thing', '*']],
  ['iotjobsdata:DescribeJobExecution', ['thing']],
  ['iotjobsdata:GetPendingJobExecutions', ['thing']],
  ['iotjobsdata:StartNextPendingJobExecution', ['thing']],
  ['iotjobsdata:UpdateJobExecution', ['thing']],
  ['iotjobsdata:StartCommandExecution', ['thing', 'command']],
  ['iot:AssumeRoleWithCertificate', ['rolealias']],
  ['iot:DeleteConnection', ['client']],
  ['iot:GetConnection', ['client']],
  ['iot:ListSubscriptions', ['client']],
  ['iot:SendDirectMessage', ['client']],
]);

const JOBS_PREFIX = 'iotjobsdata:';

/** The names an action answers to: job actions of devices were called `iot:…` before they were `iotjobsdata:…`. */
export function namesOfAction(action: string): string[] {
  return action.startsWith(JOBS_PREFIX) ? [action, `iot:${action.slice(JOBS_PREFIX.length)}`] : [action];
}

/** Every action there is, given the names of the API's operations, such as `CreateThing`. */
export function knownActions(operations: Iterable<string> = []): string[] {
  const dataPlane = [...dataPlaneActions.keys()].flatMap(namesOfAction);
  return [...new Set([...dataPlane, ...Array.from(operations, operation => `iot:${operation}`)])];
}
