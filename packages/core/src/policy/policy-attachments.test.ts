import { beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../events/changes.ts';
import { principalAttachments } from '../registry/principal-attachments.ts';
import { ThingGroups } from '../registry/thing-group-service.ts';
import { certificatesBut, openDomain, outcomes, realm, type TestDomain } from '../testing/domain.ts';
import { PolicyAttachments } from './policy-attachments.ts';
import { Policies } from './policy-service.ts';

const certificate = (letter: string) => `arn:aws:iot:eu-west-1:123456789012:cert/${letter.repeat(64)}`;
const [one, two, unregistered] = [certificate('1'), certificate('2'), certificate('3')];
const group = (name: string) => `arn:aws:iot:eu-west-1:123456789012:thinggroup/${name}`;
const cognitoId = 'eu-west-1:0a1b2c3d-0000-4000-8000-0123456789ab';
const policyDocument = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';

let domain: TestDomain;
let policies: Policies;
let attachments: PolicyAttachments;
let groups: ThingGroups;
let emitted: Change[];

beforeEach(async () => {
  domain = await openDomain();
  policies = new Policies(domain);
  attachments = new PolicyAttachments(domain, certificatesBut(unregistered));
  groups = new ThingGroups(domain);
  for (const policyName of ['p', 'q', 'r']) await policies.create(realm, { policyName, policyDocument });
  await groups.create(realm, { thingGroupName: 'house' });
  await groups.create(realm, { thingGroupName: 'kitchen', parentGroupName: 'house' });
  emitted = [];
  domain.changes.on(change => emitted.push(change));
});

const names = async (target: string, recursive?: boolean) =>
  (await attachments.ofTarget(realm, target, { recursive })).items.map(({ policyName }) => policyName);

describe('attaching a policy', () => {
  test.each([
    ['a certificate', one],
    ['a thing group', group('house')],
    ['a Cognito identity', cognitoId],
  ])('to %s can be repeated', async (_, target) => {
    await attachments.attach(realm, 'p', target);
    await attachments.attach(realm, 'p', target);
    expect(await names(target)).toEqual(['p']);
    expect(emitted).toEqual([{ kind: 'policyAttachment', realm, policyName: 'p', target }]);
  });

  test.each([
    ['an unknown policy', 'none', one, 'ResourceNotFoundException'],
    ['an unregistered certificate', 'p', unregistered, 'ResourceNotFoundException'],
    ['an unknown group', 'p', group('none'), 'ResourceNotFoundException'],
    ['a thing', 'p', 'arn:aws:iot:eu-west-1:123456789012:thing/lamp', 'InvalidRequestException'],
    ['a group of another realm', 'p', group('house').replace('eu-west-1', 'us-east-1'), 'InvalidRequestException'],
    ['anything else', 'p', 'house', 'InvalidRequestException'],
  ])('with %s is refused', async (_, policyName, target, name) => {
    await expect(attachments.attach(realm, policyName, target)).rejects.toMatchObject({ name });
  });

  test('stops at ten on a principal and two on a group', async () => {
    const many = Array.from({ length: 11 }, (_, index) => `m${index}`);
    for (const policyName of many) await policies.create(realm, { policyName, policyDocument });
    for (const policyName of many.slice(0, 10)) await attachments.attach(realm, policyName, one);
    const exceeded = { name: 'LimitExceededException', status: 410 };
    await expect(attachments.attach(realm, 'm10', one)).rejects.toMatchObject(exceeded);
    await attachments.attach(realm, 'm9', one);
    for (const policyName of ['p', 'q']) await attachments.attach(realm, policyName, group('house'));
    await expect(attachments.attach(realm, 'r', group('house'))).rejects.toMatchObject(exceeded);
  });

  test('by several at once does not get past the limit', async () => {
    const race = ['p', 'q', 'r'].map(name => attachments.attach(realm, name, group('house')));
    expect(await outcomes(race)).toEqual(['LimitExceededException', 'done', 'done']);
  });
});

describe('detaching a policy', () => {
  test('works once its target is gone, and from what it is not attached to', async () => {
    await attachments.attach(realm, 'p', one);
    await attachments.detach(realm, 'p', one);
    await attachments.detach(realm, 'p', one);
    await attachments.detach(realm, 'p', unregistered);
    expect(await names(one)).toEqual([]);
    expect(emitted).toHaveLength(2);
  });

  test('that does not exist is refused', async () => {
    await expect(attachments.detach(realm, 'none', one)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('listing attachments', () => {
  test('of a group shows its own, and with recursion what it inherits, each once', async () => {
    await attachments.attach(realm, 'p', group('house'));
    domain.clock.advance(1);
    await attachments.attach(realm, 'q', group('house'));
    domain.clock.advance(1);
    await attachments.attach(realm, 'q', group('kitchen'));
    await attachments.attach(realm, 'r', group('kitchen'));
    expect(await names(group('kitchen'))).toEqual(['q', 'r']);
    expect(await names(group('kitchen'), true)).toEqual(['p', 'q', 'r']);
    expect(await names(group('house'), true)).toEqual(['p', 'q']);
  });

  test('of a target goes page by page in order of attachment, either way', async () => {
    for (const name of ['q', 'p', 'r']) {
      await attachments.attach(realm, name, one);
      domain.clock.advance(1);
    }
    const read = async (descending: boolean) => {
      const first = await attachments.ofTarget(realm, one, { maxResults: 2, descending });
      const next = { maxResults: 2, descending, nextToken: first.nextToken };
      return [...first.items, ...(await attachments.ofTarget(realm, one, next)).items].map(item => item.policyName);
    };
    expect(await read(false)).toEqual(['q', 'p', 'r']);
    expect(await read(true)).toEqual(['r', 'p', 'q']);
  });

  test('of a policy goes page by page in order of attachment, either way', async () => {
    for (const target of [two, cognitoId, one]) {
      await attachments.attach(realm, 'p', target);
      domain.clock.advance(1);
    }
    const read = async (descending: boolean) => {
      const first = await attachments.targets(realm, 'p', { maxResults: 2, descending });
      const next = { maxResults: 2, descending, nextToken: first.nextToken };
      return [...first.items, ...(await attachments.targets(realm, 'p', next)).items].map(item => item.target);
    };
    expect(await read(false)).toEqual([two, cognitoId, one]);
    expect(await read(true)).toEqual([one, cognitoId, two]);
  });

  test('of what does not exist is refused', async () => {
    const notFound = { name: 'ResourceNotFoundException' };
    await expect(names(unregistered)).rejects.toMatchObject(notFound);
    await expect(names(group('none'))).rejects.toMatchObject(notFound);
    await expect(attachments.targets(realm, 'none', {})).rejects.toMatchObject(notFound);
  });
});

test('a group that is deleted lets its policies go', async () => {
  await attachments.attach(realm, 'p', group('kitchen'));
  await groups.delete(realm, 'kitchen');
  await policies.delete(realm, 'p');
});

test('whoever deletes a certificate can take its policies off in the same commit', async () => {
  await attachments.attach(realm, 'p', one);
  await attachments.attach(realm, 'p', two);
  const port = principalAttachments(domain.store);
  expect(await port.attached(realm, one)).toEqual({ things: false, policies: true });
  await domain.store.commit(await port.detachPolicies(realm, one));
  expect(await names(one)).toEqual([]);
  expect(await names(two)).toEqual(['p']);
});
