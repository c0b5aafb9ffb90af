import { beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../events/changes.ts';
import { listTags } from '../tags/tag-store.ts';
import { openDomain, outcomes, realm, type TestDomain } from '../testing/domain.ts';
import { BillingGroups } from './billing-group-service.ts';
import { Things } from './thing-service.ts';

let domain: TestDomain;
let groups: BillingGroups;
let things: Things;
let emitted: Change[];

beforeEach(async () => {
  domain = await openDomain();
  groups = new BillingGroups(domain);
  things = new Things(domain);
  for (const billingGroupName of ['plant', 'office']) await groups.create(realm, { billingGroupName });
  await things.create(realm, { thingName: 'lamp' });
  emitted = [];
  domain.changes.on(change => emitted.push(change));
});

const described = (billingGroupDescription: string) => ({ billingGroupProperties: { billingGroupDescription } });
const thingsIn = async (name: string) => (await groups.things(realm, name, {})).items;

describe('creating a billing group', () => {
  test('again with the same description returns the present one, with another is refused', async () => {
    const created = await groups.create(realm, { billingGroupName: 'farm', ...described('far out') });
    expect(created).toMatchObject({ version: 1, description: 'far out', createdAt: domain.clock.now() });
    expect(await groups.create(realm, { billingGroupName: 'farm', ...described('far out') })).toEqual(created);
    await expect(groups.create(realm, { billingGroupName: 'farm' })).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      details: { resourceId: created.billingGroupId, resourceArn: expect.stringMatching(/:billinggroup\/farm$/) },
    });
  });

  test('by several at once makes one', async () => {
    const race = Array.from({ length: 5 }, () => groups.create(realm, { billingGroupName: 'farm' }));
    expect(new Set((await Promise.all(race)).map(group => group.billingGroupId)).size).toBe(1);
  });
});

describe('updating a billing group', () => {
  test('counts its versions, and refuses another than the expected one', async () => {
    const update = { billingGroupName: 'plant', ...described('steel') };
    expect(await groups.update(realm, { ...update, expectedVersion: 1 })).toMatchObject({ version: 2 });
    expect(await groups.update(realm, { billingGroupName: 'plant', billingGroupProperties: {} })).toMatchObject({
      version: 3,
      description: 'steel',
    });
    await expect(groups.update(realm, { ...update, expectedVersion: 1 })).rejects.toMatchObject({
      name: 'VersionConflictException',
    });
    await expect(groups.update(realm, { ...update, billingGroupName: 'none' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('by several at once with one expected version succeeds once', async () => {
    const race = ['a', 'b', 'c'].map(text =>
      groups.update(realm, { billingGroupName: 'plant', ...described(text), expectedVersion: 1 }),
    );
    expect(await outcomes(race)).toEqual(['VersionConflictException', 'VersionConflictException', 'done']);
  });
});

describe('a thing', () => {
  test('is added, shown with its group, and removed', async () => {
    await groups.add(realm, 'lamp', 'plant');
    await groups.add(realm, 'lamp', 'plant');
    expect(await thingsIn('plant')).toEqual(['lamp']);
    expect(await things.describe(realm, 'lamp')).toMatchObject({ billingGroupName: 'plant', version: 1 });
    await groups.remove(realm, 'lamp', 'office');
    await groups.remove(realm, 'lamp', 'plant');
    await groups.remove(realm, 'lamp', 'plant');
    expect(await thingsIn('plant')).toEqual([]);
    const told = { kind: 'thingBillingGroup', realm, thingName: 'lamp' };
    expect(emitted).toEqual([
      { ...told, billingGroupName: 'plant' },
      { ...told, billingGroupName: undefined },
    ]);
  });

  test('is in one group at most, however many add it at once', async () => {
    expect(await outcomes(['plant', 'office'].map(name => groups.add(realm, 'lamp', name)))).toEqual([
      'InvalidRequestException',
      'done',
    ]);
  });

  test('that is unknown, or a group that is, is not found', async () => {
    const notFound = { name: 'ResourceNotFoundException' };
    await expect(groups.add(realm, 'none', 'plant')).rejects.toMatchObject(notFound);
    await expect(groups.add(realm, 'lamp', 'none')).rejects.toMatchObject(notFound);
    await expect(groups.remove(realm, 'none', 'plant')).rejects.toMatchObject(notFound);
    await expect(groups.things(realm, 'none', {})).rejects.toMatchObject(notFound);
  });

  test('can be created in a group, and then no differently', async () => {
    const inPlant = { thingName: 'plug', billingGroupName: 'plant' };
    const created = await things.create(realm, inPlant);
    expect(created.billingGroupName).toBe('plant');
    expect(await things.create(realm, inPlant)).toEqual(created);
    for (const billingGroupName of ['office', undefined]) {
      await expect(things.create(realm, { ...inPlant, billingGroupName })).rejects.toMatchObject({
        name: 'ResourceAlreadyExistsException',
      });
    }
    await expect(things.create(realm, { thingName: 'bell', billingGroupName: 'none' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('leaves a group that is deleted, and one created meanwhile never stays in it', async () => {
    await groups.add(realm, 'lamp', 'plant');
    await groups.delete(realm, 'plant');
    expect((await things.describe(realm, 'lamp')).billingGroupName).toBeUndefined();
    expect(emitted.at(-1)).toEqual({ kind: 'billingGroupDeleted', realm, billingGroupName: 'plant' });

    const race = [
      things.create(realm, { thingName: 'plug', billingGroupName: 'office' }),
      groups.delete(realm, 'office'),
      groups.add(realm, 'lamp', 'office'),
    ];
    await Promise.allSettled(race);
    for (const { billingGroupName } of (await things.list(realm, {})).items) expect(billingGroupName).toBeUndefined();
  });
});

test('deleting knows versions and no missing group, and takes the tags along', async () => {
  await groups.create(realm, { billingGroupName: 'farm', tags: [{ Key: 'k', Value: 'v' }] });
  await expect(groups.delete(realm, 'farm', 2)).rejects.toMatchObject({ name: 'VersionConflictException' });
  await groups.delete(realm, 'farm', 1);
  await groups.delete(realm, 'farm', 1);
  const arn = `arn:aws:iot:eu-west-1:123456789012:billinggroup/farm`;
  expect(await listTags(domain.store, '123456789012/eu-west-1', arn, undefined, 10)).toEqual([]);
});

test('groups are listed by name and prefix, page by page', async () => {
  await groups.create(realm, { billingGroupName: 'plan' });
  const first = await groups.list(realm, { maxResults: 2 });
  const rest = await groups.list(realm, { maxResults: 2, nextToken: first.nextToken });
  const names = [...first.items, ...rest.items].map(group => group.billingGroupName);
  expect(names).toEqual(['office', 'plan', 'plant']);
  const prefixed = await groups.list(realm, { namePrefixFilter: 'pla' });
  expect(prefixed.items.map(group => group.billingGroupName)).toEqual(['plan', 'plant']);
});
