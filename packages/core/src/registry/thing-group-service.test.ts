import { beforeEach, describe, expect, test } from 'vitest';
import { openDomain, outcomes, realm } from '../testing/domain.ts';
import { awsRegistryLimits } from './limits.ts';
import { ThingGroupMemberships } from './membership-service.ts';
import { ThingGroups } from './thing-group-service.ts';
import { Things } from './thing-service.ts';

const refused = { name: 'InvalidRequestException' };
const notFound = { name: 'ResourceNotFoundException' };

let groups: ThingGroups;
let memberships: ThingGroupMemberships;
let things: Things;

beforeEach(async () => {
  const domain = await openDomain();
  const limits = { ...awsRegistryLimits, directChildGroups: 3, groupsOfThing: 3 };
  groups = new ThingGroups(domain, limits);
  memberships = new ThingGroupMemberships(domain, limits);
  things = new Things(domain);
});

/** Creates groups from paths such as `house/kitchen`. */
async function createGroups(...paths: string[]): Promise<void> {
  for (const path of paths) {
    const [thingGroupName, parentGroupName] = path.split('/').reverse();
    await groups.create(realm, { thingGroupName: thingGroupName!, parentGroupName });
  }
}

const groupNames = async (filter: Parameters<ThingGroups['list']>[1] = {}) =>
  (await groups.list(realm, filter)).items.map(group => group.thingGroupName);

