/** What an index does while the store fails, and after. */
import { beforeEach, expect, test, vi } from 'vitest';
import { ThingGroupMemberships } from '../registry/membership-service.ts';
import { ThingGroups } from '../registry/thing-group-service.ts';
import { Things } from '../registry/thing-service.ts';
import { openDomain, realm, type TestDomain } from '../testing/domain.ts';
import { ManualTimers } from '../testing/timers.ts';
import { nameOf } from './document.ts';
import { FleetIndexing } from './fleet-indexing.ts';
import { Indexer } from './indexer.ts';

let domain: TestDomain;
let timers: ManualTimers;
let failures: unknown[];
let indexer: Indexer;
let indexing: FleetIndexing;
let things: Things;

function open(): void {
  const options = { timers, failed: (error: unknown) => failures.push(error) };
  indexer = new Indexer(domain, options);
  indexing = new FleetIndexing(domain, indexer, options);
}

beforeEach(async () => {
  domain = await openDomain();
  timers = new ManualTimers();
  failures = [];
  things = new Things(domain);
  open();
});

const thing = (thingName: string, color = 'red') =>
  things.create(realm, { thingName, attributePayload: { attributes: { color } } });
const configure = () => indexing.updateConfiguration(realm, { things: { thingIndexingMode: 'REGISTRY' } });

async function found(queryString: string): Promise<string[]> {
  const { items } = await indexing.search(realm, { queryString });
  expect(failures).toEqual([]);
  return items.map(nameOf);
}

const outage = async (work: () => Promise<void>) => {
  const commit = vi.spyOn(domain.store, 'commit').mockRejectedValue(new Error('no database'));
  await work();
  commit.mockRestore();
  expect(failures).toEqual([new Error('no database')]);
  failures.length = 0;
};

test('what was heard of is kept, and indexed when the store works again', async () => {
  await configure();
  for (const name of ['lamp', 'door']) await thing(name);
  await outage(() => indexer.flush());
  expect(indexer.hasFailed).toBe(true);
  expect(await found('*')).toEqual([]);
  timers.advance(1_000);
  expect(await found('attributes.color:red')).toEqual(['door', 'lamp']);
  expect(indexer.hasFailed).toBe(false);
});

test('a group that has gone is not forgotten either', async () => {
  await configure();
  await thing('lamp');
  const groups = new ThingGroups(domain);
  await groups.create(realm, { thingGroupName: 'house' });
  await new ThingGroupMemberships(domain).change(realm, { thingName: 'lamp', add: ['house'] });
  expect(await found('thingGroupNames:house')).toEqual(['lamp']);
  await groups.delete(realm, 'house');
  const all = vi.spyOn(domain.store, 'all').mockRejectedValueOnce(new Error('no database'));
  await indexer.flush();
  all.mockRestore();
  expect(failures.splice(0)).toHaveLength(1);
  timers.advance(1_000);
  expect(await found('thingGroupNames:house')).toEqual([]);
});

test('building an index is tried again from the beginning', async () => {
  await thing('lamp');
  vi.spyOn(indexer, 'rebuild').mockRejectedValueOnce(new Error('no database'));
  await configure();
  expect(failures.splice(0)).toHaveLength(1);
  await expect(found('*')).rejects.toMatchObject({ name: 'IndexNotReadyException' });
  timers.advance(1_000);
  await indexing.settled();
  expect(await found('*')).toEqual(['lamp']);
});

test('an end in good order is told from one that left something out', async () => {
  await configure();
  await thing('lamp');
  vi.spyOn(indexer, 'update').mockRejectedValue(new Error('no database'));
  await indexing.close();
  expect(failures.splice(0)).not.toEqual([]);
  open();
  await indexing.start();
  await indexing.settled();
  expect(await found('*')).toEqual(['lamp']);
});
