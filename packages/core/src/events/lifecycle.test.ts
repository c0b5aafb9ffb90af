import { expect, test } from 'vitest';
import {
  connectedEvent,
  connectFailedEvent,
  disconnectedEvent,
  hasLifecycleEvents,
  subscriptionEvent,
} from './lifecycle.ts';

const subject = {
  clientId: '186b5',
  sessionIdentifier: '00000000-0000-0000-0000-000000000000',
  principalIdentifier: '12345678901234567890123456789012',
};
const head = { timestamp: 1_573_002_230_757, ...subject };

test('a connection is told as AWS tells it', () => {
  expect(connectedEvent(subject, { timestamp: 1_573_002_230_757, ipAddress: '192.0.2.0', versionNumber: 0 })).toEqual({
    topic: '$aws/events/presence/connected/186b5',
    payload: { ...head, eventType: 'connected', ipAddress: '192.0.2.0', versionNumber: 0 },
  });
});

test('its end names who ended it and why, and has no address', () => {
  const details = { clientInitiatedDisconnect: false, disconnectReason: 'CONNECTION_LOST', versionNumber: 4 };
  expect(disconnectedEvent(subject, { timestamp: 1_573_002_230_757, ...details })).toEqual({
    topic: '$aws/events/presence/disconnected/186b5',
    payload: { ...head, eventType: 'disconnected', ...details },
  });
});

test('a refused connection has a reason and no version', () => {
  expect(connectFailedEvent(subject, { timestamp: 1_573_002_230_757, ipAddress: '192.0.2.0' })).toEqual({
    topic: '$aws/events/presence/connect_failed/186b5',
    payload: {
      ...head,
      eventType: 'connect_failed',
      connectFailureReason: 'AUTHORIZATION_FAILED',
      ipAddress: '192.0.2.0',
    },
  });
});

test.each(['subscribed', 'unsubscribed'] as const)('%s names the topics', eventType => {
  const topics = ['foo/bar', 'device/+'];
  expect(subscriptionEvent(eventType, subject, { timestamp: 1_573_002_230_757, topics })).toEqual({
    topic: `$aws/events/subscriptions/${eventType}/186b5`,
    payload: { ...head, eventType, topics },
  });
});

test('the thing is named where the certificate is its alone', () => {
  const named = { ...subject, thingName: 'lamp' };
  const details = { timestamp: 1, ipAddress: '::1', versionNumber: 0, topics: [] };
  for (const { payload } of [
    connectedEvent(named, details),
    connectFailedEvent(named, details),
    subscriptionEvent('subscribed', named, details),
  ]) {
    expect(payload.thingName).toBe('lamp');
  }
});

test.each([
  ['lamp/1', true],
  ['$lamp', true],
  ['lamp#1', false],
  ['a+b', false],
  ['x'.repeat(65_535), false],
])('a client called %.10s has events: %s', (clientId, has) => {
  expect(hasLifecycleEvents(clientId)).toBe(has);
});
