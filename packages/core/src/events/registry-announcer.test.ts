import { beforeEach, describe, expect, test } from 'vitest';
import { ThingGroupMemberships } from '../registry/membership-service.ts';
import { ThingGroups } from '../registry/thing-group-service.ts';
import { Things } from '../registry/thing-service.ts';
import { ThingTypes } from '../registry/thing-type-service.ts';
import { openDomain, realm, type TestDomain } from '../testing/domain.ts';
import { EventConfigurations, type EventType, eventTypes } from './event-configuration.ts';
import { RegistryAnnouncer } from './registry-announcer.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let domain: TestDomain;
let configurations: EventConfigurations;
let announcer: RegistryAnnouncer;
let published: { readonly topic: string; readonly payload: Readonly<Record<string, unknown>> }[];
let failures: unknown[];
let things: Things;
let types: ThingTypes;
let groups: ThingGroups;
let memberships: ThingGroupMemberships;

beforeEach(async () => {
  domain = await openDomain();
  published = [];
  failures = [];
  configurations = new EventConfigurations(domain);
  announcer = new RegistryAnnouncer(domain, {
    configurations,
    publish: (_realm, topic, payload) => published.push({ topic, payload: payload as Record<string, unknown> }),
    failed: error => failures.push(error),
  });
  things = new Things(domain);
  types = new ThingTypes(domain);
  groups = new ThingGroups(domain);
  memberships = new ThingGroupMemberships(domain);
});

const enable = (...kinds: readonly EventType[]) =>
  configurations.update(realm, Object.fromEntries(kinds.map(kind => [kind, true])));

const topics = async (): Promise<string[]> => {
  await announcer.close();
  expect(failures).toEqual([]);
  return published.map(({ topic }) => topic.replace('$aws/events/', ''));
};

describe('a thing', () => {
  test('is told of when it is created, updated and deleted, in that order', async () => {
    await enable('THING');
    const { thingId } = await things.create(realm, { thingName: 'lamp', attributePayload: { attributes: { a: '1' } } });
    await things.update(realm, { thingName: 'lamp', attributePayload: { attributes: { a: '2' } } });
    await things.delete(realm, 'lamp');
    expect(await topics()).toEqual(['thing/lamp/created', 'thing/lamp/updated', 'thing/lamp/deleted']);
    const common = {
      eventType: 'THING_EVENT',
      eventId: expect.stringMatching(uuid),
      timestamp: domain.clock.now(),
      accountId: realm.accountId,
      thingId,
      thingName: 'lamp',
      thingTypeName: null,
    };
    expect(published.map(({ payload }) => payload)).toEqual([
      { ...common, operation: 'CREATED', versionNumber: 1, attributes: { a: '1' } },
      { ...common, operation: 'UPDATED', versionNumber: 2, attributes: { a: '2' } },
      { ...common, operation: 'DELETED', versionNumber: 2, attributes: { a: '2' } },
    ]);
    expect(new Set(published.map(({ payload }) => payload.eventId)).size).toBe(3);
  });

  test('joins and leaves its type', async () => {
    await enable('THING_TYPE_ASSOCIATION');
    for (const thingTypeName of ['bulb', 'tube']) await types.create(realm, { thingTypeName });
    const { thingId } = await things.create(realm, { thingName: 'lamp', thingTypeName: 'bulb' });
    await things.update(realm, { thingName: 'lamp', attributePayload: { attributes: { a: '1' } } });
    await things.update(realm, { thingName: 'lamp', thingTypeName: 'tube' });
    await things.update(realm, { thingName: 'lamp', removeThingType: true });
    await things.delete(realm, 'lamp');
    expect(await topics()).toEqual([
      'thingTypeAssociation/thing/lamp/thingType/bulb/added',
      'thingTypeAssociation/thing/lamp/thingType/bulb/removed',
      'thingTypeAssociation/thing/lamp/thingType/tube/added',
      'thingTypeAssociation/thing/lamp/thingType/tube/removed',
    ]);
    expect(published[0]!.payload).toMatchObject({
      eventType: 'THING_TYPE_ASSOCIATION_EVENT',
      operation: 'ADDED',
      thingId,
      thingName: 'lamp',
      thingTypeName: 'bulb',
    });
  });

  test('that is refused is not told of', async () => {
    await enable('THING');
    await things.create(realm, { thingName: 'lamp' });
    await expect(things.update(realm, { thingName: 'lamp', expectedVersion: 7 })).rejects.toThrow();
    await things.create(realm, { thingName: 'lamp' });
    await things.delete(realm, 'nothing');
    expect(await topics()).toEqual(['thing/lamp/created']);
  });
});

test('a thing type is told of with its deprecation', async () => {
  await enable('THING_TYPE');
  const { thingTypeId } = await types.create(realm, {
    thingTypeName: 'bulb',
    thingTypeProperties: { thingTypeDescription: 'shines', searchableAttributes: ['watts'] },
  });
  await types.deprecate(realm, 'bulb');
  const deprecationDate = domain.clock.now();
  domain.clock.advance(24 * 3_600_000);
  await types.delete(realm, 'bulb');
  expect(await topics()).toEqual(['thingType/bulb/created', 'thingType/bulb/updated', 'thingType/bulb/deleted']);
  expect(published[0]!.payload).toMatchObject({
    eventType: 'THING_TYPE_EVENT',
    operation: 'CREATED',
    thingTypeId,
    isDeprecated: false,
    deprecationDate: null,
    searchableAttributes: ['watts'],
    propagatingAttributes: [],
    description: 'shines',
  });
  expect(published[1]!.payload).toMatchObject({ operation: 'UPDATED', isDeprecated: true, deprecationDate });
});

