import { beforeEach, describe, expect, test } from 'vitest';
import { realmKey } from '../realm.ts';
import { BillingGroups } from '../registry/billing-group-service.ts';
import { openRegistryLimits } from '../registry/limits.ts';
import { ThingGroupMemberships } from '../registry/membership-service.ts';
import { ThingGroups } from '../registry/thing-group-service.ts';
import { Things } from '../registry/thing-service.ts';
import { ThingTypes } from '../registry/thing-type-service.ts';
import { Shadows } from '../shadow/shadow-service.ts';
import { openDomain, realm, type TestDomain } from '../testing/domain.ts';
import type { ThingIndexingConfiguration } from './configuration.ts';
import { ThingConnectivity } from './connectivity.ts';
import { nameOf } from './document.ts';
import { FleetIndexing } from './fleet-indexing.ts';
import { fleetQueries } from './fleet-queries.ts';
import { changeIndex, readIndex } from './index-store.ts';
import { Indexer } from './indexer.ts';

const key = realmKey(realm);
const silent = { announce() {} };

let domain: TestDomain;
let things: Things;
let groups: ThingGroups;
let memberships: ThingGroupMemberships;
let shadows: Shadows;
let connectivity: ThingConnectivity;
let indexer: Indexer;
let indexing: FleetIndexing;
let failures: unknown[];

function open(): void {
  const failed = (error: unknown) => failures.push(error);
  indexer = new Indexer(domain, { failed });
  indexing = new FleetIndexing(domain, indexer, { failed });
}

beforeEach(async () => {
  domain = await openDomain();
  failures = [];
  things = new Things(domain, openRegistryLimits);
  groups = new ThingGroups(domain);
  memberships = new ThingGroupMemberships(domain);
  shadows = new Shadows(domain, silent);
  connectivity = new ThingConnectivity(domain, { failed: error => failures.push(error) });
  open();
});

const thing = (thingName: string, attributes: Record<string, string> = {}) =>
  things.create(realm, { thingName, attributePayload: { attributes } });

const shadow = (thingName: string, state: object | null, shadowName = '') =>
  shadows.update(realm, { thingName, shadowName }, Buffer.from(JSON.stringify({ state })), 'test');

const configure = (more: Partial<ThingIndexingConfiguration> = {}) =>
  indexing.updateConfiguration(realm, { things: { thingIndexingMode: 'REGISTRY', ...more } });

async function found(queryString: string, indexName?: string): Promise<string[]> {
  const { items } = await indexing.search(realm, { queryString, indexName });
  expect(failures).toEqual([]);
  return items.map(nameOf);
}

