import { expect, it } from 'vitest';
import { newShadow } from './shadow.ts';
import { ShadowCache } from './shadow-cache.ts';
import type { ShadowRecord } from './shadow-store.ts';

const record = (version: number, size = 0): ShadowRecord => {
  const shadow = newShadow(version);
  const text = { ...shadow.text, desired: 'x'.repeat(size) };
  return { version, shadow: { ...shadow, text }, updatedAt: 0, deletedAt: undefined };
};

it('drops what was not used for longest when the bytes are used up', () => {
  const cache = new ShadowCache(1500);
  for (const key of ['a', 'b', 'c', 'd']) cache.set(key, record(1));
  expect(cache.get('a')).toBeDefined();
  cache.set('e', record(1));
  expect(['a', 'b', 'c', 'd', 'e'].filter(key => cache.get(key) !== undefined)).toEqual(['a', 'c', 'd', 'e']);
});

it('counts each shadow once, whatever it grows or shrinks to', () => {
  const cache = new ShadowCache(10_000_000);
  cache.set('a', record(1, 5000));
  const grown = cache.bytes;
  cache.set('a', record(2));
  expect(cache.bytes).toBeLessThan(grown);
  cache.delete('a');
  expect(cache.bytes).toBe(0);
});

it('does not empty itself for one that is larger than everything', () => {
  const cache = new ShadowCache(1500);
  cache.set('a', record(1));
  cache.set('b', record(1, 100_000));
  expect([cache.get('a') !== undefined, cache.get('b') !== undefined]).toEqual([true, false]);
});
