import { bindPolicies, compilePolicy, connectionContext, parsePolicy } from '@thingd/core';
import { expect, test } from 'vitest';
import { reservedTopics } from './reserved-topics.ts';

const everything = compilePolicy(
  'everything',
  parsePolicy('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'),
);
const bound = bindPolicies([everything, reservedTopics], connectionContext({ now: () => 0 }));

test.each([
  ['$aws/things/lamp/shadow/update/accepted', 'explicitDeny'],
  ['$aws/things/lamp/shadow/get/rejected', 'explicitDeny'],
  ['$aws/things/lamp/shadow/update/delta', 'explicitDeny'],
  ['$aws/things/lamp/shadow/update/documents', 'explicitDeny'],
  ['$aws/things/lamp/shadow/name/night/delete/accepted', 'explicitDeny'],
  ['$aws/things/lamp/shadow/name/night/update/delta', 'explicitDeny'],
  ['$aws/things/lamp/shadow/update', 'allowed'],
  ['$aws/things/lamp/shadow/name/accepted/update', 'allowed'],
  ['lamp/shadow/update/accepted', 'allowed'],
])('publishing to %s is %s though a policy allows everything', (topic, decision) => {
  for (const arn of ['arn:aws:iot:us-east-1:000000000000', 'arn:aws-cn:iot:cn-north-1:000000000000']) {
    expect(bound.decide('iot:Publish', `${arn}:topic/${topic}`)).toBe(decision);
    expect(bound.decide('iot:Receive', `${arn}:topic/${topic}`)).toBe('allowed');
  }
});

test('the explanation names the rule', () => {
  const arn = 'arn:aws:iot:us-east-1:000000000000:topic/$aws/things/lamp/shadow/update/delta';
  expect(bound.explain('iot:Publish', arn).matched).toContainEqual({
    policyName: 'reserved-topics',
    statementIndex: 0,
    sid: 'OnlyTheShadowServiceAnswers',
    effect: 'Deny',
  });
});