describe('while indexing is off', () => {
  test('there is nothing to search, to describe or to list', async () => {
    const missing = { name: 'ResourceNotFoundException', message: 'Index AWS_Things does not exist' };
    await thing('lamp');
    await expect(found('*')).rejects.toMatchObject(missing);
    await expect(indexing.statistics(realm, { queryString: '*' })).rejects.toMatchObject(missing);
    await expect(indexing.describe(realm, 'AWS_Things')).rejects.toMatchObject(missing);
    await expect(found('*', 'AWS_Lamps')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect(await indexing.list(realm)).toEqual([]);
    expect(await indexing.configuration(realm)).toEqual({
      things: {
        thingIndexingMode: 'OFF',
        thingConnectivityIndexingMode: 'OFF',
        deviceDefenderIndexingMode: 'OFF',
        namedShadowIndexingMode: 'OFF',
      },
      thingGroups: { thingGroupIndexingMode: 'OFF' },
    });
  });

  test('nothing is kept of what was indexed, and all is there when it is on again', async () => {
    await thing('lamp');
    await configure();
    expect(await found('*')).toEqual(['lamp']);
    await indexing.updateConfiguration(realm, { things: { thingIndexingMode: 'OFF' } });
    for (const table of ['search_document', 'search_term']) {
      expect(await domain.store.all({ sql: `select * from ${table}`, parameters: [] })).toEqual([]);
    }
    await thing('plug');
    await expect(found('*')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await configure();
    expect(await found('*')).toEqual(['lamp', 'plug']);
  });
});

describe('what is configured is what is indexed', () => {
  beforeEach(async () => {
    await thing('lamp', { place: '47.6,-122.3' });
    await shadow('lamp', { desired: { on: true }, reported: { at: [-122.3, 47.6] } });
    await shadow('lamp', { reported: { volts: 230 } }, 'config');
    await shadow('lamp', { reported: { volts: 110 } }, 'other');
    connectivity.connected(key, 'lamp', 1, 3);
    await connectivity.flush();
  });

  const isFound = async (queryString: string) => (await found(queryString)).length === 1;

  test('the registry alone', async () => {
    await configure();
    expect(await isFound('attributes.place:*')).toBe(true);
    for (const field of ['shadow', 'connectivity']) expect(await isFound(`${field}:*`)).toBe(false);
  });

  test('classic shadows, without named ones', async () => {
    await configure({ thingIndexingMode: 'REGISTRY_AND_SHADOW' });
    expect(await isFound('shadow.desired.on:true AND shadow.delta.on:true AND shadow.hasDelta:true')).toBe(true);
    expect(await isFound('shadow.name:*')).toBe(false);
  });

  test('the named shadows that are chosen, without the classic one', async () => {
    await configure({ namedShadowIndexingMode: 'ON', filter: { namedShadowNames: ['config'] } });
    expect(await isFound('shadow.name.config.reported.volts:230 AND shadow.name.config.hasDelta:false')).toBe(true);
    expect(await isFound('shadow.name.other:*')).toBe(false);
    expect(await isFound('shadow.desired.on:*')).toBe(false);
  });

  test('connections', async () => {
    await configure({ thingConnectivityIndexingMode: 'STATUS' });
    expect(await isFound('connectivity.connected:true AND connectivity.version:3')).toBe(true);
  });

  test.each([
    ['attributes.place', 'LatLon'],
    ['shadow.reported.at', 'LonLat'],
  ] as const)('the place in %s', async (name, order) => {
    await configure({ thingIndexingMode: 'REGISTRY_AND_SHADOW', filter: { geoLocations: [{ name, order }] } });
    expect(await isFound(`${name}:geo_distance,47.6,-122.3,1m`)).toBe(true);
    expect(await isFound(`${name}:geo_distance,47.7,-122.3,1km`)).toBe(false);
  });

  test('after a change of mind, no more', async () => {
    await configure({ thingIndexingMode: 'REGISTRY_AND_SHADOW', thingConnectivityIndexingMode: 'STATUS' });
    expect(await isFound('shadow:* AND connectivity:*')).toBe(true);
    await configure();
    expect(await isFound('shadow:* OR connectivity:*')).toBe(false);
    expect(await indexing.describe(realm, 'AWS_Things')).toMatchObject({ indexStatus: 'ACTIVE', schema: 'REGISTRY' });
  });
});

test.each([
  [{}, 'REGISTRY'],
  [{ thingIndexingMode: 'REGISTRY_AND_SHADOW' }, 'REGISTRY_AND_SHADOW'],
  [{ thingConnectivityIndexingMode: 'STATUS' }, 'REGISTRY_AND_CONNECTIVITY_STATUS'],
  [
    { thingIndexingMode: 'REGISTRY_AND_SHADOW', thingConnectivityIndexingMode: 'STATUS' },
    'REGISTRY_AND_SHADOW_AND_CONNECTIVITY_STATUS',
  ],
  [{ deviceDefenderIndexingMode: 'VIOLATIONS' }, 'MULTI_INDEXING_MODE'],
  [{ namedShadowIndexingMode: 'ON', filter: { namedShadowNames: ['a'] } }, 'MULTI_INDEXING_MODE'],
] as const)('the schema of %j is %s', async (configuration, schema) => {
  await configure(configuration);
  expect(await indexing.describe(realm, 'AWS_Things')).toEqual({
    indexName: 'AWS_Things',
    indexStatus: 'ACTIVE',
    schema,
  });
});

describe('a configuration that contradicts itself is refused', () => {
  const field = (name: string) => ({ name, type: 'Number' }) as const;
  test.each([
    [
      { thingIndexingMode: 'OFF', thingConnectivityIndexingMode: 'STATUS' },
      'needs a `thingIndexingMode` that is not OFF',
    ],
    [{ namedShadowIndexingMode: 'ON' }, 'needs the shadows to index'],
    [{ filter: { namedShadowNames: ['a'] } }, 'needs `namedShadowIndexingMode` ON'],
    [{ customFields: [field('shadow.reported.a')] }, 'custom field `shadow.reported.a` is in no data'],
    [{ customFields: [field('thingName')] }, 'custom field `thingName` is in no data'],
    [{ customFields: [field('deviceDefender.a')] }, 'custom field `deviceDefender.a` is in no data'],
    [{ customFields: [field('attributes.a'), field('attributes.a')] }, 'is there twice'],
    [{ customFields: [{ name: 'attributes.a' }] }, 'needs a `name` and a `type`'],
    [
      { customFields: ['a', 'b', 'c', 'd', 'e', 'f'].map(name => field(`attributes.${name}`)) },
      'more than the 5 allowed',
    ],
    [
      { filter: { geoLocations: [{ name: 'shadow.reported.a' }] } },
      'geolocation target `shadow.reported.a` is in no data',
    ],
  ] as const)('%j', async (configuration, message) => {
    await expect(configure(configuration as Partial<ThingIndexingConfiguration>)).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining(message),
    });
    expect(await indexing.list(realm)).toEqual([]);
  });
});

