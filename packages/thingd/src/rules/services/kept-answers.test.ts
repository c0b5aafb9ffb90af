import { expect, test } from 'vitest';
import { KeptAnswers } from './kept-answers.ts';

function open(capacity = 10) {
  let now = 0;
  let asked = 0;
  const answers = new KeptAnswers<string>({ clock: { now: () => now }, age: 1000, capacity });
  return {
    get: (key: string) => answers.get(key, async () => `${key}${++asked}`),
    fail: (key: string) => answers.get(key, () => Promise.reject(new Error('away'))),
    advance(milliseconds: number) {
      now += milliseconds;
    },
  };
}

test('an answer is asked for once, also by those who ask while it is under way, until it is too old', async () => {
  const { get, advance } = open();
  expect(await Promise.all([get('a'), get('a'), get('b')])).toEqual(['a1', 'a1', 'b2']);
  advance(999);
  expect(await get('a')).toBe('a1');
  advance(1);
  expect(await get('a')).toBe('a3');
});

test('a failure is not kept', async () => {
  const { get, fail } = open();
  await expect(fail('a')).rejects.toThrow('away');
  expect(await get('a')).toBe('a1');
});

test('beyond the capacity the oldest answer goes', async () => {
  const { get } = open(2);
  for (const key of ['a', 'b', 'c']) await get(key);
  expect(await get('b')).toBe('b2');
  expect(await get('c')).toBe('c3');
  expect(await get('a')).toBe('a4');
});
