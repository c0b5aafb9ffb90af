import { bindPolicies, compilePolicy, connectionContext, parsePolicy } from '@thingd/core';
import { expect, test } from 'vitest';
import { denialSentence } from './denial-sentence.ts';

const sentenceFor = (action: string, resource: string, ...statements: object[]) => {
  const policy = compilePolicy('lamp', parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements })));
  const bound = bindPolicies([policy], connectionContext({ clientId: 'lamp-1', now: () => 0 }));
  return denialSentence(bound.explain(action, resource));
};

const topic = (name: string) => `arn:aws:iot:us-east-1:000000000000:topic/${name}`;

test('names what came close, what was empty and what would have allowed it', () => {
  const own = topic('${iot:Connection.Thing.ThingName}/data');
  expect(sentenceFor('iot:Publish', topic('a'), { Effect: 'Allow', Action: 'iot:Publish', Resource: own })).toBe(
    `nothing allows \`iot:Publish\` on \`${topic('a')}\`; lamp[0]: it is for \`${own}\`; ` +
      '`iot:Connection.Thing.ThingName` is empty; ' +
      `this would allow it: {"Effect":"Allow","Action":"iot:Publish","Resource":"${topic('a')}"}`,
  );
});

test('names the statement that denies', () => {
  const statements = [
    { Effect: 'Allow', Action: '*', Resource: '*' },
    { Effect: 'Deny', Action: 'iot:Publish', Resource: topic('a') },
  ];
  expect(sentenceFor('iot:Publish', topic('a'), ...statements)).toBe(
    `lamp[1] denies \`iot:Publish\` on \`${topic('a')}\``,
  );
});

test('is bounded, however long the policy and the topic', () => {
  const resource = Array.from({ length: 30 }, (_, index) => topic(`room-${index}/data`));
  const sentence = sentenceFor('iot:Publish', topic('🔥'.repeat(500)), {
    Effect: 'Allow',
    Action: 'iot:Publish',
    Resource: resource,
  });
  expect(sentence).toHaveLength(1000);
  expect(sentence.isWellFormed()).toBe(true);
});