test('a group is told of with those above it, and its place in the hierarchy when it comes and goes', async () => {
  await enable('THING_GROUP', 'THING_GROUP_HIERARCHY');
  const house = await groups.create(realm, { thingGroupName: 'house' });
  const floor = await groups.create(realm, { thingGroupName: 'floor', parentGroupName: 'house' });
  const room = await groups.create(realm, { thingGroupName: 'room', parentGroupName: 'floor' });
  await groups.update(realm, { thingGroupName: 'room', thingGroupProperties: { thingGroupDescription: 'warm' } });
  await groups.delete(realm, 'room');
  expect(await topics()).toEqual([
    'thingGroup/house/created',
    'thingGroup/floor/created',
    'thingGroupHierarchy/thingGroup/house/childThingGroup/floor/added',
    'thingGroup/room/created',
    'thingGroupHierarchy/thingGroup/floor/childThingGroup/room/added',
    'thingGroup/room/updated',
    'thingGroup/room/deleted',
    'thingGroupHierarchy/thingGroup/floor/childThingGroup/room/removed',
  ]);
  expect(published[0]!.payload).toMatchObject({ parentGroupName: null, parentGroupId: null, description: null });
  const arn = (name: string) => `arn:aws:iot:${realm.region}:${realm.accountId}:thinggroup/${name}`;
  expect(published[5]!.payload).toEqual({
    eventType: 'THING_GROUP_EVENT',
    eventId: expect.stringMatching(uuid),
    timestamp: domain.clock.now(),
    operation: 'UPDATED',
    accountId: realm.accountId,
    thingGroupId: room.thingGroupId,
    thingGroupName: 'room',
    versionNumber: 2,
    parentGroupName: 'floor',
    parentGroupId: floor.thingGroupId,
    description: 'warm',
    rootToParentThingGroups: [
      { groupArn: arn('house'), groupId: house.thingGroupId },
      { groupArn: arn('floor'), groupId: floor.thingGroupId },
    ],
    attributes: {},
    dynamicGroupMappingId: null,
  });
  expect(published[7]!.payload).toMatchObject({
    eventType: 'THING_GROUP_HIERARCHY_EVENT',
    operation: 'REMOVED',
    thingGroupId: floor.thingGroupId,
    thingGroupName: 'floor',
    childGroupId: room.thingGroupId,
    childGroupName: 'room',
  });
});

test('a membership has one id from beginning to end', async () => {
  await enable('THING_GROUP_MEMBERSHIP');
  const { thingGroupId } = await groups.create(realm, { thingGroupName: 'house' });
  await groups.create(realm, { thingGroupName: 'fleet' });
  const { thingId } = await things.create(realm, { thingName: 'lamp' });
  await memberships.change(realm, { thingName: 'lamp', add: ['house'] });
  await memberships.change(realm, { thingName: 'lamp', add: ['fleet'], remove: ['house'] });
  expect(await topics()).toEqual([
    'thingGroupMembership/thingGroup/house/thing/lamp/added',
    'thingGroupMembership/thingGroup/house/thing/lamp/removed',
    'thingGroupMembership/thingGroup/fleet/thing/lamp/added',
  ]);
  const [joined, left, other] = published.map(({ payload }) => payload);
  expect(joined).toMatchObject({
    eventType: 'THING_GROUP_MEMBERSHIP_EVENT',
    operation: 'ADDED',
    groupArn: `arn:aws:iot:${realm.region}:${realm.accountId}:thinggroup/house`,
    groupId: thingGroupId,
    thingArn: `arn:aws:iot:${realm.region}:${realm.accountId}:thing/lamp`,
    thingId,
    membershipId: expect.stringMatching(uuid),
  });
  expect(left!.membershipId).toBe(joined!.membershipId);
  expect(other!.membershipId).not.toBe(joined!.membershipId);
});

test('nothing is told of what is not switched on', async () => {
  await enable(...eventTypes.filter(kind => kind !== 'THING'));
  await things.create(realm, { thingName: 'lamp' });
  await groups.create(realm, { thingGroupName: 'house' });
  expect(await topics()).toEqual(['thingGroup/house/created']);
});

test('a store that fails costs the events it was needed for, and no others', async () => {
  await enable('THING', 'THING_GROUP_MEMBERSHIP');
  await groups.create(realm, { thingGroupName: 'house' });
  await things.create(realm, { thingName: 'lamp' });
  await configurations.isEnabled(realm, 'THING');
  const { all } = domain.store;
  domain.store.all = () => Promise.reject(new Error('gone'));
  const told = { kind: 'thingGroupMembership', realm, thingName: 'lamp', thingGroupName: 'house' } as const;
  domain.changes.emit({ ...told, operation: 'added' });
  await expect.poll(() => failures).toHaveLength(1);
  domain.store.all = all;
  domain.changes.emit({ ...told, operation: 'added' });
  await announcer.close();
  expect(published.map(({ topic }) => topic)).toEqual([
    '$aws/events/thing/lamp/created',
    '$aws/events/thingGroupMembership/thingGroup/house/thing/lamp/added',
  ]);
});
