import { expect, test } from 'vitest';
import { compilePolicy } from './compile.ts';
import type { ConnectionFacts } from './context.ts';
import { parsePolicy } from './document.ts';
import { bindPolicies } from './evaluate.ts';
import { allow, any, arn, contextOf, deny, documentOf } from './fixtures.ts';

type Statement = ReturnType<typeof allow>;

function explain(
  policies: Readonly<Record<string, readonly Statement[]>>,
  facts: Partial<ConnectionFacts>,
  action: string,
  resource: string,
) {
  const compiled = Object.entries(policies).map(([name, statements]) =>
    compilePolicy(name, parsePolicy(documentOf(...statements))),
  );
  return bindPolicies(compiled, contextOf(facts)).explain(action, arn(resource));
}

test('policies are divided as TestAuthorization divides them', () => {
  const policies = {
    opens: [allow('iot:*', '*', { Sid: 'all' })],
    closes: [allow('iot:Publish', '*'), deny('iot:Publish', any('topic/z'), { Sid: 'z' })],
    elsewhere: [allow('iot:Subscribe', '*')],
  };
  const explanation = explain(policies, {}, 'iot:Publish', 'topic/z');
  expect(explanation).toMatchObject({
    action: 'iot:Publish',
    resource: arn('topic/z'),
    decision: 'explicitDeny',
    policies: { allowed: ['opens', 'closes'], explicitDeny: ['closes'], implicitDeny: ['elsewhere'] },
    suggestion: '',
  });
  expect(explanation.matched).toEqual([
    { policyName: 'opens', statementIndex: 0, sid: 'all', effect: 'Allow' },
    { policyName: 'closes', statementIndex: 0, sid: undefined, effect: 'Allow' },
    { policyName: 'closes', statementIndex: 1, sid: 'z', effect: 'Deny' },
  ]);
});

test('variables are shown as they were put in, and those without value are named', () => {
  const policies = {
    own: [
      allow('iot:Publish', any('topic/${iot:Connection.Thing.ThingName}/${iot:ClientId}'), {
        Condition: {
          StringEquals: { 'aws:UserAgent': "${iot:DomainName, 'none'}" },
          Bool: { 'aws:SecureTransport': true },
        },
      }),
      allow('iot:Subscribe', any('topicfilter/${iot:CertificateId}')),
    ],
  };
  const explanation = explain(policies, { clientId: 'c', secureTransport: true }, 'iot:Publish', 'topic/a');
  expect(explanation.variables).toEqual([
    { name: 'iot:Connection.Thing.ThingName', value: undefined },
    { name: 'iot:ClientId', value: 'c' },
    { name: 'iot:DomainName', value: 'none' },
  ]);
  expect(explanation.missingContextValues).toEqual(['iot:Connection.Thing.ThingName', 'aws:UserAgent']);
});

const lamp = { thing: { thingName: 'lamp' }, isAttached: false, clientId: 'lamp' };
const client = any('client/${iot:Connection.Thing.ThingName}');
const onlyAttached = { Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } };

test.each([
  ['action', allow('iot:Subscribe', '*'), 'topic/a', 'it is for `iot:Subscribe`, not for `iot:Publish`'],
  ['action', { Effect: 'Allow', NotAction: 'iot:P*', Resource: '*' }, 'topic/a', 'it is for all actions but `iot:P*`'],
  [
    'resource',
    allow('iot:Publish', any('topic/${iot:ClientId}/*')),
    'topic/a',
    'it is for `arn:aws:iot:*:*:topic/lamp/*`',
  ],
  [
    'resource',
    { Effect: 'Allow', Action: 'iot:Publish', NotResource: [any('topic/a'), any('topic/b')] },
    'topic/a',
    'it is for all resources but `arn:aws:iot:*:*:topic/a`, `arn:aws:iot:*:*:topic/b`',
  ],
  [
    'condition',
    allow('iot:Publish', '*', onlyAttached),
    'topic/a',
    '`Bool` asks `iot:Connection.Thing.IsAttached` for `true`, which is `false`',
  ],
  [
    'condition',
    allow('iot:Publish', '*', {
      Condition: { StringEquals: { 'aws:UserAgent': ['a', 'b'] }, Bool: { 'aws:SecureTransport': true } },
    }),
    'topic/a',
    '`StringEquals` asks `aws:UserAgent` for `a`, `b`, which has no value; `Bool` asks `aws:SecureTransport` for `true`, which has no value',
  ],
])('a near miss by its %s is told: %j', (reason, statement, resource, detail) => {
  const { decision, nearMisses } = explain({ p: [deny('iot:Connect', '*'), statement] }, lamp, 'iot:Publish', resource);
  expect(decision).toBe('implicitDeny');
  expect(nearMisses).toEqual([{ policyName: 'p', statementIndex: 1, sid: undefined, reason, detail }]);
});

test('a statement about other actions and other resources is no near miss', () => {
  const { nearMisses } = explain({ p: [allow('iot:Subscribe', any('topicfilter/a'))] }, lamp, 'iot:Publish', 'topic/a');
  expect(nearMisses).toEqual([]);
});

test('a statement about other actions whose condition fails as well is no near miss', () => {
  const { nearMisses } = explain({ p: [allow('iot:Subscribe', '*', onlyAttached)] }, lamp, 'iot:Publish', 'topic/a');
  expect(nearMisses).toEqual([]);
});

test('a statement that allowed is no near miss', () => {
  const { decision, nearMisses } = explain({ p: [allow('iot:Connect', client)] }, lamp, 'iot:Connect', 'client/lamp');
  expect(decision).toBe('allowed');
  expect(nearMisses).toEqual([]);
});

test('the suggestion allows the request and nothing that looks like it', () => {
  const { suggestion } = explain({}, {}, 'iot:Publish', 'topic/a*/${x}?');
  expect(JSON.parse(suggestion)).toEqual({
    Effect: 'Allow',
    Action: 'iot:Publish',
    Resource: arn('topic/a${*}/${$}{x}${?}'),
  });
});
