import fc from 'fast-check';
import { expect, test } from 'vitest';
import { topicMatches } from './topic-matches.ts';

test.each([
  ['a/b', 'a/b', true],
  ['a/+', 'a/b', true],
  ['a/+', 'a/', true],
  ['a/+', 'a', false],
  ['a/#', 'a/b/c', true],
  ['a/#', 'a', false],
  ['#', 'a/b', true],
  ['#', '$aws/a', false],
  ['+/a', '$aws/a', false],
  ['$aws/#', '$aws/a', true],
  ['a', 'a/b', false],
])('%s selects %s: %s', (filter, topic, expected) => {
  expect(topicMatches(filter, topic)).toBe(expected);
});

const level = fc.constantFrom('a', 'b', '');

test('a filter made of a topic by wildcards selects it, and a topic selects itself alone', () => {
  const levels = fc.array(fc.tuple(level, fc.boolean()), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(levels, fc.nat(5), (parts, cut) => {
      const topic = parts.map(([text]) => text).join('/');
      expect(topicMatches(topic, topic)).toBe(true);
      expect(topicMatches(topic, `${topic}/more`)).toBe(false);
      expect(topicMatches(parts.map(([text, wild]) => (wild ? '+' : text)).join('/'), topic)).toBe(true);
      const kept = parts.slice(0, Math.min(cut, parts.length - 1)).map(([text]) => text);
      expect(topicMatches([...kept, '#'].join('/'), topic)).toBe(true);
    }),
  );
});
