/** Static thing groups and their members. */
import {
  parseIotArn,
  type Realm,
  realmKey,
  ServiceError,
  type ThingGroupMemberships,
  type ThingGroups,
  thingGroupArn,
} from '@thingd/core';
import type { IotHandlers } from './operation.ts';

export interface ThingGroupServices {
  readonly thingGroups: ThingGroups;
  readonly thingGroupMemberships: ThingGroupMemberships;
}

export const thingGroupOperations = (services: ThingGroupServices): IotHandlers => {
  const { thingGroups, thingGroupMemberships } = services;
  return {
    async CreateThingGroup(input, { realm }) {
      const { thingGroupName, thingGroupId } = await thingGroups.create(realm, input);
      return { thingGroupName, thingGroupArn: thingGroupArn(realm, thingGroupName), thingGroupId };
    },

    async DescribeThingGroup({ thingGroupName }, { realm }) {
      const { group, ancestors } = await thingGroups.describe(realm, thingGroupName);
      return {
        thingGroupName,
        thingGroupId: group.thingGroupId,
        thingGroupArn: thingGroupArn(realm, thingGroupName),
        version: group.version,
        thingGroupProperties: {
          thingGroupDescription: group.description,
          attributePayload: { attributes: group.attributes },
        },
        thingGroupMetadata: {
          parentGroupName: group.parentGroupName,
          rootToParentThingGroups: ancestors.map(name => nameAndArn(realm, name)),
          creationDate: new Date(group.createdAt),
        },
      };
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
      await thingGroupMemberships.change(realm, { thingName, add: [thingGroupName] });
    },

    async RemoveThingFromThingGroup(input, { realm }) {
      const { thingName, thingGroupName } = membershipOf(realm, input);
      await thingGroupMemberships.change(realm, { thingName, remove: [thingGroupName] });
    },

    async UpdateThingGroupsForThing({ thingName, thingGroupsToAdd, thingGroupsToRemove }, { realm }) {
      if (thingName === undefined) throw invalid('`thingName` is needed');
      await thingGroupMemberships.change(realm, { thingName, add: thingGroupsToAdd, remove: thingGroupsToRemove });
    },

    async ListThingGroupsForThing({ thingName, ...page }, { realm }) {
      const { items, nextToken } = await thingGroupMemberships.ofThing(realm, thingName, page);
      return { thingGroups: items.map(name => nameAndArn(realm, name)), nextToken };
    },

    async ListThingsInThingGroup({ thingGroupName, ...page }, { realm }) {
      const { items, nextToken } = await thingGroupMemberships.ofGroup(realm, thingGroupName, page);
      return { things: items, nextToken };
    },
  };
};

interface MembershipInput {
  readonly thingName?: string;
  readonly thingArn?: string;
  readonly thingGroupName?: string;
  readonly thingGroupArn?: string;
}

/** AWS takes names or ARNs, for the thing as for the group. */
const membershipOf = (realm: Realm, input: MembershipInput) => ({
  thingName: nameFrom(realm, 'thing', input.thingName, input.thingArn),
  thingGroupName: nameFrom(realm, 'thinggroup', input.thingGroupName, input.thingGroupArn),
});

function nameFrom(realm: Realm, type: string, name: string | undefined, arn: string | undefined): string {
  if (arn === undefined) {
    if (name === undefined) throw invalid(`the name or the ARN of the ${type} is needed`);
    return name;
  }
  const resource = parseIotArn(arn);
  if (resource?.type !== type || realmKey(resource.realm) !== realmKey(realm)) {
    throw invalid(`\`${arn}\` is no ${type} of this account and region`);
  }
  if (name !== undefined && name !== resource.name)
    throw invalid(`\`${name}\` and \`${arn}\` are not the same ${type}`);
  return resource.name;
}

const nameAndArn = (realm: Realm, groupName: string) => ({ groupName, groupArn: thingGroupArn(realm, groupName) });

const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
