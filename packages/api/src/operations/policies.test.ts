import {
  AttachPolicyCommand,
  AttachPrincipalPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateThingCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DetachPolicyCommand,
  DetachPrincipalPolicyCommand,
  GetEffectivePoliciesCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListAttachedPoliciesCommand,
  ListPoliciesCommand,
  ListPolicyPrincipalsCommand,
  ListPolicyVersionsCommand,
  ListPrincipalPoliciesCommand,
  ListTargetsForPolicyCommand,
  paginateListAttachedPolicies,
  SetDefaultPolicyVersionCommand,
  TestAuthorizationCommand,
} from '@aws-sdk/client-iot';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { arn, certificate, type RegistryUnderTest, startRegistry } from './registry-fixtures.ts';

let registry: RegistryUnderTest;
let iot: RegistryUnderTest['iot'];

beforeEach(async () => {
  registry = await startRegistry();
  iot = registry.iot;
});
afterEach(() => registry.close());

const document = (Effect: string, Action: string, Resource = '*') =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect, Action, Resource }] });

const create = (policyName: string, policyDocument = document('Allow', 'iot:*')) =>
  iot.send(new CreatePolicyCommand({ policyName, policyDocument }));

test('a policy and its versions live from creation to deletion', async () => {
  const policyArn = arn('policy/fleet');
  const first = document('Allow', 'iot:Connect');
  const second = document('Allow', 'iot:Publish');
  const date = new Date(registry.clock.now());
  expect(await create('fleet', first)).toMatchObject({
    policyName: 'fleet',
    policyArn,
    policyDocument: first,
    policyVersionId: '1',
  });
  const version = { policyName: 'fleet', policyDocument: second, setAsDefault: true };
  expect(await iot.send(new CreatePolicyVersionCommand(version))).toMatchObject({
    policyArn,
    policyDocument: second,
    policyVersionId: '2',
    isDefaultVersion: true,
  });
  expect(await iot.send(new GetPolicyCommand({ policyName: 'fleet' }))).toMatchObject({
    policyName: 'fleet',
    policyArn,
    policyDocument: second,
    defaultVersionId: '2',
    creationDate: date,
    lastModifiedDate: date,
    generationId: expect.any(String),
  });
  const one = { policyName: 'fleet', policyVersionId: '1' };
  expect(await iot.send(new GetPolicyVersionCommand(one))).toMatchObject({
    policyName: 'fleet',
    policyArn,
    policyDocument: first,
    policyVersionId: '1',
    isDefaultVersion: false,
    creationDate: date,
    lastModifiedDate: date,
  });
  await iot.send(new SetDefaultPolicyVersionCommand(one));
  expect((await iot.send(new ListPolicyVersionsCommand({ policyName: 'fleet' }))).policyVersions).toEqual([
    { versionId: '1', isDefaultVersion: true, createDate: date },
    { versionId: '2', isDefaultVersion: false, createDate: date },
  ]);
  await expect(iot.send(new DeletePolicyVersionCommand(one))).rejects.toMatchObject({
    name: 'DeleteConflictException',
    $metadata: { httpStatusCode: 409 },
  });
  await expect(iot.send(new DeletePolicyCommand({ policyName: 'fleet' }))).rejects.toMatchObject({
    name: 'DeleteConflictException',
  });
  await iot.send(new DeletePolicyVersionCommand({ policyName: 'fleet', policyVersionId: '2' }));
  await iot.send(new DeletePolicyCommand({ policyName: 'fleet' }));
  expect((await iot.send(new ListPoliciesCommand({}))).policies).toEqual([]);
});

test('a document that is no policy is refused as malformed', async () => {
  await expect(create('fleet', '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe"}]}')).rejects.toMatchObject({
    name: 'MalformedPolicyException',
    $metadata: { httpStatusCode: 400 },
  });
});

