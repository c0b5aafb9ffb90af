import { expect, test } from 'vitest';
import { webSocketRefusals } from '../server/events.ts';
import { createLog } from './log.ts';
import { RateBound } from './rate-bound.ts';

test('so many are allowed in a second, and again in the next', () => {
  let now = 0;
  const bound = new RateBound(2, () => now);
  const three = () => [bound.allows(), bound.allows(), bound.allows()];
  expect(three()).toEqual([true, true, false]);
  now = 999;
  expect(bound.allows()).toBe(false);
  now = 1000;
  expect(three()).toEqual([true, true, false]);
});

test('a stranger who knocks in a loop fills no log', () => {
  const lines: string[] = [];
  const refused = webSocketRefusals(createLog('info', { write: line => lines.push(line) }));
  for (let knock = 0; knock < 100_000; knock++) refused('not signed', '192.0.2.1');
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThan(10_000);
});
