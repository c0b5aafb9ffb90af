import { beforeEach, describe, expect, test } from 'vitest';
import { ThingGroups } from '../registry/thing-group-service.ts';
import { openDomain, outcomes, realm } from '../testing/domain.ts';
import { Tags } from './tag-service.ts';

const house = 'arn:aws:iot:eu-west-1:123456789012:thinggroup/house';

let tags: Tags;
let groups: ThingGroups;

beforeEach(async () => {
  const domain = await openDomain();
  groups = new ThingGroups(domain);
  tags = new Tags(domain, { tagsOfResource: 3 });
  await groups.create(realm, { thingGroupName: 'house' });
});

const list = async () => (await tags.list(realm, house, {})).items;

describe('tags', () => {
  test('are added, changed, and taken away', async () => {
    await tags.tag(realm, house, [{ Key: 'b', Value: '1' }, { Key: 'a' }]);
    await tags.tag(realm, house, [{ Key: 'b', Value: '2' }]);
    expect(await list()).toEqual([
      { Key: 'a', Value: '' },
      { Key: 'b', Value: '2' },
    ]);
    await tags.untag(realm, house, ['a', 'unknown']);
    await tags.untag(realm, house, []);
    expect(await list()).toEqual([{ Key: 'b', Value: '2' }]);
  });

  test('can come with the resource and go with it', async () => {
    const tagged = { thingGroupName: 'house', tags: [{ Key: 'a', Value: '1' }] };
    await groups.delete(realm, 'house');
    await groups.create(realm, tagged);
    expect(await list()).toEqual([{ Key: 'a', Value: '1' }]);
    await groups.delete(realm, 'house');
    await groups.create(realm, { thingGroupName: 'house' });
    expect(await list()).toEqual([]);
  });

  test('do not stay behind a resource that is deleted while they are put on it', async () => {
    const [, deleted] = await Promise.allSettled([
      tags.tag(realm, house, [{ Key: 'a' }]),
      groups.delete(realm, 'house'),
    ]);
    expect(deleted.status).toBe('fulfilled');
    await groups.create(realm, { thingGroupName: 'house' });
    expect(await list()).toEqual([]);
  });

  test('put on it at the same time are no more than it may have either', async () => {
    const racing = ['a', 'b', 'c', 'd', 'e'].map(Key => tags.tag(realm, house, [{ Key }]));
    expect(await outcomes(racing)).toEqual([
      'LimitExceededException',
      'LimitExceededException',
      'done',
      'done',
      'done',
    ]);
    expect(await list()).toHaveLength(3);
  });

  test('are no more than a resource may have, counting those it has', async () => {
    await tags.tag(realm, house, [{ Key: 'a' }, { Key: 'b' }]);
    await tags.tag(realm, house, [{ Key: 'b' }, { Key: 'c' }]);
    await expect(tags.tag(realm, house, [{ Key: 'd' }])).rejects.toMatchObject({ name: 'LimitExceededException' });
  });

  test.each([
    ['a key AWS keeps for itself', [{ Key: 'aws:cost' }]],
    ['a key twice', [{ Key: 'a' }, { Key: 'a', Value: '1' }]],
  ])('with %s are refused', async (_, given) => {
    await expect(tags.tag(realm, house, given)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  test.each([
    ['no ARN', 'house', 'InvalidRequestException'],
    ['an ARN of another realm', house.replace('eu-west-1', 'us-east-1'), 'InvalidRequestException'],
    ['a resource that carries no tags', house.replace('thinggroup', 'thing'), 'InvalidRequestException'],
    ['a type that only looks like one', house.replace('thinggroup', 'toString'), 'InvalidRequestException'],
    ['a resource that does not exist', `${house}2`, 'ResourceNotFoundException'],
  ])('on %s are refused', async (_, arn, name) => {
    await expect(tags.tag(realm, arn, [{ Key: 'a' }])).rejects.toMatchObject({ name });
    await expect(tags.untag(realm, arn, ['a'])).rejects.toMatchObject({ name });
    await expect(tags.list(realm, arn, {})).rejects.toMatchObject({ name });
  });
});
