/** The two policies: what a light may do, and what the backend may do over MQTT. */
import {
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  GetPolicyCommand,
  type IoTClient,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-iot';

export const lightPolicyName = 'lights-light';
export const backendPolicyName = 'lights-backend';
export const backendClientId = 'lights-backend-';

const allow = (Action: string | string[], Resource: string | string[], Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
});

const thing = '${iot:Connection.Thing.ThingName}';

/** @param prefix `arn:aws:iot:<region>:<account>:` */
export const lightPolicy = (prefix: string): object => ({
  Version: '2012-10-17',
  Statement: [
    allow('iot:Connect', `${prefix}client/${thing}`, { Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } }),
    allow(['iot:Publish', 'iot:RetainPublish'], `${prefix}topic/${thing}/data`),
    allow('iot:Subscribe', `${prefix}topicfilter/${thing}/command`),
    allow('iot:Receive', `${prefix}topic/${thing}/command`),
  ],
});

export const backendPolicy = (prefix: string): object => ({
  Version: '2012-10-17',
  Statement: [
    allow('iot:Connect', `${prefix}client/${backendClientId}*`),
    allow('iot:Subscribe', [
      `${prefix}topicfilter/+/data`,
      `${prefix}topicfilter/$aws/events/presence/connected/+`,
      `${prefix}topicfilter/$aws/events/presence/disconnected/+`,
    ]),
    allow('iot:Receive', [`${prefix}topic/*/data`, `${prefix}topic/$aws/events/presence/*`]),
  ],
});

/** `arn:aws:iot:us-east-1:123456789012:cert/…` → `arn:aws:iot:us-east-1:123456789012:` */
export const arnPrefix = (arn: string): string => `${arn.split(':').slice(0, 5).join(':')}:`;

/** Makes the policy, or a new version of it where it says something else. */
export async function ensurePolicy(iot: IoTClient, policyName: string, document: object): Promise<void> {
  const policyDocument = JSON.stringify(document);
  try {
    await iot.send(new CreatePolicyCommand({ policyName, policyDocument }));
  } catch (error) {
    if (!(error instanceof ResourceAlreadyExistsException)) throw error;
    const present = await iot.send(new GetPolicyCommand({ policyName }));
    if (present.policyDocument !== policyDocument) {
      await iot.send(new CreatePolicyVersionCommand({ policyName, policyDocument, setAsDefault: true }));
    }
  }
}