test('an index that is being built for the first time cannot be asked yet', async () => {
  await configure();
  const index = await readIndex(domain.store, key, 'AWS_Things');
  await domain.store.commit([changeIndex(domain.store, index!, { status: 'BUILDING' })]);
  await expect(found('*')).rejects.toMatchObject({ name: 'IndexNotReadyException' });
  expect(await indexing.describe(realm, 'AWS_Things')).toMatchObject({ indexStatus: 'BUILDING' });
  await domain.store.commit([changeIndex(domain.store, index!, { status: 'REBUILDING' })]);
  expect(await found('*')).toEqual([]);
});

test('a query version that is not the one there is, is refused', async () => {
  await configure();
  const ask = (queryVersion: string) => indexing.search(realm, { queryString: '*', queryVersion });
  expect((await ask('2017-09-30')).items).toEqual([]);
  await expect(ask('2020-01-01')).rejects.toMatchObject({ name: 'InvalidRequestException' });
});

describe('the index follows', () => {
  beforeEach(() => configure({ thingIndexingMode: 'REGISTRY_AND_SHADOW', thingConnectivityIndexingMode: 'STATUS' }));

  test('a thing as it is created, updated, deleted and created anew', async () => {
    const { thingId } = await thing('lamp', { color: 'red' });
    expect(await found('attributes.color:red')).toEqual(['lamp']);
    await things.update(realm, {
      thingName: 'lamp',
      attributePayload: { attributes: { color: 'blue', size: '3' }, merge: true },
    });
    expect(await found('attributes.color:red')).toEqual([]);
    expect(await found('attributes.color:blue AND attributes.size>2')).toEqual(['lamp']);
    await things.delete(realm, 'lamp');
    expect(await found('*')).toEqual([]);
    await thing('lamp');
    expect(await found('*')).toEqual(['lamp']);
    expect(await found(`thingId:${thingId}`)).toEqual([]);
    expect(await found('attributes:*')).toEqual([]);
  });

  test('its type', async () => {
    await new ThingTypes(domain).create(realm, { thingTypeName: 'Bulb' });
    await thing('lamp');
    await things.update(realm, { thingName: 'lamp', thingTypeName: 'Bulb' });
    expect(await found('thingTypeName:bulb')).toEqual(['lamp']);
    await things.update(realm, { thingName: 'lamp', removeThingType: true });
    expect(await found('thingTypeName:*')).toEqual([]);
  });

  test('its groups, also when one is deleted', async () => {
    await thing('lamp');
    await groups.create(realm, { thingGroupName: 'Hall' });
    await groups.create(realm, { thingGroupName: 'Roof' });
    await memberships.change(realm, { thingName: 'lamp', add: ['Hall', 'Roof'] });
    expect(await found('thingGroupNames:(hall AND roof)')).toEqual(['lamp']);
    await memberships.change(realm, { thingName: 'lamp', remove: ['Roof'] });
    expect(await found('thingGroupNames:roof')).toEqual([]);
    await groups.delete(realm, 'Hall');
    expect(await found('thingGroupNames:*')).toEqual([]);
  });

  test('its billing group, also when that is deleted', async () => {
    const billing = new BillingGroups(domain);
    await billing.create(realm, { billingGroupName: 'Home' });
    await things.create(realm, { thingName: 'lamp', billingGroupName: 'Home' });
    expect(await found('billingGroupName:home thingGroupNames:home')).toEqual(['lamp']);
    await billing.delete(realm, 'Home');
    expect(await found('billingGroupName:*')).toEqual([]);
  });

  test('its shadow, also when that is deleted, but not one of no thing', async () => {
    await thing('lamp');
    await shadow('lamp', { desired: { on: true }, reported: { on: false } });
    await shadow('nobody', { desired: { on: true } });
    expect(await found('shadow.hasDelta:true')).toEqual(['lamp']);
    await shadow('lamp', { reported: { on: true } });
    expect(await found('shadow.hasDelta:true')).toEqual([]);
    await shadows.delete(realm, { thingName: 'lamp', shadowName: '' }, Buffer.alloc(0));
    expect(await found('shadow:*')).toEqual([]);
  });

  test('its connection', async () => {
    await thing('lamp');
    connectivity.connected(key, 'lamp', 1, 5);
    await connectivity.flush();
    expect(await found('connectivity.connected:true')).toEqual(['lamp']);
    connectivity.disconnected(key, 'lamp', 1, 'CONNECTION_LOST');
    await connectivity.flush();
    expect(await found('connectivity.connected:false AND connectivity.disconnectReason:connection_lost')).toEqual([
      'lamp',
    ]);
  });

  test('text that no database holds as it is, and words longer than an index takes', async () => {
    await thing('lamp');
    await shadow('lamp', { reported: { odd: 'a\0b \ud800', long: `${'x'.repeat(2000)} end` } });
    expect(await found('shadow.reported.odd:a?b')).toEqual(['lamp']);
    expect(await found('shadow.reported.long:end')).toEqual(['lamp']);
    expect(await found('shadow.reported.long:x*')).toEqual([]);
  });

  test('and tells whoever listens of the things as they are now', async () => {
    const told: unknown[] = [];
    const stop = indexer.onIndexed((_, documents, removed) => told.push([documents.map(nameOf), removed]));
    await thing('lamp');
    await indexer.flush();
    await things.delete(realm, 'lamp');
    await indexer.flush();
    stop();
    await thing('plug');
    await indexer.flush();
    expect(told).toEqual([
      [['lamp'], []],
      [[], ['lamp']],
    ]);
  });
});