describe('creating a thing group', () => {
  test('keeps its parent, description and attributes', async () => {
    await createGroups('house');
    const kitchen = {
      thingGroupName: 'kitchen',
      parentGroupName: 'house',
      thingGroupProperties: { thingGroupDescription: 'warm', attributePayload: { attributes: { floor: '1' } } },
    };
    const group = await groups.create(realm, kitchen);
    expect(group).toMatchObject({ description: 'warm', attributes: { floor: '1' }, version: 1 });
    expect(await groups.describe(realm, 'kitchen')).toEqual({ group, ancestors: ['house'] });
    expect(await groups.create(realm, kitchen)).toEqual(group);
  });

  test('again with another parent or other properties is refused, naming the present one', async () => {
    await createGroups('house', 'garden', 'house/shed');
    const { group } = await groups.describe(realm, 'shed');
    const conflict = {
      name: 'ResourceAlreadyExistsException',
      details: { resourceId: group.thingGroupId, resourceArn: 'arn:aws:iot:eu-west-1:123456789012:thinggroup/shed' },
    };
    await expect(groups.create(realm, { thingGroupName: 'shed', parentGroupName: 'garden' })).rejects.toMatchObject(
      conflict,
    );
    await expect(groups.create(realm, { thingGroupName: 'shed' })).rejects.toMatchObject(conflict);
  });

  test('below an unknown group is refused', async () => {
    await expect(groups.create(realm, { thingGroupName: 'a', parentGroupName: 'none' })).rejects.toMatchObject(refused);
  });

  test('goes seven levels deep', async () => {
    await createGroups('1', '1/2', '2/3', '3/4', '4/5', '5/6', '6/7');
    await expect(groups.create(realm, { thingGroupName: '8', parentGroupName: '7' })).rejects.toMatchObject(refused);
    expect((await groups.describe(realm, '7')).ancestors).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  test('stops at the number of direct children a group may have', async () => {
    await createGroups('house', 'house/a', 'house/b', 'house/c');
    await expect(createGroups('house/d')).rejects.toMatchObject(refused);
  });
});

describe('updating a thing group', () => {
  test('counts versions, merges attributes and keeps what is not given', async () => {
    await groups.create(realm, {
      thingGroupName: 'house',
      thingGroupProperties: { thingGroupDescription: 'old', attributePayload: { attributes: { a: '1' } } },
    });
    const update = { attributePayload: { attributes: { b: '2' }, merge: true } };
    const group = await groups.update(realm, { thingGroupName: 'house', thingGroupProperties: update });
    expect(group).toMatchObject({ version: 2, description: 'old', attributes: { a: '1', b: '2' } });
  });

  test('with another version than the expected one is refused, and racing ones lose', async () => {
    await createGroups('house');
    const update = () =>
      groups.update(realm, { thingGroupName: 'house', thingGroupProperties: {}, expectedVersion: 1 });
    expect(await outcomes([update(), update()])).toEqual(['VersionConflictException', 'done']);
    await expect(update()).rejects.toMatchObject({ name: 'VersionConflictException' });
  });

  test('that does not exist is refused', async () => {
    await expect(groups.update(realm, { thingGroupName: 'none', thingGroupProperties: {} })).rejects.toMatchObject(
      notFound,
    );
  });
});

describe('deleting a thing group', () => {
  test('is refused while it has child groups, however quickly one comes', async () => {
    await createGroups('house', 'house/kitchen');
    await expect(groups.delete(realm, 'house')).rejects.toMatchObject(refused);
    await groups.delete(realm, 'kitchen');
    expect(await outcomes([createGroups('house/attic'), groups.delete(realm, 'house')])).toEqual([
      'InvalidRequestException',
      'done',
    ]);
  });

  test('takes its things out of it', async () => {
    await createGroups('house');
    await things.create(realm, { thingName: 'lamp' });
    await memberships.change(realm, { thingName: 'lamp', add: ['house'] });
    await groups.delete(realm, 'house', 1);
    expect((await memberships.ofThing(realm, 'lamp', {})).items).toEqual([]);
  });

  test('that does not exist succeeds, with another version than the expected one is refused', async () => {
    await groups.delete(realm, 'none', 7);
    await createGroups('house');
    await expect(groups.delete(realm, 'house', 7)).rejects.toMatchObject({ name: 'VersionConflictException' });
  });
});

describe('listing thing groups', () => {
  beforeEach(() => createGroups('house', 'house/kitchen', 'house/hall', 'kitchen/cupboard', 'garden'));

  test.each([
    ['nothing', {}, ['cupboard', 'garden', 'hall', 'house', 'kitchen']],
    ['having no parent', { recursive: false }, ['garden', 'house']],
    ['the direct parent', { parentGroup: 'house' }, ['hall', 'kitchen']],
    ['any group above', { parentGroup: 'house', recursive: true }, ['cupboard', 'hall', 'kitchen']],
    ['the beginning of the name', { namePrefixFilter: 'h' }, ['hall', 'house']],
    ['the group above and the name', { parentGroup: 'house', recursive: true, namePrefixFilter: 'c' }, ['cupboard']],
  ])('filters by %s', async (_, filter, expected) => {
    expect(await groupNames(filter)).toEqual(expected);
  });

  test('below an unknown group is refused', async () => {
    await expect(groupNames({ parentGroup: 'none' })).rejects.toMatchObject(notFound);
  });

  test('goes page by page', async () => {
    const first = await groups.list(realm, { maxResults: 3 });
    expect(await groupNames({ maxResults: 3, nextToken: first.nextToken })).toEqual(['house', 'kitchen']);
  });

  test('sees nothing of another realm with groups of the same names', async () => {
    const elsewhere = { ...realm, region: 'us-east-1' };
    await groups.create(elsewhere, { thingGroupName: 'house' });
    await groups.create(elsewhere, { thingGroupName: 'cellar', parentGroupName: 'house' });
    expect(await groupNames({ parentGroup: 'house', recursive: true })).not.toContain('cellar');
    expect((await groups.describe(elsewhere, 'cellar')).ancestors).toEqual(['house']);
  });
});

describe('members of a thing group', () => {
  beforeEach(async () => {
    await createGroups('house', 'house/kitchen', 'house/hall', 'garden', 'fleet', 'beta');
    for (const thingName of ['lamp', 'plug']) await things.create(realm, { thingName });
  });

  const ofThing = async (thingName: string) => (await memberships.ofThing(realm, thingName, {})).items;
  const add = (thingName: string, ...names: string[]) => memberships.change(realm, { thingName, add: names });

  test('are added and removed, both as often as one likes', async () => {
    await add('lamp', 'kitchen');
    await add('lamp', 'kitchen');
    expect(await ofThing('lamp')).toEqual(['kitchen']);
    await memberships.change(realm, { thingName: 'lamp', remove: ['kitchen'] });
    await memberships.change(realm, { thingName: 'lamp', remove: ['kitchen'] });
    expect(await ofThing('lamp')).toEqual([]);
  });

  test('of unknown name, or of an unknown group, are refused', async () => {
    await expect(add('none', 'house')).rejects.toMatchObject(notFound);
    await expect(add('lamp', 'none')).rejects.toMatchObject(notFound);
    await expect(memberships.change(realm, { thingName: 'lamp', remove: ['none'] })).rejects.toMatchObject(notFound);
    await expect(memberships.ofThing(realm, 'none', {})).rejects.toMatchObject(notFound);
    await expect(memberships.ofGroup(realm, 'none', {})).rejects.toMatchObject(notFound);
  });

  test.each([
    ['a group and the one above', 'house', 'kitchen'],
    ['two groups side by side', 'kitchen', 'hall'],
  ])('cannot be in %s', async (_, first, second) => {
    await add('lamp', first);
    await expect(add('lamp', second)).rejects.toMatchObject(refused);
    await memberships.change(realm, { thingName: 'lamp', remove: [first], add: [second] });
    expect(await ofThing('lamp')).toEqual([second]);
  });

  test('cannot come to be in two groups of one hierarchy by two calls at once', async () => {
    expect(await outcomes([add('lamp', 'kitchen'), add('lamp', 'hall')])).toEqual(['InvalidRequestException', 'done']);
  });

  test('are in no more groups than they may be', async () => {
    await add('lamp', 'garden', 'fleet', 'beta');
    await expect(add('lamp', 'house')).rejects.toMatchObject(refused);
    expect(await ofThing('lamp')).toEqual(['beta', 'fleet', 'garden']);
  });

  test('are listed, with those of the groups below if asked, each once', async () => {
    await add('lamp', 'house');
    await add('plug', 'kitchen');
    expect((await memberships.ofGroup(realm, 'house', {})).items).toEqual(['lamp']);
    expect((await memberships.ofGroup(realm, 'house', { recursive: true })).items).toEqual(['lamp', 'plug']);
    const first = await memberships.ofGroup(realm, 'house', { recursive: true, maxResults: 1 });
    const next = { recursive: true, maxResults: 1, nextToken: first.nextToken };
    expect((await memberships.ofGroup(realm, 'house', next)).items).toEqual(['plug']);
  });

  test('that are deleted leave their groups', async () => {
    await add('lamp', 'house');
    await things.delete(realm, 'lamp');
    expect((await memberships.ofGroup(realm, 'house', {})).items).toEqual([]);
  });
});
