/** `get_registry_data` and `get_thing_shadow`: what thingd knows itself. */
import {
  type ExternalServices,
  isRejection,
  type Realm,
  type Shadows,
  type ThingGroupMemberships,
  type Things,
  thingArn,
  thingGroupArn,
} from '@thingd/core';

export interface RegistryOptions {
  readonly shadows: Shadows;
  readonly things: Things;
  readonly thingGroupMemberships: ThingGroupMemberships;
}

type RegistryServices = Pick<ExternalServices, 'getThingShadow' | 'getRegistryData'>;

const empty = Buffer.alloc(0);

export const registryData =
  ({ shadows, things, thingGroupMemberships }: RegistryOptions) =>
  (realm: Realm): RegistryServices => ({
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
  });

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
