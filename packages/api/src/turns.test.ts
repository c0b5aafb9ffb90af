import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('calls that come together begin one in each turn of the event loop, in their order', async () => {
  const turns = new Turns();
  const begun: string[] = [];
  for (const call of ['a', 'b', 'c']) void turns.take().then(() => begun.push(call));
  await Promise.resolve();
  await Promise.resolve();
  expect(begun).toEqual(['a']);
  await nextTurn();
  expect(begun).toEqual(['a', 'b']);
  await nextTurn();
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('a call that comes alone does not wait', async () => {
  const turns = new Turns();
  await turns.take();
  await nextTurn();
  await nextTurn();
  let begun = false;
  void turns.take().then(() => {
    begun = true;
  });
  await Promise.resolve();
  await Promise.resolve();
  expect(begun).toBe(true);
});
