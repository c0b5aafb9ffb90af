import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { read } from './listener.ts';

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const state = { power: 'on', brightness: 80, color: '#ffd7a8' };

describe('a report', () => {
  test('is the state, without what nobody asked for', () => {
    expect(read('a/data', json({ ...state, firmware: '1.2' }))).toEqual({ id: 'a', state });
  });

  test.each([
    ['no JSON', Buffer.from('on')],
    ['another type', json(42)],
    ['a field missing', json({ power: 'on', brightness: 80 })],
    ['too bright', json({ ...state, brightness: 101 })],
    ['a color by name', json({ ...state, color: 'red' })],
  ])('is rejected with reasons: %s', (_, payload) => {
    expect(read('a/data', payload)).toMatchObject({ id: 'a', rejected: { reasons: [expect.any(String)] } });
  });

  test('that is empty takes the retained one away, and says nothing', () => {
    expect(read('a/data', Buffer.alloc(0))).toBeUndefined();
  });
});

test('presence events tell who, when and of which connection', () => {
  const payload = json({ clientId: 'a', timestamp: 1_000, sessionIdentifier: 's' });
  const since = '1970-01-01T00:00:01.000Z';
  expect(read('$aws/events/presence/connected/a', payload)).toEqual({
    id: 'a',
    connectivity: { connected: true, since },
    session: 's',
  });
  expect(read('$aws/events/presence/disconnected/a', payload)).toMatchObject({ connectivity: { connected: false } });
});

test('nothing that arrives can throw', () => {
  const topic = fc.oneof(
    fc.constantFrom('a/data', '$aws/events/presence/connected/a', '$aws/events/presence/disconnected/a'),
    fc.string(),
  );
  const payload = fc.oneof(
    fc.uint8Array().map(bytes => Buffer.from(bytes)),
    fc.jsonValue().map(json),
    fc.record({ timestamp: fc.double(), sessionIdentifier: fc.string() }).map(json),
  );
  fc.assert(fc.property(topic, payload, (...message) => void read(...message)));
});
