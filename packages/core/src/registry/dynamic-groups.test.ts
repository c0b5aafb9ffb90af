import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ServiceError } from '../errors.ts';
import type { Change } from '../events/changes.ts';
import { PolicyAttachments } from '../policy/policy-attachments.ts';
import { Policies } from '../policy/policy-service.ts';
import { realmKey } from '../realm.ts';
import { certificatesBut, openDomain, outcomes, realm, type TestDomain } from '../testing/domain.ts';
import { ManualTimers } from '../testing/timers.ts';
import { admittedGroups, type FleetQueries, type FleetQuery } from './dynamic-group.ts';
import { DynamicThingGroups } from './dynamic-group-service.ts';
import { DynamicMemberships } from './dynamic-memberships.ts';
import { awsRegistryLimits } from './limits.ts';
import { ThingGroupMemberships } from './membership-service.ts';
import { listGroupsOfThing } from './membership-store.ts';
import type { Thing } from './thing.ts';
import { thingGroupArn } from './thing-group.ts';
import { ThingGroups } from './thing-group-service.ts';
import { Things } from './thing-service.ts';
import { listThings, readThing } from './thing-store.ts';

/** Queries of the form `attribute:value`, or `group:name` for things in a group, or `not-group:name`. */
const isQuery = ({ queryString }: FleetQuery): boolean => /^[\w-]+:\w+$/.test(queryString);
const noQuery = () => new ServiceError('InvalidQueryException', 'no query');

class TestQueries implements FleetQueries {
  readonly #domain: TestDomain;
  enabled = true;

  constructor(domain: TestDomain) {
    this.#domain = domain;
  }

  async check(_realm: unknown, query: FleetQuery): Promise<void> {
    if (!this.enabled) throw new ServiceError('InvalidRequestException', 'indexing is off');
    if (!isQuery(query)) throw noQuery();
  }

