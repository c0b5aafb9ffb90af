import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileArnPattern, headerOf, matchesArn, settleArnPattern } from './arn-pattern.ts';
import { any, arn } from './fixtures.ts';
import { matchesWildcard, tokenize } from './wildcard.ts';

const matches = (pattern: string, text: string) => matchesArn(compileArnPattern(tokenize(pattern)), text);

// AWS: using wildcard characters in MQTT and AWS IoT Core policies.
test.each([
  ['topicfilter/a/+/c', 'topicfilter/a/+/c', true],
  ['topicfilter/a/+/c', 'topicfilter/a/b/c', false],
  ['topicfilter/a/*/c', 'topicfilter/a/+/c', true],
  ['topicfilter/a/*/c', 'topicfilter/a/b/c', true],
  ['topicfilter/a/*/c', 'topicfilter/a/b/x/c', true],
  ['topicfilter/a/*', 'topicfilter/a/#', true],
  ['topicfilter/a/*', 'topicfilter/a/b', true],
  ['topicfilter/a/*', 'topicfilter/a/', true],
  ['topicfilter/a/#', 'topicfilter/a/#', true],
  ['topicfilter/a/#', 'topicfilter/a/b', false],
  ['topic/a/#', 'topic/a/b', false],
  ['topic/a/*', 'topic/a', false],
  ['topic/a/?', 'topic/a/b', true],
  ['topic/a/*', 'topicfilter/a/b', false],
  ['topic/A', 'topic/a', false],
])('the policy resource %s and the request %s: %s', (pattern, resource, expected) => {
  expect(matches(arn(pattern), arn(resource))).toBe(expected);
  expect(matches(any(pattern), arn(resource))).toBe(expected);
});

test.each([
  ['*', arn('topic/a'), true],
  ['*', '*', true],
  ['arn:*', arn('topic/a'), true],
  ['arn:aws:iot:*', arn('topic/a'), true],
  ['arn:aws:iot:*:topic/a', arn('topic/a'), true],
  ['arn:aws:iot:*:topic/a:b', arn('topic/a:b'), true],
  ['arn:*:iot:*:*:topic/a', arn('topic/a'), true],
  ['arn:aws:iot:us-*-?:000000000000:topic/a', arn('topic/a'), true],
  ['arn:aws:iot:eu-*:*:topic/a', arn('topic/a'), false],
  ['arn:aws:iot:*:111111111111:topic/a', arn('topic/a'), false],
  [any('*'), arn('topic/a:b'), true],
  [any('topic/a:*'), arn('topic/a:b'), true],
  [any('*'), '*', false],
  ['topic/a', arn('topic/a'), false],
])('the pattern %s and the text %s: %s', (pattern, text, expected) => {
  expect(matches(pattern, text)).toBe(expected);
});

test('a wildcard for the account does not run on into the resource', () => {
  expect(matches(any('topic/a'), arn('topic/x:topic/a'))).toBe(false);
  expect(matches(any('topic/a'), arn('topicfilter/x:topic/a'))).toBe(false);
  expect(matches('arn:aws:iot:*:???????????????????????????:topic/a', arn('topic/xxxxxxx:topic/a'))).toBe(false);
});

test.each([
  [arn('topic/a:b'), arn('')],
  ['*', ''],
  ['arn:aws:iot:us-east-1', ''],
  ['', ''],
])('the header of %j is %j', (text, header) => {
  expect(headerOf(text)).toBe(header);
});

test('a pattern settled for a header decides as the pattern does', () => {
  const fields = fc.constantFrom('arn', 'aws', 'iot', '*', '?', '', 'a*', 'r1', 'topic/a');
  const patterns = fc.array(fields, { minLength: 1, maxLength: 8 }).map(list => list.join(':'));
  const texts = fc.array(fc.constantFrom('arn', 'aws', 'iot', '', 'r1', 'topic/a'), { maxLength: 8 });
  fc.assert(
    fc.property(patterns, texts, (source, list) => {
      const pattern = compileArnPattern(tokenize(source));
      const text = list.join(':');
      const settled = settleArnPattern(pattern, headerOf(text));
      expect(settled !== undefined && matchesWildcard(settled, text)).toBe(matchesArn(pattern, text));
    }),
    { numRuns: 1000 },
  );
});
