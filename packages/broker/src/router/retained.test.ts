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

test('a level may have as many topics as a large fleet has devices', () => {
  const retained = new RetainedMessages(profiles.open);
  for (let i = 0; i < 1_000_000; i++) retained.set(message(`devices/${i}`));
  expect([...retained]).toHaveLength(1_000_000);
  expect(retained.match('devices/+', 0)).toHaveLength(1_000_000);
});