  async things(_realm: unknown, query: FleetQuery, after: string | undefined, limit: number): Promise<string[]> {
    if (!isQuery(query)) throw noQuery();
    const things = await listThings(this.#domain.store, realmKey(realm), {}, undefined, 10_000);
    const names: string[] = [];
    for (const thing of things) {
      if ((after === undefined || thing.thingName > after) && (await this.#fits(thing, query)))
        names.push(thing.thingName);
    }
    return names.slice(0, limit);
  }

  async fits(_realm: unknown, thingName: string, queries: readonly FleetQuery[]): Promise<(boolean | undefined)[]> {
    const thing = await readThing(this.#domain.store, realmKey(realm), thingName);
    return Promise.all(
      queries.map(async query => (isQuery(query) ? thing !== undefined && this.#fits(thing, query) : undefined)),
    );
  }

  async #fits(thing: Thing, { queryString }: FleetQuery): Promise<boolean> {
    const [name = '', value = ''] = queryString.split(':');
    const groups = await listGroupsOfThing(this.#domain.store, realmKey(realm), thing.thingName);
    if (name === 'group') return groups.includes(value);
    if (name === 'not-group') return !groups.includes(value);
    return thing.attributes[name] === value;
  }
}

let domain: TestDomain;
let queries: TestQueries;
let dynamic: DynamicThingGroups;
let filling: DynamicMemberships;
let groups: ThingGroups;
let memberships: ThingGroupMemberships;
let things: Things;
let failures: unknown[];
let timers: ManualTimers;

const openFilling = () =>
  new DynamicMemberships(domain, { queries, timers, failed: (error, where) => failures.push([where, error]) });

beforeEach(async () => {
  domain = await openDomain();
  queries = new TestQueries(domain);
  dynamic = new DynamicThingGroups(domain, queries);
  failures = [];
  timers = new ManualTimers();
  filling = openFilling();
  groups = new ThingGroups(domain);
  memberships = new ThingGroupMemberships(domain);
  things = new Things(domain);
});
afterEach(async () => {
  await filling.close();
  expect(failures).toEqual([]);
});

const red = { thingGroupName: 'red', queryString: 'color:red' };
const thing = (thingName: string, color: string) => things.create(realm, { thingName, ...colored(color) });
const colored = (color: string) => ({ attributePayload: { attributes: { color } } });
const statusOf = async (name: string) => (await groups.describe(realm, name)).group.query?.status;
const members = async (thingGroupName: string) => {
  await filling.settled();
  return (await memberships.ofGroup(realm, thingGroupName, { maxResults: 250 })).items;
};

describe('creating a dynamic group', () => {
  test('answers at once, BUILDING, and is ACTIVE when every thing that fits is in it', async () => {
    for (let index = 0; index < 70; index++) await thing(`lamp-${index}`, index % 2 === 0 ? 'red' : 'blue');
    const group = await dynamic.create(realm, red);
    expect(group).toMatchObject({
      version: 1,
      parentGroupName: undefined,
      query: {
        indexName: 'AWS_Things',
        queryString: 'color:red',
        queryVersion: '2017-09-30',
        status: 'BUILDING',
      },
    });
    expect(await members('red')).toHaveLength(35);
    expect(await statusOf('red')).toBe('ACTIVE');
  });

  test('again with the same query returns the present one; differently, or as a static one, is refused', async () => {
    const group = await dynamic.create(realm, red);
    expect(await dynamic.create(realm, red)).toMatchObject({ thingGroupId: group.thingGroupId });
    const exists = { name: 'ResourceAlreadyExistsException', details: { resourceId: group.thingGroupId } };
    await expect(dynamic.create(realm, { ...red, queryString: 'color:blue' })).rejects.toMatchObject(exists);
    await expect(groups.create(realm, { thingGroupName: 'red' })).rejects.toMatchObject(exists);
    await groups.create(realm, { thingGroupName: 'house' });
    await expect(dynamic.create(realm, { ...red, thingGroupName: 'house' })).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
    });
  });

  test('with a query that is none, or while indexing is off, is refused', async () => {
    await expect(dynamic.create(realm, { ...red, queryString: '((' })).rejects.toMatchObject({
      name: 'InvalidQueryException',
    });
    queries.enabled = false;
    await expect(dynamic.create(realm, red)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  test('stops at as many as there may be, however many are made at once', async () => {
    dynamic = new DynamicThingGroups(domain, queries, { ...awsRegistryLimits, dynamicGroups: 2 });
    const race = ['a', 'b', 'c', 'd'].map(thingGroupName => dynamic.create(realm, { ...red, thingGroupName }));
    expect(await outcomes(race)).toEqual(['LimitExceededException', 'LimitExceededException', 'done', 'done']);
  });
});

describe('a thing', () => {
  beforeEach(() => dynamic.create(realm, red));

  test('joins and leaves as its attributes change, and is told of', async () => {
    const told: Change[] = [];
    domain.changes.on(change => change.kind === 'thingGroupMembership' && told.push(change));
    await thing('lamp', 'red');
    expect(await members('red')).toEqual(['lamp']);
    await things.update(realm, { thingName: 'lamp', ...colored('blue') });
    expect(await members('red')).toEqual([]);
    const membership = { kind: 'thingGroupMembership', realm, thingGroupName: 'red', thingName: 'lamp' };
    expect(told).toEqual([
      { ...membership, operation: 'added' },
      { ...membership, operation: 'removed' },
    ]);
  });

  test('joins because of a group it is put into, and leaves when that goes', async () => {
    await dynamic.create(realm, { thingGroupName: 'housed', queryString: 'group:house' });
    await dynamic.create(realm, { thingGroupName: 'housed-too', queryString: 'group:housed' });
    await groups.create(realm, { thingGroupName: 'house' });
    await thing('lamp', 'blue');
    await memberships.change(realm, { thingName: 'lamp', add: ['house'] });
    expect(await members('housed')).toEqual(['lamp']);
    expect(await members('housed-too')).toEqual(['lamp']);
    await groups.delete(realm, 'house');
    expect(await members('housed')).toEqual([]);
    expect(await members('housed-too')).toEqual([]);
  });

  test('of a query that contradicts itself comes to rest', async () => {
    await dynamic.create(realm, { thingGroupName: 'restless', queryString: 'not-group:restless' });
    await thing('lamp', 'blue');
    await filling.settled();
    expect(['lamp', undefined]).toContain((await members('restless'))[0]);
  });

  test('is in its oldest groups where it fits more than it may be in', async () => {
    const limits = { ...awsRegistryLimits, groupsOfThing: 2 };
    await filling.close();
    filling = new DynamicMemberships(domain, { queries, limits, failed: error => failures.push(error) });
    memberships = new ThingGroupMemberships(domain, limits);
    for (const thingGroupName of ['red-2', 'red-1']) {
      domain.clock.advance(1);
      await dynamic.create(realm, { ...red, thingGroupName });
    }
    await groups.create(realm, { thingGroupName: 'house' });
    await thing('lamp', 'red');
    await filling.settled();
    const of = async () => (await memberships.ofThing(realm, 'lamp', {})).items;
    expect(await of()).toEqual(['red', 'red-2']);

    const add = { thingName: 'lamp', add: ['house'] };
    await expect(memberships.change(realm, add)).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await memberships.change(realm, { ...add, overrideDynamicGroups: true });
    await filling.settled();
    expect(await of()).toEqual(['house', 'red']);
    await memberships.change(realm, { thingName: 'lamp', remove: ['house'] });
    await filling.settled();
    expect(await of()).toEqual(['red', 'red-2']);
  });

  test('cannot be put into a dynamic group or taken out of it', async () => {
    await thing('lamp', 'red');
    for (const change of [{ add: ['red'] }, { remove: ['red'] }]) {
      await expect(memberships.change(realm, { thingName: 'lamp', ...change })).rejects.toMatchObject({
        name: 'InvalidRequestException',
      });
    }
    expect(await members('red')).toEqual(['lamp']);
  });

  test.each([
    ['it is said that it changed', () => filling.touch(realm, 'lamp')],
    ['the index is another', () => domain.changes.emit({ kind: 'thingIndex', realm })],
  ])('is looked at when %s', async (_, tell) => {
    await thing('lamp', 'blue');
    await filling.settled();
    await domain.store.commit([{ sql: `update thing set attributes = '{"color":"red"}'`, parameters: [] }]);
    tell();
    expect(await members('red')).toEqual(['lamp']);
  });
});

describe('updating a dynamic group', () => {
  beforeEach(async () => {
    await thing('lamp', 'red');
    await thing('plug', 'blue');
    await dynamic.create(realm, red);
    await filling.settled();
  });

  test('with another query rebuilds it', async () => {
    const update = { thingGroupName: 'red', thingGroupProperties: {}, queryString: 'color:blue', expectedVersion: 1 };
    const updated = await dynamic.update(realm, update);
    expect(updated).toMatchObject({ version: 2, query: { status: 'REBUILDING', queryString: 'color:blue' } });
    expect(await members('red')).toEqual(['plug']);
    expect(await statusOf('red')).toBe('ACTIVE');
  });

  test('without one leaves its things alone', async () => {
    const thingGroupProperties = { thingGroupDescription: 'warm' };
    const updated = await dynamic.update(realm, { thingGroupName: 'red', thingGroupProperties });
    expect(updated).toMatchObject({ version: 2, description: 'warm', query: { status: 'ACTIVE' } });
  });

  test('is refused for another version, a query that is none, a static or an unknown group', async () => {
    await groups.create(realm, { thingGroupName: 'house' });
    const update = { thingGroupName: 'red', thingGroupProperties: {} };
    const refused = (input: object) => dynamic.update(realm, { ...update, ...input }).catch(error => error.name);
    expect(await refused({ expectedVersion: 7 })).toBe('VersionConflictException');
    expect(await refused({ queryString: '((' })).toBe('InvalidQueryException');
    expect(await refused({ thingGroupName: 'house' })).toBe('InvalidRequestException');
    expect(await refused({ thingGroupName: 'none' })).toBe('ResourceNotFoundException');
  });
});

test('deleting a dynamic group lets its things go; deleting it again changes nothing', async () => {
  await thing('lamp', 'red');
  await dynamic.create(realm, red);
  await filling.settled();
  await expect(dynamic.delete(realm, 'red', 7)).rejects.toMatchObject({ name: 'VersionConflictException' });
  await dynamic.delete(realm, 'red', 1);
  await dynamic.delete(realm, 'red');
  expect((await memberships.ofThing(realm, 'lamp', {})).items).toEqual([]);
  await groups.create(realm, { thingGroupName: 'house' });
  await expect(dynamic.delete(realm, 'house')).rejects.toMatchObject({ name: 'InvalidRequestException' });
});

test('a dynamic group stands outside what static groups have', async () => {
  await dynamic.create(realm, red);
  const invalid = { name: 'InvalidRequestException' };
  const properties = { thingGroupName: 'red', thingGroupProperties: {} };
  await expect(groups.update(realm, properties)).rejects.toMatchObject(invalid);
  await expect(groups.delete(realm, 'red')).rejects.toMatchObject(invalid);
  const child = { thingGroupName: 'scarlet', parentGroupName: 'red' };
  await expect(groups.create(realm, child)).rejects.toMatchObject(invalid);
  const policyDocument = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';
  await new Policies(domain).create(realm, { policyName: 'all', policyDocument });
  const attachments = new PolicyAttachments(domain, certificatesBut());
  await expect(attachments.attach(realm, 'all', thingGroupArn(realm, 'red'))).rejects.toMatchObject(invalid);
});

test('what changed while nothing ran is found at the next start', async () => {
  await dynamic.create(realm, red);
  await filling.settled();
  await filling.close();
  await thing('lamp', 'red');
  filling = openFilling();
  await filling.start();
  expect(await members('red')).toEqual(['lamp']);
});

test.each([
  [['a', 'b', 'c'], 0, 10, ['a', 'b', 'c']],
  [['a', 'b', 'c'], 8, 10, ['a', 'b']],
  [['a'], 10, 10, []],
  [['a'], 12, 10, []],
])('of %j, beside %i static groups of %i allowed, a thing is in %j', (fitting, staticGroups, limit, admitted) => {
  expect(admittedGroups(fitting, staticGroups, limit)).toEqual(admitted);
});

describe('what goes wrong', () => {
  const blue = { thingGroupName: 'blue', queryString: 'color:blue' };
  /** As another version or other limits may have let it in. */
  const damage = async (thingGroupName: string) => {
    await filling.settled();
    await filling.close();
    const parameters = [thingGroupName];
    await domain.store.commit([
      { sql: `update thing_group set query_string = '(' where thing_group_name = ?`, parameters },
    ]);
    filling = openFilling();
    await filling.start();
  };

  test('with a query that cannot be read any more concerns its group alone, which keeps its things and says so', async () => {
    await dynamic.create(realm, red);
    await dynamic.create(realm, blue);
    await thing('lamp', 'red');
    await damage('red');
    await thing('door', 'blue');
    await things.update(realm, { thingName: 'lamp', ...colored('blue') });
    expect(await members('blue')).toEqual(['door', 'lamp']);
    expect(await members('red')).toEqual(['lamp']);
    expect(await statusOf('red')).toBe('REBUILDING');
    expect(await statusOf('blue')).toBe('ACTIVE');
    expect(failures.splice(0)).toEqual([['dynamic thing group `red`', noQuery()]]);
    await dynamic.update(realm, { ...red, thingGroupProperties: {} });
    expect(await members('red')).toEqual([]);
    expect(await statusOf('red')).toBe('ACTIVE');
  });

  test('with the store is made up for when it works again', async () => {
    await dynamic.create(realm, red);
    await filling.settled();
    await thing('lamp', 'red');
    const commit = vi.spyOn(domain.store, 'commit').mockRejectedValue(new Error('no database'));
    await filling.settled();
    commit.mockRestore();
    expect(failures.splice(0)).toHaveLength(1);
    expect(await members('red')).toEqual([]);
    timers.advance(1_000);
    expect(await members('red')).toEqual(['lamp']);
  });
});
