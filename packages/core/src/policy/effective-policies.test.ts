import { beforeEach, describe, expect, test } from 'vitest';
import { ThingGroupMemberships } from '../registry/membership-service.ts';
import { ThingGroups } from '../registry/thing-group-service.ts';
import { ThingPrincipals } from '../registry/thing-principal-service.ts';
import { Things } from '../registry/thing-service.ts';
import { ThingTypes } from '../registry/thing-type-service.ts';
import { certificatesBut, openDomain, realm } from '../testing/domain.ts';
import { EffectivePolicies } from './effective-policies.ts';
import { PolicyAttachments } from './policy-attachments.ts';
import { Policies } from './policy-service.ts';
import { PolicySimulation } from './policy-simulation.ts';

const arn = (resource: string) => `arn:aws:iot:eu-west-1:123456789012:${resource}`;
const certificate = arn(`cert/${'1'.repeat(64)}`);
const directory = certificatesBut();

type Statement = { Effect?: string; Action: string | string[]; Resource: string };
const documentOf = (...statements: Statement[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map(statement => ({ Effect: 'Allow', ...statement })),
  });

let groups: ThingGroups;
let things: Things;
let principals: ThingPrincipals;
let memberships: ThingGroupMemberships;
let policies: Policies;
let attachments: PolicyAttachments;
let effective: EffectivePolicies;
let simulation: PolicySimulation;

/** `lamp` of type `bulb` and `plug` exist; `kitchen` lies in `house`; each policy is named after what it is attached to. */
beforeEach(async () => {
  const domain = await openDomain();
  const types = new ThingTypes(domain);
  groups = new ThingGroups(domain);
  things = new Things(domain);
  principals = new ThingPrincipals(domain, directory);
  memberships = new ThingGroupMemberships(domain);
  policies = new Policies(domain);
  attachments = new PolicyAttachments(domain, directory);
  effective = new EffectivePolicies(domain);
  simulation = new PolicySimulation(domain, directory, effective);
  await types.create(realm, { thingTypeName: 'bulb' });
  const attributePayload = { attributes: { site: 'north' } };
  await things.create(realm, { thingName: 'lamp', thingTypeName: 'bulb', attributePayload });
  await things.create(realm, { thingName: 'plug' });
  await groups.create(realm, { thingGroupName: 'house' });
  await groups.create(realm, { thingGroupName: 'kitchen', parentGroupName: 'house' });
  const everything = documentOf({ Action: 'iot:*', Resource: '*' });
  for (const policyName of ['certificate', 'house', 'kitchen']) {
    await policies.create(realm, { policyName, policyDocument: everything });
  }
  await attachments.attach(realm, 'certificate', certificate);
  await attachments.attach(realm, 'house', arn('thinggroup/house'));
  await attachments.attach(realm, 'kitchen', arn('thinggroup/kitchen'));
  await memberships.change(realm, { thingName: 'lamp', add: ['kitchen'] });
});

async function resolve(clientId: string | undefined) {
  const connection = await effective.resolveConnection(realm, { principal: certificate, clientId });
  return {
    thing: connection.thing?.thingName,
    isAttached: connection.isAttached,
    isExclusive: connection.isExclusive,
    groups: connection.groups.toSorted(),
    policies: connection.policies.map(policy => policy.name),
  };
}

const nothing = { thing: undefined, isAttached: false, isExclusive: false, groups: [], policies: ['certificate'] };
const inKitchen = { groups: ['house', 'kitchen'], policies: ['certificate', 'house', 'kitchen'] };

describe('a connection', () => {
  test('is the thing named by its client id, if the principal is attached to it', async () => {
    await principals.attach(realm, 'lamp', certificate);
    expect(await resolve('lamp')).toEqual({ thing: 'lamp', isAttached: true, isExclusive: false, ...inKitchen });
  });

  test('is no thing if its client id names none, or one the principal is not attached to', async () => {
    await principals.attach(realm, 'lamp', certificate);
    expect(await resolve('plug')).toEqual(nothing);
    expect(await resolve('other')).toEqual(nothing);
    expect(await resolve(undefined)).toEqual(nothing);
  });

  test('is the thing its principal is attached to exclusively, whatever its client id', async () => {
    await principals.attach(realm, 'lamp', certificate, 'EXCLUSIVE_THING');
    for (const clientId of ['lamp', 'plug', 'other', undefined]) {
      expect(await resolve(clientId)).toEqual({ thing: 'lamp', isAttached: true, isExclusive: true, ...inKitchen });
    }
  });

  test('knows the thing’s type and attributes', async () => {
    await principals.attach(realm, 'lamp', certificate);
    const { thing } = await effective.resolveConnection(realm, { principal: certificate, clientId: 'lamp' });
    expect(thing).toMatchObject({ thingTypeName: 'bulb', attributes: { site: 'north' } });
  });

  test('loses the policies of a group its thing leaves', async () => {
    await principals.attach(realm, 'lamp', certificate);
    await memberships.change(realm, { thingName: 'lamp', remove: ['kitchen'], add: ['house'] });
    expect((await resolve('lamp')).policies).toEqual(['certificate', 'house']);
  });

  test('has nothing of another realm with groups of the same names', async () => {
    const elsewhere = { ...realm, region: 'us-east-1' };
    await groups.create(elsewhere, { thingGroupName: 'city' });
    await groups.create(elsewhere, { thingGroupName: 'house', parentGroupName: 'city' });
    await principals.attach(realm, 'lamp', certificate);
    expect(await resolve('lamp')).toMatchObject(inKitchen);
  });

  test('has a policy once that reaches it in two ways', async () => {
    await principals.attach(realm, 'lamp', certificate);
    await attachments.attach(realm, 'house', certificate);
    expect((await resolve('lamp')).policies).toEqual(['certificate', 'house', 'kitchen']);
  });

  test('gets the default version of a policy, compiled once until it changes', async () => {
    const compiled = async () =>
      (await effective.resolveConnection(realm, { principal: certificate, clientId: undefined })).policies[0];
    const first = await compiled();
    expect(await compiled()).toBe(first);
    await policies.createVersion(realm, 'certificate', documentOf({ Action: 'iot:Publish', Resource: '*' }), true);
    const second = await compiled();
    expect(second).not.toBe(first);
    expect(second?.document).not.toEqual(first?.document);
  });
});

