import { beforeEach, expect, test } from 'vitest';
import { openDomain, realm, type TestDomain } from '../testing/domain.ts';
import { EventConfigurations, eventTypes } from './event-configuration.ts';

let domain: TestDomain;
let configurations: EventConfigurations;

beforeEach(async () => {
  domain = await openDomain();
  configurations = new EventConfigurations(domain);
});

test('everything is off until it is switched on', async () => {
  const { enabled, createdAt, modifiedAt } = await configurations.describe(realm);
  expect(Object.keys(enabled)).toEqual(eventTypes);
  expect(Object.values(enabled)).toEqual(eventTypes.map(() => false));
  expect(createdAt).toBeUndefined();
  expect(modifiedAt).toBeUndefined();
});

test('an update changes what it names and leaves the rest', async () => {
  const created = domain.clock.now();
  await configurations.update(realm, { THING: true, JOB: true });
  domain.clock.advance(1000);
  await configurations.update(realm, { JOB: false });
  expect(await configurations.describe(realm)).toMatchObject({
    enabled: { THING: true, JOB: false, THING_GROUP: false },
    createdAt: created,
    modifiedAt: created + 1000,
  });
  await configurations.update(realm, {});
  expect(await configurations.describe(realm)).toMatchObject({ modifiedAt: created + 1000 });
});

test('an update counts at once, in its realm alone', async () => {
  const elsewhere = { ...realm, region: 'us-east-1' };
  expect(await configurations.isEnabled(realm, 'THING')).toBe(false);
  await configurations.update(realm, { THING: true });
  expect(await configurations.isEnabled(realm, 'THING')).toBe(true);
  expect(await configurations.isEnabled(elsewhere, 'THING')).toBe(false);
  await configurations.update(realm, { THING: false });
  expect(await configurations.isEnabled(realm, 'THING')).toBe(false);
});

test('a failed read is not remembered', async () => {
  const { all } = domain.store;
  domain.store.all = () => Promise.reject(new Error('gone'));
  await expect(configurations.isEnabled(realm, 'THING')).rejects.toThrow('gone');
  domain.store.all = all;
  expect(await configurations.isEnabled(realm, 'THING')).toBe(false);
});
