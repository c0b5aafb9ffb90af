import type { Authorizer, ConnectionInfo } from '@thingd/broker';
import { bindPolicies, connectionContext, type Departure, Presence } from '@thingd/core';
import { ManualClock, realm } from '@thingd/core/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { type ConnectedThing, ConnectionAuthorizer } from '../authorization/index.ts';
import { LifecycleEvents } from './lifecycle-events.ts';

const key = `${realm.accountId}/${realm.region}`;
const nothing = bindPolicies([], connectionContext({ now: () => 0 }));

let clock: ManualClock;
let presence: Presence;
let events: LifecycleEvents;
let published: { readonly where: string; readonly topic: string; readonly payload: Record<string, unknown> }[];

beforeEach(() => {
  clock = new ManualClock();
  presence = new Presence(clock);
  published = [];
  events = new LifecycleEvents({
    clock,
    presence,
    publish: ({ accountId, region }, topic, payload) =>
      published.push({ where: `${accountId}/${region}`, topic, payload: payload as Record<string, unknown> }),
  });
});

const authorizerOf = (thing?: ConnectedThing): Authorizer => new ConnectionAuthorizer(realm, nothing, thing);

const connection = (more: Partial<ConnectionInfo> = {}): ConnectionInfo => ({
  id: 1,
  realm: key,
  clientId: 'lamp',
  principal: 'certificate',
  authorizer: authorizerOf(),
  origin: {
    listener: 'mqtts',
    remoteAddress: '::ffff:192.0.2.7',
    remotePort: 50_000,
    localAddress: '192.0.2.1',
    localPort: 8883,
    secure: true,
    serverName: undefined,
    alpnProtocol: undefined,
    peerCertificate: undefined,
    identity: undefined,
  },
  protocolVersion: 4,
  cleanStart: true,
  keepAlive: 60,
  sessionExpiryInterval: 0,
  connectedAt: 0,
  ...more,
});

const lost = { disconnectReason: 'CONNECTION_LOST', clientInitiated: false, reasonCode: 0, reason: '' } as const;
const topics = () => published.map(({ topic }) => topic.replace('$aws/events/', ''));

describe('the events of a connection', () => {
  test('go to its realm, share its session and its version, and have the address as IPv4', () => {
    const lamp = connection();
    events.connected(lamp);
    events.subscribed(lamp, [{ filter: 'a/#', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 }]);
    events.unsubscribed(lamp, ['a/#']);
    events.disconnected(lamp, lost);
    expect(topics()).toEqual([
      'presence/connected/lamp',
      'subscriptions/subscribed/lamp',
      'subscriptions/unsubscribed/lamp',
      'presence/disconnected/lamp',
    ]);
    expect(new Set(published.map(({ where }) => where))).toEqual(new Set([key]));
    expect(new Set(published.map(({ payload }) => payload.sessionIdentifier)).size).toBe(1);
    expect(published[0]!.payload).toMatchObject({ ipAddress: '192.0.2.7', versionNumber: 0 });
    expect(published[3]!.payload).toMatchObject({ disconnectReason: 'CONNECTION_LOST', versionNumber: 0 });
  });

  test('name the thing only where the certificate is its alone', () => {
    events.connected(connection({ authorizer: authorizerOf({ thingName: 'lamp', isExclusive: false }) }));
    events.connected(connection({ authorizer: authorizerOf({ thingName: 'other', isExclusive: true }) }));
    expect(published.map(({ payload }) => payload.thingName)).toEqual([undefined, 'other']);
  });

  test('of the same client id in two realms are counted apart', () => {
    const there = connection({ realm: `${realm.accountId}/us-east-1` });
    for (const client of [connection(), there]) {
      events.connected(client);
      events.disconnected(client, lost);
    }
    expect(published.map(({ payload }) => payload.versionNumber)).toEqual([0, 0, 0, 0]);
    expect(presence.departure(`${key} lamp`)).toMatchObject({ disconnectReason: 'CONNECTION_LOST' });
  });

  test('are not told where no topic can have the client id, but its end is remembered', () => {
    const odd = connection({ clientId: 'a+b' });
    events.connected(odd);
    events.subscribed(odd, []);
    events.disconnected(odd, lost);
    expect(published).toEqual([]);
    expect(presence.departure(`${key} a+b`)).toBeDefined();
  });
});

test('a connection’s end is remembered as GetConnection tells it', () => {
  const lamp = connection({
    sessionExpiryInterval: 3600,
    authorizer: authorizerOf({ thingName: 'lamp', isExclusive: false }),
  });
  events.connected(lamp);
  clock.advance(1000);
  events.disconnected(lamp, lost);
  expect(presence.departure(`${key} lamp`)).toEqual({
    disconnectedAt: clock.now(),
    disconnectReason: 'CONNECTION_LOST',
    thingName: 'lamp',
    keepAlive: 60,
    cleanSession: false,
    sessionExpiryInterval: 3600,
  } satisfies Departure);
});

test('a refused client is told of by name', () => {
  const attempt = { realm, clientId: 'lamp', principal: 'certificate', sourceIp: '192.0.2.7' };
  events.connectFailed({ ...attempt, thing: undefined });
  events.connectFailed({ ...attempt, thing: { thingName: 'other', isExclusive: true } });
  events.connectFailed({ ...attempt, clientId: 'a#', thing: undefined });
  expect(topics()).toEqual(['presence/connect_failed/lamp', 'presence/connect_failed/lamp']);
  expect(published.map(({ payload }) => payload.thingName)).toEqual([undefined, 'other']);
  expect(published[0]!.payload).toMatchObject({ ipAddress: '192.0.2.7', principalIdentifier: 'certificate' });
});
