/** What a template's thing comes to beside the thing that is there: created, changed by its overrides, or refused. */
import { sameAttributes } from '../registry/attributes.ts';
import type { MembershipChange } from '../registry/membership-service.ts';
import type { Thing } from '../registry/thing.ts';
import type { CreateThing, UpdateThing } from '../registry/thing-service.ts';
import { conflict, type ThingResource } from './resources.ts';

/** A thing together with the static groups it is in. */
export interface PresentThing extends Thing {
  readonly thingGroups: readonly string[];
}

export interface ThingPlan {
  readonly resource: ThingResource;
  readonly create?: CreateThing;
  readonly update?: UpdateThing;
  readonly memberships?: Pick<MembershipChange, 'add' | 'remove'>;
  readonly joinsBillingGroup?: boolean;
}

/** Throws `ConflictingResourceUpdateException` for a difference whose override is `FAIL`. */
export function planThing(resource: ThingResource, present: PresentThing | undefined): ThingPlan {
  const { thingName, thingTypeName, attributes, thingGroups = [], billingGroup } = resource;
  if (!present) {
    const create = { thingName, thingTypeName, attributePayload: { attributes }, billingGroupName: billingGroup };
    return { resource, create, ...(thingGroups.length > 0 && { memberships: { add: thingGroups } }) };
  }
  const update = { ...typeUpdate(resource, present), ...attributeUpdate(resource, present) };
  const memberships = membershipChange(resource, present);
  return {
    resource,
    ...(Object.keys(update).length > 0 && { update: { thingName, expectedVersion: present.version, ...update } }),
    ...(memberships && { memberships }),
    // Billing groups know no override; a thing that is in one stays there.
    ...(billingGroup !== undefined && present.billingGroupName === undefined && { joinsBillingGroup: true }),
  };
}

function typeUpdate({ logicalName, thingTypeName, overrides }: ThingResource, present: Thing): Partial<UpdateThing> {
  if (thingTypeName === undefined || thingTypeName === present.thingTypeName) return {};
  if (overrides.ThingTypeName === 'FAIL') throw conflict(logicalName, 'the thing has another type');
  return overrides.ThingTypeName === 'REPLACE' ? { thingTypeName } : {};
}

function attributeUpdate({ logicalName, attributes, overrides }: ThingResource, present: Thing): Partial<UpdateThing> {
  if (attributes === undefined || sameAttributes(attributes, present.attributes)) return {};
  switch (overrides.AttributePayload) {
    case 'FAIL':
      throw conflict(logicalName, 'the thing has other attributes');
    case 'DO_NOTHING':
      return {};
    case 'REPLACE':
      return { attributePayload: { attributes } };
    case 'MERGE':
      return { attributePayload: { attributes, merge: true } };
  }
}

function membershipChange(
  { logicalName, thingGroups, overrides }: ThingResource,
  present: PresentThing,
): ThingPlan['memberships'] {
  if (thingGroups === undefined) return undefined;
  const add = thingGroups.filter(name => !present.thingGroups.includes(name));
  const remove = present.thingGroups.filter(name => !thingGroups.includes(name));
  if (add.length + remove.length === 0) return undefined;
  switch (overrides.ThingGroups) {
    case 'FAIL':
      throw conflict(logicalName, 'the thing is in other groups');
    case 'DO_NOTHING':
      return undefined;
    case 'REPLACE':
      return { add, remove };
    case 'MERGE':
      return add.length > 0 ? { add } : undefined;
  }
}
