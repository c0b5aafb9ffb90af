/** What the rules' SQL may ask of the program: shadows, the registry, functions. */
import { randomUUID } from 'node:crypto';
import {
  type Clock,
  type EvaluationContext,
  type ExternalServices,
  isRejection,
  type Realm,
  type Shadows,
  type ThingGroupMemberships,
  type Things,
  thingArn,
  thingGroupArn,
} from '@thingd/core';

export interface ExternalServicesOptions {
  readonly clock: Clock;
  readonly shadows: Shadows;
  readonly things: Things;
  readonly thingGroupMemberships: ThingGroupMemberships;
  /** Invokes a function with JSON text and resolves to what it returned, as JSON text. */
  readonly invokeFunction: (functionArn: string, event: string) => Promise<string>;
}

export const evaluationContext =
  (options: ExternalServicesOptions) =>
  (realm: Realm): EvaluationContext => ({
    accountId: realm.accountId,
    clock: options.clock,
    random: Math.random,
    uuid: randomUUID,
    services: externalServices(realm, options),
  });

const empty = Buffer.alloc(0);

function externalServices(realm: Realm, options: ExternalServicesOptions): ExternalServices {
  const { shadows, things, thingGroupMemberships, invokeFunction } = options;
  return {
    invokeLambda: invokeFunction,
    async getThingShadow(thingName, shadowName = '') {
      const document = await shadows.get(realm, { thingName, shadowName }, empty);
      if (isRejection(document)) throw new Error(document.message);
      return document;
    },
    async getRegistryData(operation, thingName) {
      if (operation === 'DescribeThing') return describeThing(realm, things, thingName);
      const { items } = await thingGroupMemberships.ofThing(realm, thingName, { maxResults: 250 });
      const thingGroups = items.map(groupName => ({ groupName, groupArn: thingGroupArn(realm, groupName) }));
      return JSON.stringify({ thingGroups });
    },
    getDynamodbItem: () => unavailable('get_dynamodb'),
    getSecret: () => unavailable('get_secret'),
    predict: () => unavailable('machinelearning_predict'),
    getDescriptorSet: () => unavailable('decode(…, "proto")'),
  };
}

async function describeThing(realm: Realm, things: Things, thingName: string): Promise<string> {
  const { thingId, thingTypeName, attributes, version, billingGroupName } = await things.describe(realm, thingName);
  return JSON.stringify({
    defaultClientId: thingName,
    thingName,
    thingId,
    thingArn: thingArn(realm, thingName),
    thingTypeName,
    attributes,
    version,
    billingGroupName,
  });
}

const unavailable = (name: string): Promise<never> =>
  Promise.reject(new Error(`\`${name}\` asks a service of AWS that thingd cannot reach`));
