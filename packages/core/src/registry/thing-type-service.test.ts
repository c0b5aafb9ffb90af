import { beforeEach, describe, expect, test } from 'vitest';
import { openDomain, realm, type TestDomain } from '../testing/domain.ts';
import { Things } from './thing-service.ts';
import { propagatedProperties } from './thing-type.ts';
import { ThingTypes } from './thing-type-service.ts';

let domain: TestDomain;
let types: ThingTypes;
let things: Things;

beforeEach(async () => {
  domain = await openDomain();
  types = new ThingTypes(domain);
  things = new Things(domain);
});

const fiveMinutes = 5 * 60_000;
const refused = { name: 'InvalidRequestException' };

describe('creating a thing type', () => {
  const bulb = {
    thingTypeName: 'bulb',
    thingTypeProperties: { thingTypeDescription: 'gives light', searchableAttributes: ['watts', 'socket'] },
  };

  test('keeps its properties and when it was', async () => {
    const type = await types.create(realm, bulb);
    expect(type).toMatchObject({ properties: bulb.thingTypeProperties, createdAt: domain.clock.now() });
    expect(await types.describe(realm, 'bulb')).toEqual(type);
  });

  test('again with the same properties returns the present one', async () => {
    const first = await types.create(realm, bulb);
    const { thingTypeDescription, searchableAttributes } = bulb.thingTypeProperties;
    const again = await types.create(realm, {
      thingTypeName: 'bulb',
      thingTypeProperties: { searchableAttributes, thingTypeDescription },
    });
    expect(again).toEqual(first);
  });

  test('again with other properties is refused, naming the present one', async () => {
    const { thingTypeId } = await types.create(realm, bulb);
    await expect(types.create(realm, { thingTypeName: 'bulb' })).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      details: { resourceId: thingTypeId, resourceArn: 'arn:aws:iot:eu-west-1:123456789012:thingtype/bulb' },
    });
  });

  test('with more than three searchable attributes is refused', async () => {
    const thingTypeProperties = { searchableAttributes: ['a', 'b', 'c', 'd'] };
    await expect(types.create(realm, { thingTypeName: 'bulb', thingTypeProperties })).rejects.toMatchObject(refused);
  });

  test('with a propagating attribute that has no source, two, or one there is not, is refused', async () => {
    const two = { thingAttribute: 'site', connectionAttribute: 'iot:ClientId' };
    for (const source of [{}, two, { connectionAttribute: 'iot:Weather' }]) {
      const propagatingAttributes = [{ userPropertyKey: 'site', ...source }];
      const thingTypeProperties = { mqtt5Configuration: { propagatingAttributes } };
      await expect(types.create(realm, { thingTypeName: 'bulb', thingTypeProperties })).rejects.toMatchObject(refused);
    }
  });
});

test('updating replaces the properties that are given', async () => {
  await types.create(realm, {
    thingTypeName: 'bulb',
    thingTypeProperties: { thingTypeDescription: 'old', searchableAttributes: ['watts'] },
  });
  await types.update(realm, 'bulb', { thingTypeDescription: 'new', searchableAttributes: undefined });
  expect((await types.describe(realm, 'bulb')).properties).toEqual({
    thingTypeDescription: 'new',
    searchableAttributes: ['watts'],
  });
  await expect(types.update(realm, 'none', {})).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('updates and a deprecation at once are all kept', async () => {
  await types.create(realm, { thingTypeName: 'bulb' });
  await Promise.all([
    types.update(realm, 'bulb', { thingTypeDescription: 'shines' }),
    types.update(realm, 'bulb', { searchableAttributes: ['watts'] }),
    types.deprecate(realm, 'bulb'),
  ]);
  expect(await types.describe(realm, 'bulb')).toMatchObject({
    properties: { thingTypeDescription: 'shines', searchableAttributes: ['watts'] },
    deprecatedAt: domain.clock.now(),
  });
});

test('a connection’s messages carry the attributes its thing has, and what is known of the connection', async () => {
  const propagatingAttributes = [
    { userPropertyKey: 'site', thingAttribute: 'site' },
    { userPropertyKey: 'rack', thingAttribute: 'rack' },
    { userPropertyKey: 'client', connectionAttribute: 'iot:ClientId' },
    { userPropertyKey: 'thing', connectionAttribute: 'iot:Thing.ThingName' },
  ];
  const thingTypeProperties = { mqtt5Configuration: { propagatingAttributes } };
  const type = await types.create(realm, { thingTypeName: 'bulb', thingTypeProperties });
  const attributePayload = { attributes: { site: 'north', color: 'red' } };
  const lamp = await things.create(realm, { thingName: 'lamp', thingTypeName: 'bulb', attributePayload });
  expect(propagatedProperties(type, lamp, 'phone')).toEqual([
    ['site', 'north'],
    ['client', 'phone'],
    ['thing', 'lamp'],
  ]);
  expect(propagatedProperties({ ...type, properties: {} }, lamp, 'phone')).toEqual([]);
});

describe('deprecating a thing type', () => {
  test('keeps the first date until it is undone', async () => {
    await types.create(realm, { thingTypeName: 'bulb' });
    const { deprecatedAt } = await types.deprecate(realm, 'bulb');
    expect(deprecatedAt).toBe(domain.clock.now());
    domain.clock.advance(1000);
    expect((await types.deprecate(realm, 'bulb')).deprecatedAt).toBe(deprecatedAt);
    expect((await types.deprecate(realm, 'bulb', true)).deprecatedAt).toBeUndefined();
  });

  test('that does not exist is refused', async () => {
    await expect(types.deprecate(realm, 'none')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('deleting a thing type', () => {
  beforeEach(async () => {
    await types.create(realm, { thingTypeName: 'bulb' });
  });

  test('is refused before it is deprecated and until five minutes after', async () => {
    await expect(types.delete(realm, 'bulb')).rejects.toMatchObject(refused);
    await types.deprecate(realm, 'bulb');
    domain.clock.advance(fiveMinutes - 1);
    await expect(types.delete(realm, 'bulb')).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('Please wait for 5 minutes after deprecation and then retry'),
    });
    domain.clock.advance(1);
    await types.delete(realm, 'bulb');
    await expect(types.describe(realm, 'bulb')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('is refused while things are of it', async () => {
    await things.create(realm, { thingName: 'lamp', thingTypeName: 'bulb' });
    await types.deprecate(realm, 'bulb');
    domain.clock.advance(fiveMinutes);
    await expect(types.delete(realm, 'bulb')).rejects.toMatchObject(refused);
    await things.update(realm, { thingName: 'lamp', removeThingType: true });
    await types.delete(realm, 'bulb');
  });

  test('that does not exist is refused', async () => {
    await expect(types.delete(realm, 'none')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

test('types are listed by name, page by page, or by one name', async () => {
  for (const thingTypeName of ['c', 'a', 'b']) await types.create(realm, { thingTypeName });
  const first = await types.list(realm, { maxResults: 2 });
  const second = await types.list(realm, { maxResults: 2, nextToken: first.nextToken });
  expect([...first.items, ...second.items].map(type => type.thingTypeName)).toEqual(['a', 'b', 'c']);
  expect((await types.list(realm, { thingTypeName: 'b' })).items.map(type => type.thingTypeName)).toEqual(['b']);
});
