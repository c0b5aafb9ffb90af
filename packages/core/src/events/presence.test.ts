import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock, openDomain } from '../testing/domain.ts';
import { type Departure, Presence } from './presence.ts';
import { startPresenceRun } from './presence-store.ts';

const minute = 60_000;
const hour = 60 * minute;

let clock: ManualClock;

beforeEach(() => {
  clock = new ManualClock();
});

const departure = (sessionExpiryInterval = 0): Departure => ({
  disconnectedAt: clock.now(),
  disconnectReason: 'CONNECTION_LOST',
  thingName: undefined,
  keepAlive: 60,
  cleanSession: sessionExpiryInterval === 0,
  sessionExpiryInterval,
});

describe('the version number', () => {
  test('is the same at both ends of a connection and one more for the next', () => {
    const presence = new Presence(clock);
    expect(presence.connected('a', false)).toBe(0);
    expect(presence.disconnected('a', departure())).toBe(0);
    expect(presence.connected('a', false)).toBe(1);
    expect(presence.disconnected('a', departure())).toBe(1);
    expect(presence.connected('b', false)).toBe(0);
  });

  test('starts over after an hour away', () => {
    const presence = new Presence(clock);
    presence.connected('a', false);
    presence.disconnected('a', departure());
    clock.advance(hour - 1);
    expect(presence.connected('a', false)).toBe(1);
    presence.disconnected('a', departure());
    clock.advance(hour);
    expect(presence.connected('a', false)).toBe(0);
  });

  test('goes on for as long as the session waits', () => {
    const presence = new Presence(clock);
    presence.connected('a', true);
    presence.disconnected('a', departure(24 * 3600));
    clock.advance(24 * hour - 1);
    expect(presence.connected('a', true)).toBe(1);
    presence.disconnected('a', departure(24 * 3600));
    clock.advance(24 * hour);
    expect(presence.connected('a', true)).toBe(0);
  });

  test('does not depend on how long a connection lasts', () => {
    const presence = new Presence(clock);
    presence.connected('a', false);
    clock.advance(48 * hour);
    expect(presence.disconnected('a', departure())).toBe(0);
    expect(presence.connected('a', false)).toBe(1);
  });

  test('lies above those of earlier runs for whoever may have been here an hour ago', async () => {
    const { store } = await openDomain();
    const first = new Presence(clock, { firstVersion: await startPresenceRun(store) });
    expect(first.connected('a', false)).toBe(0);
    const second = new Presence(clock, { firstVersion: await startPresenceRun(store) });
    expect(second.connected('a', false)).toBe(1_000_000);
    clock.advance(hour);
    expect(second.connected('new', false)).toBe(0);
    expect(second.connected('with a session', true)).toBe(1_000_000);
  });
});

test('how a connection ended is told for half an hour, and not once the client is back', () => {
  const presence = new Presence(clock);
  presence.connected('a', false);
  expect(presence.departure('a')).toBeUndefined();
  const left = departure();
  presence.disconnected('a', left);
  clock.advance(30 * minute - 1);
  expect(presence.departure('a')).toBe(left);
  presence.connected('a', false);
  expect(presence.departure('a')).toBeUndefined();
  const again = departure();
  presence.disconnected('a', again);
  clock.advance(30 * minute);
  expect(presence.departure('a')).toBeUndefined();
});

describe('memory', () => {
  const visit = (presence: Presence, client: string, sessionExpiryInterval = 0): void => {
    presence.connected(client, false);
    presence.disconnected(client, departure(sessionExpiryInterval));
  };

  test('follows those who left within the hour, though others have sessions that wait for days', () => {
    const presence = new Presence(clock);
    for (let i = 0; i < 100; i++) visit(presence, `patient ${i}`, 7 * 24 * 3600);
    for (let i = 0; i < 5000; i++) {
      clock.advance(minute);
      visit(presence, `passing ${i}`);
    }
    expect(presence.remembered).toBeLessThan(100 + 2 * 60 + 100);
    expect(presence.connected('patient 7', true)).toBe(1);
  });

  test('is bounded: who left first is forgotten first', () => {
    const presence = new Presence(clock, { capacity: 10 });
    for (let i = 0; i < 1000; i++) visit(presence, `client ${i}`, i % 2 === 0 ? 0 : 3600 * 24);
    expect(presence.remembered).toBeLessThanOrEqual(10);
    expect(presence.connected('client 999', false)).toBe(1);
    expect(presence.connected('client 0', false)).toBe(0);
  });
});