test('a search does not wait while the index is far behind', async () => {
  await configure();
  const many = Array.from({ length: 600 }, (_, n) => `thing-${n}`);
  for (const name of many) await thing(name);
  expect(indexer.pending).toBe(600);
  expect(await found('*')).toEqual([]);
  await indexer.flush();
  expect(indexer.pending).toBe(0);
  expect((await indexing.statistics(realm, { queryString: '*' })).count).toBe(600);
});

describe('after a restart', () => {
  beforeEach(async () => {
    await configure();
    await thing('lamp');
    await thing('plug');
    await indexer.flush();
  });

  const change = async () => {
    await thing('tap');
    await things.delete(realm, 'plug');
  };

  test('what a crash left out is made up for', async () => {
    open();
    await domain.store.commit([{ sql: "delete from thing where thing_name = 'plug'", parameters: [] }]);
    await indexing.start();
    await indexing.settled();
    expect(await found('*')).toEqual(['lamp']);
  });

  test('nothing is gone through when the program had ended in good order', async () => {
    await change();
    await indexing.close();
    open();
    await indexing.start();
    // Behind the index's back, so that going through everything would show.
    await domain.store.commit([{ sql: "delete from thing where thing_name = 'lamp'", parameters: [] }]);
    await indexing.settled();
    expect(await found('*')).toEqual(['lamp', 'tap']);
    open();
    await indexing.start();
    await indexing.settled();
    expect(await found('*')).toEqual(['tap']);
  });
});

