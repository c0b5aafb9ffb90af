import { expect, test } from 'vitest';
import type { LightUpdate } from '../lights/light.ts';
import { LastKnown } from './last-known.ts';

const at = (second: number): string => new Date(second * 1000).toISOString();

test('the newer of what was heard and what is indexed counts', () => {
  const known = new LastKnown();
  expect(known.connectivity('a')).toEqual({ connected: false });
  known.presence('a', { connected: true, since: at(10) }, 's1');
  expect(known.connectivity('a', { connected: false, since: at(5) }).connected).toBe(true);
  expect(known.connectivity('a', { connected: false, since: at(11) }).connected).toBe(false);
});

test('an event that was overtaken changes nothing', () => {
  const known = new LastKnown();
  known.presence('a', { connected: true, since: at(10) }, 's1');
  known.presence('a', { connected: false, since: at(9) }, 's0');
  expect(known.connectivity('a').connected).toBe(true);
});

test('a light that takes its own connection over stays reachable', () => {
  const known = new LastKnown();
  known.presence('a', { connected: true, since: at(10) }, 's1');
  known.presence('a', { connected: true, since: at(20) }, 's2');
  known.presence('a', { connected: false, since: at(21) }, 's1');
  expect(known.connectivity('a').connected).toBe(true);
  known.presence('a', { connected: false, since: at(22) }, 's2');
  expect(known.connectivity('a').connected).toBe(false);
});

test('whoever listens is told what changed alone, until they stop', () => {
  const known = new LastKnown();
  const heard: LightUpdate[] = [];
  const stop = known.onUpdate(update => heard.push(update));
  const state = { power: 'on', brightness: 50, color: '#ffffff' } as const;
  known.reported('a', state);
  known.deleted('a');
  stop();
  known.reported('a', state);
  expect(heard).toEqual([
    { id: 'a', state },
    { id: 'a', deleted: true },
  ]);
});
