import fc from 'fast-check';
import { expect, test } from 'vitest';
import { topicMatches } from './topic.ts';
import { TopicTree } from './topic-tree.ts';

const level = fc.constantFrom('a', 'b', '', '$x');
const topic = fc
  .array(level, { minLength: 1, maxLength: 4 })
  .map(levels => levels.join('/'))
  .filter(t => t.length > 0);
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 4 }), fc.boolean())
  .map(([levels, hash]) => (hash ? [...levels, '#'] : levels).join('/'))
  .filter(f => f.length > 0);

type Step =
  | { readonly do: 'add' | 'remove'; readonly filter: string; readonly value: number }
  | { readonly do: 'match'; readonly topic: string };

const value = fc.integer({ min: 0, max: 12 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('add' as const), filter, value }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), filter, value }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('match' as const), topic }) },
);

test('the tree agrees with the naive matcher over any adding and removing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, hashMatchesParent) => {
      const tree = new TopicTree<number>({ hashMatchesParent });
      const pairs = new Map<string, { filter: string; value: number }>();
      for (const one of steps) {
        const { generation } = tree;
        if (one.do === 'match') {
          const expected = [...pairs.values()].filter(pair =>
            topicMatches(pair.filter, one.topic, { hashMatchesParent }),
          );
          expect(tree.match(one.topic).sort((a, b) => a - b)).toStrictEqual(
            expected.map(pair => pair.value).sort((a, b) => a - b),
          );
          expect(tree.generation).toBe(generation);
          continue;
        }
        const key = `${one.filter} ${one.value}`;
        const effective = pairs.has(key) === (one.do === 'remove');
        if (one.do === 'add') {
          tree.add(one.filter, one.value);
          pairs.set(key, one);
        } else {
          expect(tree.remove(one.filter, one.value)).toBe(effective);
          pairs.delete(key);
        }
        expect(tree.generation !== generation).toBe(effective);
        expect(tree.size).toBe(pairs.size);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('a value under two matching filters is found twice', () => {
  const tree = new TopicTree<string>();
  tree.add('a/#', 'x');
  tree.add('a/+', 'x');
  tree.add('a/b', 'x');
  expect(tree.match('a/b')).toStrictEqual(['x', 'x', 'x']);
});

test('hundreds of values under one filter come and go', () => {
  const tree = new TopicTree<number>();
  for (let i = 0; i < 500; i++) tree.add('a/+', i);
  for (let i = 0; i < 500; i += 2) expect(tree.remove('a/+', i)).toBe(true);
  expect(tree.match('a/b')).toHaveLength(250);
  expect(tree.size).toBe(250);
});

test('a tree that was emptied holds on to nothing', () => {
  const tree = new TopicTree<object>();
  const filters = ['a/+/c', 'a/+/#', '+/b', '#', 'a/b/c', 'a/b/+/d/e/f', 'a/b/+/d/x'];
  for (const one of filters) tree.add(one, filters);
  expect(tree.countBranches()).toBe(12);
  for (const one of filters) expect(tree.remove(one, filters)).toBe(true);
  expect(tree.countBranches()).toBe(0);
  expect(tree.size).toBe(0);
});

test('the deepest filter there can be is added, matched and removed without overflowing the stack', () => {
  const tree = new TopicTree<string>();
  const deepest = `${'/'.repeat(65_534)}+`;
  tree.add(deepest, 'x');
  expect(tree.match('/'.repeat(65_534))).toStrictEqual(['x']);
  expect(tree.remove(deepest, 'x')).toBe(true);
});
