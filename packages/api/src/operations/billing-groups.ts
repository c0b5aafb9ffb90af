/** Billing groups and the things in them. */
import { type BillingGroup, type BillingGroups, billingGroupArn, type Realm } from '@thingd/core';
import type { IotHandlers } from './operation.ts';
import { resourceName } from './resource-name.ts';

export interface BillingGroupServices {
  readonly billingGroups: BillingGroups;
}

export const billingGroupOperations = ({ billingGroups }: BillingGroupServices): IotHandlers => ({
  async CreateBillingGroup(input, { realm }) {
    return idsOf(realm, await billingGroups.create(realm, input));
  },

  async DescribeBillingGroup({ billingGroupName }, { realm }) {
    const group = await billingGroups.describe(realm, billingGroupName);
    return {
      ...idsOf(realm, group),
      version: group.version,
      billingGroupProperties: { billingGroupDescription: group.description },
      billingGroupMetadata: { creationDate: new Date(group.createdAt) },
    };
  },

  async UpdateBillingGroup(input, { realm }) {
    const { version } = await billingGroups.update(realm, input);
    return { version };
  },

  async DeleteBillingGroup({ billingGroupName, expectedVersion }, { realm }) {
    await billingGroups.delete(realm, billingGroupName, expectedVersion);
  },

  async ListBillingGroups(input, { realm }) {
    const { items, nextToken } = await billingGroups.list(realm, input);
    const groups = items.map(({ billingGroupName: groupName }) => ({
      groupName,
      groupArn: billingGroupArn(realm, groupName),
    }));
    return { billingGroups: groups, nextToken };
  },

  async AddThingToBillingGroup(input, { realm }) {
    const { thingName, billingGroupName } = membershipOf(realm, input);
    await billingGroups.add(realm, thingName, billingGroupName);
  },

  async RemoveThingFromBillingGroup(input, { realm }) {
    const { thingName, billingGroupName } = membershipOf(realm, input);
    await billingGroups.remove(realm, thingName, billingGroupName);
  },

  async ListThingsInBillingGroup({ billingGroupName, ...page }, { realm }) {
    const { items, nextToken } = await billingGroups.things(realm, billingGroupName, page);
    return { things: items, nextToken };
  },
});

const idsOf = (realm: Realm, { billingGroupName, billingGroupId }: BillingGroup) => ({
  billingGroupName,
  billingGroupArn: billingGroupArn(realm, billingGroupName),
  billingGroupId,
});

interface MembershipInput {
  readonly thingName?: string;
  readonly thingArn?: string;
  readonly billingGroupName?: string;
  readonly billingGroupArn?: string;
}

/** AWS takes names or ARNs, for the thing as for the group. */
const membershipOf = (realm: Realm, input: MembershipInput) => ({
  thingName: resourceName(realm, 'thing', input.thingName, input.thingArn),
  billingGroupName: resourceName(realm, 'billinggroup', input.billingGroupName, input.billingGroupArn),
});