describe('effective policies', () => {
  const names = async (of: Parameters<PolicySimulation['effectivePolicies']>[1]) =>
    (await simulation.effectivePolicies(realm, of)).map(policy => policy.policyName);

  test('are the principal’s, the named thing’s groups’, or both', async () => {
    expect(await names({ principal: certificate })).toEqual(['certificate']);
    expect(await names({ thingName: 'lamp' })).toEqual(['house', 'kitchen']);
    expect(await names({ principal: certificate, thingName: 'lamp' })).toEqual(['certificate', 'house', 'kitchen']);
    expect(await names({ thingName: 'plug' })).toEqual([]);
    expect(await names({ principal: arn('thinggroup/kitchen') })).toEqual(['house', 'kitchen']);
  });

  test('of nobody, or of an unknown thing, are refused', async () => {
    await expect(names({})).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await expect(names({ thingName: 'none' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('testing an authorization', () => {
  const authorize = (more: Partial<Parameters<PolicySimulation['testAuthorization']>[1]>) =>
    simulation.testAuthorization(realm, { principal: certificate, requests: [], ...more });
  const publish = (...topics: string[]) => ({
    actionType: 'PUBLISH' as const,
    resources: topics.map(topic => arn(`topic/${topic}`)),
  });

  beforeEach(async () => {
    const policyDocument = documentOf(
      { Action: 'iot:Publish', Resource: arn(`topic/data/\${iot:Connection.Thing.ThingName}`) },
      { Action: 'iot:Publish', Resource: arn('topic/news') },
      { Effect: 'Deny', Action: 'iot:Publish', Resource: arn('topic/secret') },
    );
    await policies.createVersion(realm, 'certificate', policyDocument, true);
    const narrow = documentOf({ Action: 'iot:Subscribe', Resource: '*' });
    await policies.createVersion(realm, 'house', narrow, true);
    await policies.createVersion(realm, 'kitchen', narrow, true);
    await principals.attach(realm, 'lamp', certificate);
  });

  test('says which policies allowed, denied, or had nothing to say', async () => {
    const requests = [publish('news'), publish('secret'), publish('other'), publish('data/lamp')];
    expect(await authorize({ clientId: 'lamp', requests })).toMatchObject([
      { decision: 'allowed', allowed: ['certificate'], explicitDeny: [], implicitDeny: ['house', 'kitchen'] },
      { decision: 'explicitDeny', allowed: [], explicitDeny: ['certificate'] },
      { decision: 'implicitDeny', allowed: [], implicitDeny: ['certificate', 'house', 'kitchen'] },
      { decision: 'allowed', missingContextValues: [] },
    ]);
  });

  test('names the values it lacked', async () => {
    const [result] = await authorize({ clientId: 'other', requests: [publish('data/lamp')] });
    expect(result).toMatchObject({
      decision: 'implicitDeny',
      missingContextValues: ['iot:Connection.Thing.ThingName'],
    });
  });

  test('of several resources allows only if each is allowed, and denies if one is denied', async () => {
    const requests = [publish('news', 'data/lamp'), publish('news', 'other'), publish('news', 'secret')];
    expect((await authorize({ clientId: 'lamp', requests })).map(result => result.decision)).toEqual([
      'allowed',
      'implicitDeny',
      'explicitDeny',
    ]);
  });

  test('can add policies and leave some out', async () => {
    await policies.create(realm, {
      policyName: 'more',
      policyDocument: documentOf({ Action: 'iot:Publish', Resource: '*' }),
    });
    const [added] = await authorize({ requests: [publish('other')], policyNamesToAdd: ['more', 'certificate'] });
    expect(added).toMatchObject({ decision: 'allowed', allowed: ['more'] });
    const [skipped] = await authorize({ requests: [publish('news')], policyNamesToSkip: ['certificate'] });
    expect(skipped).toMatchObject({ decision: 'implicitDeny', implicitDeny: [] });
    await expect(authorize({ policyNamesToAdd: ['none'] })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});
