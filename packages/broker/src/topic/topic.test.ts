import { expect, test } from 'vitest';
import { MqttError, reasonCodeName } from '../codec/reason-code.ts';
import { checkTopicFilter, checkTopicName, parseSharedFilter, topicMatches } from './topic.ts';

function refusal(check: () => void): string | undefined {
  try {
    check();
  } catch (error) {
    if (error instanceof MqttError) return reasonCodeName(error.reasonCode);
    throw error;
  }
  return undefined;
}

test.each(['a', '/', 'a/b', '/a', 'a/', '//', ' ', '$aws/things/x', '$share/g/a', '温度'])(
  '`%s` is a topic name',
  topic => {
    expect(refusal(() => checkTopicName(topic))).toBeUndefined();
  },
);

test.each(['', '+', '#', 'a/+', 'a/#', 'a+b', 'a#', 'a\0b'])('`%s` is no topic name', topic => {
  expect(refusal(() => checkTopicName(topic))).toBe('topicNameInvalid');
});

test.each([
  '#',
  '+',
  '/',
  'a',
  'a/#',
  'a/+',
  '+/+',
  '/+',
  '+/a/#',
  '/#',
  '$aws/#',
  '$share',
  '$shared/a',
  '$share/g/a',
  '$share/g/#',
  '$share/g/+/a',
  '$share/g//',
])('`%s` is a topic filter', filter => {
  expect(refusal(() => checkTopicFilter(filter))).toBeUndefined();
});

test.each([
  '',
  'a#',
  'a/#/b',
  '#/',
  '##',
  '+#',
  'a+',
  '+a',
  'a/+b/c',
  'a/b+',
  '++',
  'a\0',
  '$share/',
  '$share/g',
  '$share/g/',
  '$share//a',
  '$share/+/a',
  '$share/g#/a',
  '$share/g/a#',
  '$share/g/+a',
])('`%s` is no topic filter', filter => {
  expect(refusal(() => checkTopicFilter(filter))).toBe('topicFilterInvalid');
});

test('a topic has at most 65,535 bytes, not characters', () => {
  expect(refusal(() => checkTopicName('é'.repeat(32_767)))).toBeUndefined();
  expect(refusal(() => checkTopicName('é'.repeat(32_768)))).toBe('topicNameInvalid');
  expect(refusal(() => checkTopicFilter('a'.repeat(65_535)))).toBeUndefined();
  expect(refusal(() => checkTopicFilter('a'.repeat(65_536)))).toBe('topicFilterInvalid');
});

test('a shared filter falls into share name and filter', () => {
  expect(parseSharedFilter('$share/g/a/#')).toStrictEqual({ shareName: 'g', filter: 'a/#' });
  expect(parseSharedFilter('$share/g//a')).toStrictEqual({ shareName: 'g', filter: '/a' });
  expect(parseSharedFilter('$share')).toBeUndefined();
  expect(parseSharedFilter('$shared/g/a')).toBeUndefined();
  expect(parseSharedFilter('a/$share/g')).toBeUndefined();
});

const matches: readonly [filter: string, topic: string][] = [
  ['a', 'a'],
  ['a/b', 'a/b'],
  ['#', 'a'],
  ['#', 'a/b/c'],
  ['#', '/'],
  ['+', 'a'],
  ['+/+', '/a'],
  ['+/+', '/'],
  ['/+', '/a'],
  ['a/#', 'a'],
  ['a/#', 'a/'],
  ['a/#', 'a/b/c'],
  ['a/+/c', 'a/b/c'],
  ['a/+/c', 'a//c'],
  ['a/+', 'a/'],
  ['+/b/#', 'a/b'],
  ['$aws/#', '$aws/x'],
  ['$aws/+', '$aws/x'],
  ['a/+', 'a/$x'],
  ['a/#', 'a/$x'],
];

test.each(matches)('`%s` matches `%s`', (filter, topic) => {
  expect(topicMatches(filter, topic)).toBe(true);
});

const mismatches: readonly [filter: string, topic: string][] = [
  ['a', 'A'],
  ['a', 'a/'],
  ['a', '/a'],
  ['a/b', 'a'],
  ['+', '/a'],
  ['+', 'a/b'],
  ['a/+', 'a'],
  ['a/+', 'a/b/c'],
  ['a/#', 'ab'],
  ['a/#', 'b/a'],
  ['a/+/c', 'a/b/d'],
  ['#', '$aws/x'],
  ['+/x', '$aws/x'],
  ['+', '$SYS'],
];

test.each(mismatches)('`%s` does not match `%s`', (filter, topic) => {
  expect(topicMatches(filter, topic)).toBe(false);
});

test('where `#` leaves its parent out, `a/#` matches `a/` and not `a`', () => {
  const options = { hashMatchesParent: false };
  expect(topicMatches('a/#', 'a', options)).toBe(false);
  expect(topicMatches('a/#', 'a/', options)).toBe(true);
  expect(topicMatches('a/#', 'a/b', options)).toBe(true);
  expect(topicMatches('#', 'a', options)).toBe(true);
  expect(topicMatches('+/#', 'a', options)).toBe(false);
});
