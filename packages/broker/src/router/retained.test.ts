import { expect, test } from 'vitest';
import { profiles } from '../profile.ts';
import type { Message } from './message.ts';
import { RetainedMessages } from './retained.ts';

const message = (topic: string, over: Partial<Message> = {}): Message => ({
  topic,
  payload: Buffer.from('x'),
  qos: 0,
  retain: true,
  properties: undefined,
  publishedAt: 0,
  publisher: { clientId: '', principal: '' },
  ...over,
});

test('what a deep topic costs is counted, and is free again when its message is deleted', () => {
  const retained = new RetainedMessages({ ...profiles.open, maxRetainedBytes: 100_000 });
  const deep = (i: number): Message => message(`${i}/${Array(199).fill('a').join('/')}`);
  expect(retained.hasRoom(deep(1))).toBe(true);
  for (const i of [1, 2]) retained.set(deep(i));
  // 200 levels took 46 kB when that was measured; their text is 400 bytes.
  expect(retained.bytes).toBeGreaterThan(80_000);
  expect(retained.hasRoom(deep(3))).toBe(false);
  expect(retained.hasRoom({ ...deep(2), payload: Buffer.alloc(1000) })).toBe(true);
  retained.delete(deep(1).topic);
  expect(retained.hasRoom(deep(3))).toBe(true);
  retained.delete(deep(2).topic);
  expect(retained.bytes).toBe(0);
});

test('properties take room too', () => {
  const retained = new RetainedMessages({ ...profiles.open, maxRetainedBytes: 100_000 });
  const userProperties = Array.from({ length: 1000 }, () => ['k', 'v'] as const);
  expect(retained.hasRoom(message('t'))).toBe(true);
  expect(retained.hasRoom(message('t', { properties: { userProperties } }))).toBe(false);
});

test('a level may have as many topics as a large fleet has devices', () => {
  const retained = new RetainedMessages(profiles.open);
  // More than a call may have arguments: a thread's stack holds 200,000, not 500,000.
  const fleet = 500_000;
  const one = message('');
  for (let i = 0; i < fleet; i++) retained.set({ ...one, topic: `devices/${i}` });
  expect([...retained].length).toBe(fleet);
  expect(retained.match('devices/+', 0).length).toBe(fleet);
  expect(retained.match('devices/#', 0).length).toBe(fleet);
});