test('policies are attached and detached in the new way and the old', async () => {
  await create('new');
  await create('old');
  await iot.send(new AttachPolicyCommand({ policyName: 'new', target: certificate }));
  registry.clock.advance(1000);
  await iot.send(new AttachPrincipalPolicyCommand({ policyName: 'old', principal: certificate }));
  const named = (policyName: string) => ({ policyName, policyArn: arn(`policy/${policyName}`) });
  expect((await iot.send(new ListAttachedPoliciesCommand({ target: certificate }))).policies).toEqual([
    named('new'),
    named('old'),
  ]);
  expect((await iot.send(new ListPrincipalPoliciesCommand({ principal: certificate }))).policies).toEqual([
    named('old'),
    named('new'),
  ]);
  expect((await iot.send(new ListTargetsForPolicyCommand({ policyName: 'old' }))).targets).toEqual([certificate]);
  expect((await iot.send(new ListPolicyPrincipalsCommand({ policyName: 'old' }))).principals).toEqual([certificate]);
  await iot.send(new DetachPolicyCommand({ policyName: 'old', target: certificate }));
  await iot.send(new DetachPrincipalPolicyCommand({ policyName: 'new', principal: certificate }));
  expect((await iot.send(new ListAttachedPoliciesCommand({ target: certificate }))).policies).toEqual([]);
});

test('the SDK pages through attached policies by itself, with markers the model accepts', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await create(name);
    await iot.send(new AttachPolicyCommand({ policyName: name, target: certificate }));
  }
  const seen: (string | undefined)[] = [];
  for await (const page of paginateListAttachedPolicies({ client: iot, pageSize: 2 }, { target: certificate })) {
    seen.push(...page.policies!.map(policy => policy.policyName));
  }
  expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('effective policies come with their documents', async () => {
  const policyDocument = document('Allow', 'iot:Connect');
  await create('fleet', policyDocument);
  await iot.send(new AttachPolicyCommand({ policyName: 'fleet', target: certificate }));
  await iot.send(new CreateThingCommand({ thingName: 'lamp' }));
  const asked = new GetEffectivePoliciesCommand({ principal: certificate, thingName: 'lamp' });
  expect((await iot.send(asked)).effectivePolicies).toEqual([
    { policyName: 'fleet', policyArn: arn('policy/fleet'), policyDocument },
  ]);
});

test('an authorization is tested and explained', async () => {
  await create('all');
  await create('quiet', document('Deny', 'iot:Publish', arn('topic/secret')));
  await iot.send(new AttachPolicyCommand({ policyName: 'all', target: certificate }));
  await iot.send(new AttachPolicyCommand({ policyName: 'quiet', target: certificate }));
  const publish = { actionType: 'PUBLISH' as const, resources: [arn('topic/secret')] };
  const connect = { actionType: 'CONNECT' as const, resources: [arn('client/lamp')] };
  const asked = { principal: certificate, clientId: 'lamp', authInfos: [publish, connect] };
  const all = { policies: [{ policyName: 'all', policyArn: arn('policy/all') }] };
  const quiet = { policies: [{ policyName: 'quiet', policyArn: arn('policy/quiet') }] };
  const none = { policies: [] };
  expect((await iot.send(new TestAuthorizationCommand(asked))).authResults).toEqual([
    {
      authInfo: publish,
      allowed: all,
      denied: { implicitDeny: none, explicitDeny: quiet },
      authDecision: 'EXPLICIT_DENY',
      missingContextValues: [],
    },
    {
      authInfo: connect,
      allowed: all,
      denied: { implicitDeny: quiet, explicitDeny: none },
      authDecision: 'ALLOWED',
      missingContextValues: [],
    },
  ]);
  const without = { ...asked, authInfos: [publish], policyNamesToSkip: ['all', 'quiet'] };
  expect((await iot.send(new TestAuthorizationCommand(without))).authResults?.[0]?.authDecision).toBe('IMPLICIT_DENY');
});

test.each([
  ['no principal', { authInfos: [{ actionType: 'CONNECT' as const, resources: [] }] }, 'InvalidRequestException'],
  ['no action', { principal: certificate, authInfos: [{ resources: [] }] }, 'InvalidRequestException'],
  [
    'an identity pool',
    { principal: certificate, cognitoIdentityPoolId: 'us-east-1:pool', authInfos: [{ resources: [] }] },
    'NotImplementedException',
  ],
])('testing an authorization with %s is refused', async (_, input, name) => {
  await expect(iot.send(new TestAuthorizationCommand(input))).rejects.toMatchObject({ name });
});
