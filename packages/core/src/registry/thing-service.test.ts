import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Change, Changes } from '../events/changes.ts';
import type { Store } from '../store/store.ts';
import { certificatesBut, openDomain, outcomes, realm } from '../testing/domain.ts';
import { BillingGroups } from './billing-group-service.ts';
import { openRegistryLimits } from './limits.ts';
import { ThingPrincipals } from './thing-principal-service.ts';
import { Things } from './thing-service.ts';
import { ThingTypes } from './thing-type-service.ts';

let things: Things;
let types: ThingTypes;
let principals: ThingPrincipals;
/** The same registry in another process. */
let elsewhere: Things;
let billingGroups: BillingGroups;
let reads: number;
let emitted: Change[];

beforeEach(async () => {
  const changes = new Changes();
  emitted = [];
  changes.on(change => emitted.push(change));
  const { store, clock } = await openDomain();
  reads = 0;
  const counting: Store = {
    dialect: store.dialect,
    all(query) {
      reads++;
      return store.all(query);
    },
    commit: writes => store.commit(writes),
  };
  const domain = { store: counting, clock, changes };
  things = new Things(domain);
  elsewhere = new Things({ store, clock, changes: new Changes() });
  billingGroups = new BillingGroups({ store, clock, changes: new Changes() });
  types = new ThingTypes(domain);
  principals = new ThingPrincipals(domain, certificatesBut());
});

const attributes = (values: Record<string, string>, merge?: boolean) => ({
  attributePayload: { attributes: values, merge },
});
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, 'x']));
const certificate = `arn:aws:iot:${realm.region}:${realm.accountId}:cert/${'a'.repeat(64)}`;

