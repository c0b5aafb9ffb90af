/** What is published when the registry changes: topics and payloads, as pure functions. *AWS: Registry events*. */
import { createHash } from 'node:crypto';
import type { Realm } from '../realm.ts';
import { type Thing, thingArn } from '../registry/thing.ts';
import { type ThingGroup, thingGroupArn } from '../registry/thing-group.ts';
import type { ThingType } from '../registry/thing-type.ts';
import type { Operation } from './changes.ts';
import type { EventType } from './event-configuration.ts';
import type { EventMessage } from './lifecycle.ts';

/** A message, and the kind that must be switched on for it to be published. */
export interface RegistryEvent extends EventMessage {
  readonly eventType: EventType;
}

export interface EventStamp {
  /** A UUID, another for each event. */
  readonly eventId: () => string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

const event = (
  realm: Realm,
  { eventId, timestamp }: EventStamp,
  eventType: EventType,
  topic: string,
  operation: string,
  details: Readonly<Record<string, unknown>>,
): RegistryEvent => ({
  eventType,
  topic: `$aws/events/${topic}/${operation}`,
  payload: {
    eventType: `${eventType}_EVENT`,
    eventId: eventId(),
    timestamp,
    operation: operation.toUpperCase(),
    accountId: realm.accountId,
    ...details,
  },
});

export const thingEvent = (realm: Realm, stamp: EventStamp, operation: Operation, thing: Thing): RegistryEvent => {
  const { thingId, thingName, version, thingTypeName, attributes } = thing;
  return event(realm, stamp, 'THING', `thing/${thingName}`, operation, {
    thingId,
    thingName,
    versionNumber: version,
    thingTypeName: thingTypeName ?? null,
    attributes,
  });
};

/** What a thing's change means for its type: one left, one joined, or nothing. */
export function thingTypeAssociationEvents(
  realm: Realm,
  stamp: EventStamp,
  thing: Thing,
  previousTypeName: string | undefined,
): RegistryEvent[] {
  const { thingId, thingName, thingTypeName } = thing;
  if (thingTypeName === previousTypeName) return [];
  const association = (typeName: string, operation: 'added' | 'removed') =>
    event(
      realm,
      stamp,
      'THING_TYPE_ASSOCIATION',
      `thingTypeAssociation/thing/${thingName}/thingType/${typeName}`,
      operation,
      {
        thingId,
        thingName,
        thingTypeName: typeName,
      },
    );
  return [
    ...(previousTypeName === undefined ? [] : [association(previousTypeName, 'removed')]),
    ...(thingTypeName === undefined ? [] : [association(thingTypeName, 'added')]),
  ];
}

export const thingTypeEvent = (
  realm: Realm,
  stamp: EventStamp,
  operation: Operation,
  { thingTypeName, thingTypeId, properties, deprecatedAt }: ThingType,
): RegistryEvent =>
  event(realm, stamp, 'THING_TYPE', `thingType/${thingTypeName}`, operation, {
    thingTypeId,
    thingTypeName,
    isDeprecated: deprecatedAt !== undefined,
    deprecationDate: deprecatedAt ?? null,
    searchableAttributes: properties.searchableAttributes ?? [],
    propagatingAttributes: properties.mqtt5Configuration?.propagatingAttributes ?? [],
    description: properties.thingTypeDescription ?? null,
  });

/** `ancestors` are the groups above, the root first and the parent last. */
export const thingGroupEvent = (
  realm: Realm,
  stamp: EventStamp,
  operation: Operation,
  { thingGroupName, thingGroupId, version, description, attributes }: ThingGroup,
  ancestors: readonly ThingGroup[],
): RegistryEvent =>
  event(realm, stamp, 'THING_GROUP', `thingGroup/${thingGroupName}`, operation, {
    thingGroupId,
    thingGroupName,
    versionNumber: version,
    parentGroupName: ancestors.at(-1)?.thingGroupName ?? null,
    parentGroupId: ancestors.at(-1)?.thingGroupId ?? null,
    description: description ?? null,
    rootToParentThingGroups: ancestors.map(group => ({
      groupArn: thingGroupArn(realm, group.thingGroupName),
      groupId: group.thingGroupId,
    })),
    attributes,
    dynamicGroupMappingId: null,
  });

export const thingGroupHierarchyEvent = (
  realm: Realm,
  stamp: EventStamp,
  operation: 'added' | 'removed',
  parent: ThingGroup,
  child: ThingGroup,
): RegistryEvent => {
  const topic = `thingGroupHierarchy/thingGroup/${parent.thingGroupName}/childThingGroup/${child.thingGroupName}`;
  return event(realm, stamp, 'THING_GROUP_HIERARCHY', topic, operation, {
    thingGroupId: parent.thingGroupId,
    thingGroupName: parent.thingGroupName,
    childGroupId: child.thingGroupId,
    childGroupName: child.thingGroupName,
  });
};

export const thingGroupMembershipEvent = (
  realm: Realm,
  stamp: EventStamp,
  operation: 'added' | 'removed',
  group: ThingGroup,
  thing: Thing,
): RegistryEvent => {
  const topic = `thingGroupMembership/thingGroup/${group.thingGroupName}/thing/${thing.thingName}`;
  return event(realm, stamp, 'THING_GROUP_MEMBERSHIP', topic, operation, {
    groupArn: thingGroupArn(realm, group.thingGroupName),
    groupId: group.thingGroupId,
    thingArn: thingArn(realm, thing.thingName),
    thingId: thing.thingId,
    membershipId: membershipId(group.thingGroupId, thing.thingId),
  });
};

/** An id for the relationship of a thing and a group, made of theirs: the same when the thing joins and when it leaves. */
function membershipId(thingGroupId: string, thingId: string): string {
  const hex = createHash('sha256').update(`${thingGroupId} ${thingId}`).digest('hex');
  // A UUID of version 8, whose bits are the maker's own. [RFC 9562, 5.8]
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
