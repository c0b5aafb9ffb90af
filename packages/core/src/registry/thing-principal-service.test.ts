import { beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../events/changes.ts';
import { StaleWrite } from '../store/store.ts';
import { certificatesBut, openDomain, outcomes, realm } from '../testing/domain.ts';
import { principalAttachments } from './principal-attachments.ts';
import { ThingPrincipals } from './thing-principal-service.ts';
import { Things } from './thing-service.ts';

const certificate = (letter: string) => `arn:aws:iot:eu-west-1:123456789012:cert/${letter.repeat(64)}`;
const [one, two, unregistered] = [certificate('1'), certificate('2'), certificate('3')];
const cognitoId = 'eu-west-1:0a1b2c3d-0000-4000-8000-0123456789ab';

let principals: ThingPrincipals;
let emitted: Change[];
let store: Awaited<ReturnType<typeof openDomain>>['store'];

beforeEach(async () => {
  const domain = await openDomain();
  store = domain.store;
  principals = new ThingPrincipals(domain, certificatesBut(unregistered));
  const things = new Things(domain);
  await things.create(realm, { thingName: 'lamp' });
  await things.create(realm, { thingName: 'plug' });
  emitted = [];
  domain.changes.on(change => emitted.push(change));
});

const ofThing = async (thingName: string) =>
  (await principals.ofThing(realm, thingName, {})).items.map(item => [item.principal, item.thingPrincipalType]);

describe('attaching a principal', () => {
  test('is non-exclusive unless asked otherwise, and can be repeated', async () => {
    await principals.attach(realm, 'lamp', one);
    await principals.attach(realm, 'lamp', one);
    expect(await ofThing('lamp')).toEqual([[one, 'NON_EXCLUSIVE_THING']]);
    expect(emitted).toEqual([{ kind: 'thingPrincipal', realm, thingName: 'lamp', principal: one }]);
  });

  test('takes Cognito identities without asking for them', async () => {
    await principals.attach(realm, 'lamp', cognitoId);
    expect(await ofThing('lamp')).toEqual([[cognitoId, 'NON_EXCLUSIVE_THING']]);
  });

  test('to an unknown thing, or of an unregistered certificate, is refused', async () => {
    const notFound = { name: 'ResourceNotFoundException' };
    await expect(principals.attach(realm, 'none', one)).rejects.toMatchObject(notFound);
    await expect(principals.attach(realm, 'lamp', unregistered)).rejects.toMatchObject(notFound);
  });

  test.each([
    'lamp',
    `arn:aws:iot:us-east-1:123456789012:cert/${'1'.repeat(64)}`,
    `arn:aws:iot:eu-west-1:999999999999:cert/${'1'.repeat(64)}`,
    'arn:aws:iot:eu-west-1:123456789012:thing/lamp',
    'arn:aws:iam::123456789012:user/me',
  ])('`%s` is refused: it is no principal of this realm', async principal => {
    await expect(principals.attach(realm, 'lamp', principal)).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  test('non-exclusively works on many things', async () => {
    await principals.attach(realm, 'lamp', one);
    await principals.attach(realm, 'plug', one, 'NON_EXCLUSIVE_THING');
    const { items } = await principals.ofPrincipal(realm, one, {});
    expect(items.map(item => item.thingName)).toEqual(['lamp', 'plug']);
  });

  test.each([
    ['exclusively, when it is attached elsewhere', undefined, 'EXCLUSIVE_THING'],
    ['at all, when it is attached elsewhere exclusively', 'EXCLUSIVE_THING', 'NON_EXCLUSIVE_THING'],
    ['exclusively, when it is attached elsewhere exclusively', 'EXCLUSIVE_THING', 'EXCLUSIVE_THING'],
  ] as const)('%s, is refused until it is detached there', async (_, first, second) => {
    await principals.attach(realm, 'lamp', one, first);
    const attach = () => principals.attach(realm, 'plug', one, second);
    await expect(attach()).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await principals.detach(realm, 'lamp', one);
    await attach();
    expect(await ofThing('plug')).toEqual([[one, second]]);
  });

  test('in another way to the same thing is refused, without saying how changes nothing', async () => {
    await principals.attach(realm, 'lamp', one, 'EXCLUSIVE_THING');
    await expect(principals.attach(realm, 'lamp', one, 'NON_EXCLUSIVE_THING')).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
    await principals.attach(realm, 'lamp', one);
    expect(await ofThing('lamp')).toEqual([[one, 'EXCLUSIVE_THING']]);
  });

  test('exclusively to several things at once lets one win', async () => {
    const race = ['lamp', 'plug'].map(thing => principals.attach(realm, thing, one, 'EXCLUSIVE_THING'));
    expect(await outcomes(race)).toEqual(['InvalidRequestException', 'done']);
    expect((await principals.ofPrincipal(realm, one, {})).items).toHaveLength(1);
  });

  test('exclusively to one and otherwise to another at once lets one win', async () => {
    const race = [
      principals.attach(realm, 'lamp', one, 'NON_EXCLUSIVE_THING'),
      principals.attach(realm, 'plug', one, 'EXCLUSIVE_THING'),
    ];
    expect(await outcomes(race)).toEqual(['InvalidRequestException', 'done']);
  });
});

describe('detaching a principal', () => {
  test('that is not attached, or from an unknown thing, is refused', async () => {
    const notFound = { name: 'ResourceNotFoundException' };
    await expect(principals.detach(realm, 'lamp', one)).rejects.toMatchObject(notFound);
    await expect(principals.detach(realm, 'none', one)).rejects.toMatchObject(notFound);
  });

  test('by two at once lets one find it gone', async () => {
    await principals.attach(realm, 'lamp', one);
    const race = [1, 2].map(() => principals.detach(realm, 'lamp', one));
    expect(await outcomes(race)).toEqual(['ResourceNotFoundException', 'done']);
  });
});

describe('listing attachments', () => {
  test('of an unknown thing is refused, of an unknown principal is empty', async () => {
    await expect(principals.ofThing(realm, 'none', {})).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect((await principals.ofPrincipal(realm, unregistered, {})).items).toEqual([]);
  });

  test('goes page by page and can be of one type only', async () => {
    await principals.attach(realm, 'lamp', one, 'EXCLUSIVE_THING');
    await principals.attach(realm, 'lamp', two);
    const first = await principals.ofThing(realm, 'lamp', { maxResults: 1 });
    const second = await principals.ofThing(realm, 'lamp', { maxResults: 1, nextToken: first.nextToken });
    expect([...first.items, ...second.items].map(item => item.principal)).toEqual([one, two]);
    const exclusive = await principals.ofThing(realm, 'lamp', { thingPrincipalType: 'EXCLUSIVE_THING' });
    expect(exclusive.items.map(item => item.principal)).toEqual([one]);
  });
});

test('whoever would delete a principal is told what hangs on it', async () => {
  const attachments = principalAttachments(store);
  expect(await attachments.attached(realm, one)).toEqual({ things: false, policies: false });
  await principals.attach(realm, 'lamp', one);
  expect(await attachments.attached(realm, one)).toEqual({ things: true, policies: false });
  // Had it been attached only after that was asked, the deletion's commit would fail.
  await expect(store.commit(await attachments.detachPolicies(realm, one))).rejects.toBeInstanceOf(StaleWrite);
  await store.commit(await attachments.detachPolicies(realm, two));
});
