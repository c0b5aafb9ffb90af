/** Thing groups, static and dynamic, and their members. */
import {
  type DynamicThingGroups,
  type Realm,
  ServiceError,
  type ThingGroupInPlace,
  type ThingGroupMemberships,
  type ThingGroups,
  thingGroupArn,
} from '@thingd/core';
import type { IotHandlers } from './operation.ts';
import { resourceName } from './resource-name.ts';

export interface ThingGroupServices {
  readonly thingGroups: ThingGroups;
  readonly dynamicThingGroups: DynamicThingGroups;
  readonly thingGroupMemberships: ThingGroupMemberships;
}

export const thingGroupOperations = (services: ThingGroupServices): IotHandlers => {
  const { thingGroups, dynamicThingGroups, thingGroupMemberships } = services;
  return {
    async CreateThingGroup(input, { realm }) {
      const { thingGroupName, thingGroupId } = await thingGroups.create(realm, input);
      return { thingGroupName, thingGroupArn: thingGroupArn(realm, thingGroupName), thingGroupId };
    },

    async DescribeThingGroup({ thingGroupName }, { realm }) {
      return descriptionOf(realm, await thingGroups.describe(realm, thingGroupName));
    },

    async UpdateThingGroup(input, { realm }) {
      const { version } = await thingGroups.update(realm, input);
      return { version };
    },

    async DeleteThingGroup({ thingGroupName, expectedVersion }, { realm }) {
      await thingGroups.delete(realm, thingGroupName, expectedVersion);
    },

    async ListThingGroups(input, { realm }) {
      const { items, nextToken } = await thingGroups.list(realm, input);
      return { thingGroups: items.map(group => nameAndArn(realm, group.thingGroupName)), nextToken };
    },

    async AddThingToThingGroup(input, { realm }) {
      const { thingName, thingGroupName } = membershipOf(realm, input);
      const { overrideDynamicGroups } = input;
      await thingGroupMemberships.change(realm, { thingName, add: [thingGroupName], overrideDynamicGroups });
    },

    async RemoveThingFromThingGroup(input, { realm }) {
      const { thingName, thingGroupName } = membershipOf(realm, input);
      await thingGroupMemberships.change(realm, { thingName, remove: [thingGroupName] });
    },

    async UpdateThingGroupsForThing(input, { realm }) {
      const { thingName, thingGroupsToAdd: add, thingGroupsToRemove: remove, overrideDynamicGroups } = input;
      if (thingName === undefined) throw new ServiceError('InvalidRequestException', '`thingName` is needed');
      await thingGroupMemberships.change(realm, { thingName, add, remove, overrideDynamicGroups });
    },

    async ListThingGroupsForThing({ thingName, ...page }, { realm }) {
      const { items, nextToken } = await thingGroupMemberships.ofThing(realm, thingName, page);
      return { thingGroups: items.map(name => nameAndArn(realm, name)), nextToken };
    },

    async ListThingsInThingGroup({ thingGroupName, ...page }, { realm }) {
      const { items, nextToken } = await thingGroupMemberships.ofGroup(realm, thingGroupName, page);
      return { things: items, nextToken };
    },

    async CreateDynamicThingGroup(input, { realm }) {
      const { thingGroupName, thingGroupId, query } = await dynamicThingGroups.create(realm, input);
      const { indexName, queryString, queryVersion } = query;
      const ids = { thingGroupName, thingGroupArn: thingGroupArn(realm, thingGroupName), thingGroupId };
      return { ...ids, indexName, queryString, queryVersion };
    },

    async UpdateDynamicThingGroup(input, { realm }) {
      const { version } = await dynamicThingGroups.update(realm, input);
      return { version };
    },

    async DeleteDynamicThingGroup({ thingGroupName, expectedVersion }, { realm }) {
      await dynamicThingGroups.delete(realm, thingGroupName, expectedVersion);
    },
  };
};

/** Of a dynamic group its query too, and nothing of a hierarchy, in which it does not stand. */
const descriptionOf = (realm: Realm, { group, ancestors }: ThingGroupInPlace) => ({
  thingGroupName: group.thingGroupName,
  thingGroupId: group.thingGroupId,
  thingGroupArn: thingGroupArn(realm, group.thingGroupName),
  version: group.version,
  thingGroupProperties: {
    thingGroupDescription: group.description,
    // Terraform takes attributes that are there and empty for a change.
    ...(Object.keys(group.attributes).length > 0 && { attributePayload: { attributes: group.attributes } }),
  },
  thingGroupMetadata: {
    ...(!group.query && {
      parentGroupName: group.parentGroupName,
      rootToParentThingGroups: ancestors.map(name => nameAndArn(realm, name)),
    }),
    creationDate: new Date(group.createdAt),
  },
  ...group.query,
});

interface MembershipInput {
  readonly thingName?: string;
  readonly thingArn?: string;
  readonly thingGroupName?: string;
  readonly thingGroupArn?: string;
}

/** AWS takes names or ARNs, for the thing as for the group. */
const membershipOf = (realm: Realm, input: MembershipInput) => ({
  thingName: resourceName(realm, 'thing', input.thingName, input.thingArn),
  thingGroupName: resourceName(realm, 'thinggroup', input.thingGroupName, input.thingGroupArn),
});

const nameAndArn = (realm: Realm, groupName: string) => ({ groupName, groupArn: thingGroupArn(realm, groupName) });