describe('creating a thing', () => {
  test('gives it an id, version 1 and its attributes', async () => {
    const thing = await things.create(realm, { thingName: 'lamp', ...attributes({ color: 'red' }) });
    expect(thing).toMatchObject({ thingName: 'lamp', version: 1, attributes: { color: 'red' } });
    expect(thing.thingId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(await things.describe(realm, 'lamp')).toEqual(thing);
    expect(emitted).toMatchObject([
      { kind: 'thing', realm, thingName: 'lamp', operation: 'created', thing: { version: 1 } },
    ]);
  });

  test('again with the same type and attributes returns the present one', async () => {
    const first = await things.create(realm, { thingName: 'lamp', ...attributes({ a: '1', b: '2' }) });
    const again = await things.create(realm, { thingName: 'lamp', ...attributes({ b: '2', a: '1' }) });
    expect(again).toEqual(first);
    expect(emitted).toHaveLength(1);
  });

  test('again with other attributes is refused, naming the present one', async () => {
    const first = await things.create(realm, { thingName: 'lamp', ...attributes({ a: '1' }) });
    await expect(things.create(realm, { thingName: 'lamp' })).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      details: { resourceId: first.thingId, resourceArn: 'arn:aws:iot:eu-west-1:123456789012:thing/lamp' },
    });
  });

  test('again with another type is refused', async () => {
    await types.create(realm, { thingTypeName: 'bulb' });
    await things.create(realm, { thingName: 'lamp' });
    await expect(things.create(realm, { thingName: 'lamp', thingTypeName: 'bulb' })).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
    });
  });

  test('with nothing but a name and attributes reads nothing first', async () => {
    await things.create(realm, { thingName: 'lamp', ...attributes({ a: '1' }) });
    expect(reads).toBe(0);
  });

  test('in another realm is another thing', async () => {
    const here = await things.create(realm, { thingName: 'lamp' });
    const there = await things.create(
      { ...realm, region: 'us-east-1' },
      { thingName: 'lamp', ...attributes({ a: '1' }) },
    );
    expect(there.thingId).not.toBe(here.thingId);
  });

  test('of an unknown type is refused', async () => {
    await expect(things.create(realm, { thingName: 'lamp', thingTypeName: 'bulb' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('of a deprecated type is refused until the deprecation is undone', async () => {
    await types.create(realm, { thingTypeName: 'bulb' });
    await types.deprecate(realm, 'bulb');
    const create = () => things.create(realm, { thingName: 'lamp', thingTypeName: 'bulb' });
    await expect(create()).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await types.deprecate(realm, 'bulb', true);
    expect((await create()).thingTypeName).toBe('bulb');
  });

  test('is limited to 3 attributes without a type and 50 with one', async () => {
    await types.create(realm, { thingTypeName: 'bulb' });
    const refused = { name: 'InvalidRequestException' };
    await things.create(realm, { thingName: 'a', ...attributes(many(3)) });
    await expect(things.create(realm, { thingName: 'b', ...attributes(many(4)) })).rejects.toMatchObject(refused);
    await things.create(realm, { thingName: 'c', thingTypeName: 'bulb', ...attributes(many(50)) });
    await expect(
      things.create(realm, { thingName: 'd', thingTypeName: 'bulb', ...attributes(many(51)) }),
    ).rejects.toMatchObject(refused);
  });

  test('without quotas takes more', async () => {
    const open = new Things(await openDomain(), openRegistryLimits);
    const thing = await open.create(realm, { thingName: 'a', ...attributes(many(40)) });
    expect(Object.keys(thing.attributes)).toHaveLength(40);
  });

  test.each([
    ['a space in the name', { 'a b': '1' }],
    ['an empty name', { '': '1' }],
    ['a name of 129 characters', { ['n'.repeat(129)]: '1' }],
    ['a space in the value', { a: 'b c' }],
    ['a value of 801 characters', { a: 'v'.repeat(801) }],
  ])('with %s among its attributes is refused', async (_, values) => {
    await expect(things.create(realm, { thingName: 'lamp', ...attributes(values) })).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  test('by several at once makes one thing, and all get it', async () => {
    const race = Array.from({ length: 8 }, () =>
      things.create(realm, { thingName: 'lamp', ...attributes({ a: '1' }) }),
    );
    const ids = new Set((await Promise.all(race)).map(thing => thing.thingId));
    expect(ids.size).toBe(1);
    expect(emitted).toHaveLength(1);
  });

  test('by several at once with different attributes lets one win and refuses the others', async () => {
    const race = ['1', '2', '3', '4'].map(a => things.create(realm, { thingName: 'lamp', ...attributes({ a }) }));
    expect(await outcomes(race)).toEqual([
      'ResourceAlreadyExistsException',
      'ResourceAlreadyExistsException',
      'ResourceAlreadyExistsException',
      'done',
    ]);
  });
});

describe('updating a thing', () => {
  beforeEach(async () => {
    await types.create(realm, { thingTypeName: 'bulb' });
    await things.create(realm, { thingName: 'lamp', thingTypeName: 'bulb', ...attributes({ a: '1', b: '2' }) });
    emitted.length = 0;
  });

  test('replaces the attributes and counts the version', async () => {
    const thing = await things.update(realm, { thingName: 'lamp', ...attributes({ c: '3' }) });
    expect(thing).toMatchObject({ version: 2, thingTypeName: 'bulb', attributes: { c: '3' } });
    expect(await things.describe(realm, 'lamp')).toEqual(thing);
    expect(emitted).toMatchObject([
      {
        kind: 'thing',
        realm,
        thingName: 'lamp',
        operation: 'updated',
        thing: { version: 2 },
        previous: { version: 1 },
      },
    ]);
  });

  test('with merge lays the attributes over the present ones, an empty value removing its attribute', async () => {
    const thing = await things.update(realm, { thingName: 'lamp', ...attributes({ a: '', c: '3' }, true) });
    expect(thing.attributes).toEqual({ b: '2', c: '3' });
  });

  test('without attributes keeps them', async () => {
    expect((await things.update(realm, { thingName: 'lamp' })).attributes).toEqual({ a: '1', b: '2' });
  });

  test('can remove the type, but not while there are more attributes than an untyped thing may have', async () => {
    await things.update(realm, { thingName: 'lamp', ...attributes(many(4)) });
    const remove = { thingName: 'lamp', removeThingType: true };
    await expect(things.update(realm, remove)).rejects.toMatchObject({ name: 'InvalidRequestException' });
    const thing = await things.update(realm, { ...remove, ...attributes(many(3)) });
    expect(thing.thingTypeName).toBeUndefined();
  });

  test('cannot set and remove the type at once', async () => {
    await expect(
      things.update(realm, { thingName: 'lamp', thingTypeName: 'bulb', removeThingType: true }),
    ).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  test('to an unknown or deprecated type is refused, to keep a type deprecated since is not', async () => {
    await expect(things.update(realm, { thingName: 'lamp', thingTypeName: 'none' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await types.deprecate(realm, 'bulb');
    await things.update(realm, { thingName: 'lamp', thingTypeName: 'bulb', ...attributes({ a: '2' }) });
    await things.update(realm, { thingName: 'lamp', removeThingType: true });
    await expect(things.update(realm, { thingName: 'lamp', thingTypeName: 'bulb' })).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  test('with another version than the expected one is refused', async () => {
    await expect(things.update(realm, { thingName: 'lamp', expectedVersion: 2 })).rejects.toMatchObject({
      name: 'VersionConflictException',
      status: 409,
    });
    expect((await things.update(realm, { thingName: 'lamp', expectedVersion: 1 })).version).toBe(2);
  });

  test('that does not exist is refused', async () => {
    await expect(things.update(realm, { thingName: 'none' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('by two at once expecting the same version lets one win', async () => {
    const race = ['x', 'y'].map(a =>
      things.update(realm, { thingName: 'lamp', expectedVersion: 1, ...attributes({ a }) }),
    );
    expect(await outcomes(race)).toEqual(['VersionConflictException', 'done']);
    expect((await things.describe(realm, 'lamp')).version).toBe(2);
  });

  test('by many at once without an expected version loses none', async () => {
    const race = Array.from({ length: 12 }, (_, index) =>
      things.update(realm, { thingName: 'lamp', ...attributes({ [`k${index}`]: '1' }, true) }),
    );
    await Promise.all(race);
    const { version, attributes: kept } = await things.describe(realm, 'lamp');
    expect(version).toBe(13);
    expect(Object.keys(kept)).toHaveLength(14);
  });

  test('that was written here before reads nothing', async () => {
    reads = 0;
    await things.update(realm, { thingName: 'lamp', ...attributes({ b: '3' }, true) });
    await things.update(realm, { thingName: 'lamp', expectedVersion: 2, ...attributes({ c: '4' }, true) });
    expect(reads).toBe(0);
    expect(await elsewhere.describe(realm, 'lamp')).toMatchObject({ version: 3, attributes: { b: '3', c: '4' } });
  });

  test('that has been changed by another process builds on what it is now', async () => {
    await elsewhere.update(realm, { thingName: 'lamp', ...attributes({ elsewhere: '1' }, true) });
    await things.update(realm, { thingName: 'lamp', ...attributes({ here: '2' }, true) });
    expect(await elsewhere.describe(realm, 'lamp')).toMatchObject({
      version: 3,
      attributes: { elsewhere: '1', here: '2' },
    });
  });

  test('is refused for what is stored, not for what was written here last', async () => {
    await elsewhere.update(realm, { thingName: 'lamp', attributePayload: { attributes: {} } });
    await things.update(realm, { thingName: 'lamp', expectedVersion: 2, ...attributes(many(3), true) });
    await elsewhere.update(realm, { thingName: 'lamp', attributePayload: { attributes: {} } });
    await things.update(realm, { thingName: 'lamp', ...attributes(many(3), true) });
    await elsewhere.delete(realm, 'lamp');
    await expect(things.update(realm, { thingName: 'lamp' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('that was deleted and created again elsewhere is an update of the new one', async () => {
    await elsewhere.delete(realm, 'lamp');
    const { thingId } = await elsewhere.create(realm, { thingName: 'lamp' });
    expect(await things.update(realm, { thingName: 'lamp' })).toMatchObject({ thingId, version: 2, attributes: {} });
  });

  test('tells of the billing group it has come into meanwhile', async () => {
    await billingGroups.create(realm, { billingGroupName: 'office' });
    await billingGroups.add(realm, 'lamp', 'office');
    await things.update(realm, { thingName: 'lamp' });
    expect(emitted.at(-1)).toMatchObject({ thing: { billingGroupName: 'office' } });
  });
});

describe('deleting a thing', () => {
  test('that does not exist succeeds', async () => {
    await things.delete(realm, 'none', 3);
    expect(emitted).toEqual([]);
  });

  test('with another version than the expected one is refused', async () => {
    await things.create(realm, { thingName: 'lamp' });
    await expect(things.delete(realm, 'lamp', 2)).rejects.toMatchObject({ name: 'VersionConflictException' });
    await things.delete(realm, 'lamp', 1);
    await expect(things.describe(realm, 'lamp')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect(emitted.at(-1)).toMatchObject({ kind: 'thing', realm, thingName: 'lamp', operation: 'deleted' });
  });

  test('is refused while principals are attached', async () => {
    await things.create(realm, { thingName: 'lamp' });
    await principals.attach(realm, 'lamp', certificate);
    await expect(things.delete(realm, 'lamp')).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await principals.detach(realm, 'lamp', certificate);
    await things.delete(realm, 'lamp');
  });

  test('racing with an attachment either refuses the deletion or the attachment, never leaves half', async () => {
    await things.create(realm, { thingName: 'lamp' });
    const race = [things.delete(realm, 'lamp'), principals.attach(realm, 'lamp', certificate)];
    const results = await outcomes(race);
    expect([
      ['InvalidRequestException', 'done'],
      ['ResourceNotFoundException', 'done'],
    ]).toContainEqual(results);
  });

  test('takes its attributes along, so that a new thing of its name starts empty', async () => {
    await things.create(realm, { thingName: 'lamp', ...attributes({ a: '1' }) });
    await things.delete(realm, 'lamp');
    await things.create(realm, { thingName: 'lamp' });
    expect((await things.list(realm, { attributeName: 'a' })).items).toEqual([]);
  });
});

describe('listing things', () => {
  const names = async (filter: Parameters<Things['list']>[1]) =>
    (await things.list(realm, filter)).items.map(thing => thing.thingName);

  beforeEach(async () => {
    await types.create(realm, { thingTypeName: 'bulb' });
    await things.create(realm, { thingName: 'a', thingTypeName: 'bulb', ...attributes({ color: 'red', room: '1' }) });
    await things.create(realm, { thingName: 'b', ...attributes({ color: 'reddish' }) });
    await things.create(realm, { thingName: 'c', thingTypeName: 'bulb', ...attributes({ color: 'Red' }) });
    await things.create(
      { ...realm, accountId: '999999999999' },
      { thingName: 'elsewhere', ...attributes({ color: 'red' }) },
    );
  });

  test.each([
    ['nothing', {}, ['a', 'b', 'c']],
    ['the type', { thingTypeName: 'bulb' }, ['a', 'c']],
    ['an attribute', { attributeName: 'color', attributeValue: 'red' }, ['a']],
    [
      'the beginning of an attribute',
      { attributeName: 'color', attributeValue: 'red', usePrefixAttributeValue: true },
      ['a', 'b'],
    ],
    ['having an attribute', { attributeName: 'room' }, ['a']],
    ['type and attribute', { thingTypeName: 'bulb', attributeName: 'color', attributeValue: 'reddish' }, []],
  ])('filters by %s', async (_, filter, expected) => {
    expect(await names(filter)).toEqual(expected);
  });

  test('finds by attributes exactly the things that have them, whatever they had before', async () => {
    // No more attributes than a thing without a type may have.
    const values = fc.dictionary(fc.constantFrom('x', 'y', '__proto__'), fc.constantFrom('', '1', '2'));
    const updates = fc.array(fc.record({ thingName: fc.constantFrom('p', 'q'), values, merge: fc.boolean() }));
    for (const thingName of ['p', 'q']) await things.create(realm, { thingName });
    await fc.assert(
      fc.asyncProperty(updates, async changes => {
        for (const { thingName, values, merge } of changes) {
          await things.update(realm, { thingName, ...attributes(values, merge) });
        }
        const { items } = await things.list(realm, {});
        for (const [attributeName, attributeValue] of ['x', 'y'].flatMap(x => ['1', '2'].map(v => [x, v] as const))) {
          const having = items.filter(thing => thing.attributes[attributeName] === attributeValue);
          expect(await names({ attributeName, attributeValue })).toEqual(having.map(({ thingName }) => thingName));
        }
      }),
    );
  });

  test('with a value but no attribute name is refused', async () => {
    await expect(names({ attributeValue: 'red' })).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  test('goes page by page, whatever comes and goes in between', async () => {
    const first = await things.list(realm, { maxResults: 2 });
    expect(first.items.map(thing => thing.thingName)).toEqual(['a', 'b']);
    await things.delete(realm, 'a');
    await things.create(realm, { thingName: 'aa' });
    const second = await things.list(realm, { maxResults: 2, nextToken: first.nextToken });
    expect(second.items.map(thing => thing.thingName)).toEqual(['c']);
    expect(second.nextToken).toBeUndefined();
  });

  test('with a token of nobody is refused', async () => {
    await expect(names({ nextToken: 'AAAA' })).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });
});