test('thousands of things are indexed in the background, and are all there', async () => {
  const many = Array.from({ length: 1500 }, (_, n) => `thing-${String(n).padStart(4, '0')}`);
  await domain.store.commit(
    many.map(name => ({
      sql: "insert into thing (realm, thing_name, thing_id, attributes, version, membership_version, created_at) values (?, ?, ?, '{}', 1, 0, 0)",
      parameters: [key, name, name],
    })),
  );
  await configure();
  expect(await indexing.describe(realm, 'AWS_Things')).toMatchObject({ indexStatus: 'BUILDING' });
  await indexing.settled();
  expect(await indexing.statistics(realm, { queryString: '*' })).toMatchObject({ count: 1500, sum: 1500 });
  expect(await found('thingName:thing-1499')).toEqual(['thing-1499']);
});

describe('the index of groups', () => {
  beforeEach(async () => {
    await groups.create(realm, { thingGroupName: 'house' });
    await groups.create(realm, {
      thingGroupName: 'kitchen',
      parentGroupName: 'house',
      thingGroupProperties: {
        thingGroupDescription: 'where one cooks',
        attributePayload: { attributes: { floor: '1' } },
      },
    });
    await indexing.updateConfiguration(realm, { thingGroups: { thingGroupIndexingMode: 'ON' } });
  });

  test('finds them by name, description, attributes and parents, and follows them', async () => {
    const groupsFound = (queryString: string) => found(queryString, 'AWS_ThingGroups');
    expect(await groupsFound('thingGroupName:kit*')).toEqual(['kitchen']);
    expect(await groupsFound('description:cooks')).toEqual(['kitchen']);
    expect(await groupsFound('attributes.floor:[1 TO 2]')).toEqual(['kitchen']);
    expect(await groupsFound('parentGroupNames:house')).toEqual(['kitchen']);
    await groups.create(realm, { thingGroupName: 'oven', parentGroupName: 'kitchen' });
    expect(await groupsFound('parentGroupNames:house')).toEqual(['kitchen', 'oven']);
    await groups.delete(realm, 'oven');
    expect(await groupsFound('*')).toEqual(['house', 'kitchen']);
    expect(await indexing.list(realm)).toEqual(['AWS_ThingGroups']);
    expect(await indexing.describe(realm, 'AWS_ThingGroups')).toMatchObject({ schema: 'THING_GROUPS' });
    const numbers = { indexName: 'AWS_ThingGroups', queryString: '*' };
    expect(await indexing.statistics(realm, numbers)).toMatchObject({ count: 2, sum: 2 });
  });
});

test('one realm does not find what is another one’s', async () => {
  const other = { ...realm, region: 'us-east-1' };
  await configure();
  await indexing.updateConfiguration(other, { things: { thingIndexingMode: 'REGISTRY' } });
  await thing('lamp', { color: 'red' });
  await things.create(other, { thingName: 'plug', attributePayload: { attributes: { color: 'red' } } });
  expect(await found('red')).toEqual(['lamp']);
  expect((await indexing.search(other, { queryString: 'red' })).items.map(nameOf)).toEqual(['plug']);
});

describe('dynamic groups', () => {
  const query = (queryString: string) => ({ indexName: 'AWS_Things', queryString, queryVersion: '2017-09-30' });

  test('learn which things fit, and whether one does', async () => {
    const queries = fleetQueries(domain);
    await expect(queries.check(realm, query('*'))).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await configure();
    await expect(queries.check(realm, query('(('))).rejects.toMatchObject({ name: 'InvalidQueryException' });
    await expect(queries.check(realm, { ...query('*'), indexName: 'AWS_ThingGroups' })).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
    await queries.check(realm, query('*'));
    for (const name of ['a', 'b', 'c']) await thing(name, { color: name === 'b' ? 'red' : 'blue' });
    await indexer.flush();
    expect(await queries.things(realm, query('attributes.color:blue'), undefined, 1)).toEqual(['a']);
    expect(await queries.things(realm, query('attributes.color:blue'), 'a', 10)).toEqual(['c']);
    const asked = [query('attributes.color:red'), query('thingName:b'), query('shadow:*')];
    expect(await queries.fits(realm, 'b', asked)).toEqual([true, true, false]);
    expect(await queries.fits(realm, 'nobody', asked)).toEqual([false, false, false]);
  });
});
