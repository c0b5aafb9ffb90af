import { type Authorizer, Broker, MemoryStream, profiles } from '@thingd/broker';
import { Presence, realmKey } from '@thingd/core';
import { ManualClock, realm } from '@thingd/core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { brokerConnections, brokerMessages } from './index.ts';

const key = realmKey(realm);
const everything: Authorizer = {
  generation: 0,
  cacheable: true,
  publish: () => true,
  subscribe: () => true,
  receive: () => true,
};
/** CONNECT of MQTT 3.1.1 as `t`, keep-alive 60: with a clean session, and with one that stays. */
const clean = Buffer.from('100d00044d5154540402003c000174', 'hex');
const staying = Buffer.from('100d00044d5154540400003c000174', 'hex');

let clock: ManualClock;
let presence: Presence;
let broker: Broker;
const open = () => broker.realm(key);

beforeEach(async () => {
  clock = new ManualClock();
  presence = new Presence(clock);
  broker = await Broker.start({
    profile: { ...profiles.aws, maxRetainedMessages: 1 },
    clock,
    authenticator: {
      authenticate: () => ({ admitted: true, realm: key, principal: 'p', authorizer: everything }),
    },
    observer: {
      connected: ({ clientId }) => presence.connected(`${key} ${clientId}`, false),
      disconnected: ({ clientId, sessionExpiryInterval }, { disconnectReason }) =>
        presence.disconnected(`${key} ${clientId}`, {
          disconnectedAt: clock.now(),
          disconnectReason,
          thingName: 'thing',
          keepAlive: 60,
          cleanSession: sessionExpiryInterval === 0,
          sessionExpiryInterval,
        }),
    },
  });
});

afterEach(async () => {
  vi.useRealTimers();
  await broker.close();
});

function connect(packet: Buffer): MemoryStream {
  const stream = MemoryStream.connect(broker, { localAddress: '::ffff:192.0.2.1', localPort: 8883 });
  stream.send(packet);
  return stream;
}

const publisher = { clientId: '', principal: 'p' } as const;
const message = (topic: string, retain = false) =>
  ({ topic, payload: Buffer.from('x'), qos: 1, retain, publisher }) as const;

describe('connections', () => {
  test('are found while they last, with both ends of the socket', () => {
    const connections = brokerConnections(open, presence);
    expect(connections.find(realm, 't')).toBeUndefined();
    connect(clean);
    expect(connections.find(realm, 't')).toEqual({
      thingName: undefined,
      cleanSession: true,
      keepAlive: 60,
      sessionExpiryInterval: 0,
      connectedAt: clock.now(),
      disconnectedAt: undefined,
      disconnectReason: undefined,
      socket: { sourceIp: '127.0.0.1', sourcePort: 0, targetIp: '192.0.2.1', targetPort: 8883 },
    });
  });

  test('are remembered for half an hour, and for as long as the session waits without the details', () => {
    const connections = brokerConnections(open, presence);
    connect(staying).lose();
    const ended = clock.now();
    const remembered = { cleanSession: false, sessionExpiryInterval: 3600, connectedAt: undefined, socket: undefined };
    expect(connections.find(realm, 't')).toEqual({
      ...remembered,
      thingName: 'thing',
      keepAlive: 60,
      disconnectedAt: ended,
      disconnectReason: 'CONNECTION_LOST',
    });
    clock.advance(30 * 60_000);
    const forgotten = { thingName: undefined, keepAlive: undefined };
    expect(connections.find(realm, 't')).toEqual({
      ...remembered,
      ...forgotten,
      disconnectedAt: undefined,
      disconnectReason: undefined,
    });
    clock.advance(30 * 60_000);
    broker.tick();
    expect(connections.find(realm, 't')).toBeUndefined();
  });

  test('have subscriptions only where there is a session', () => {
    const connections = brokerConnections(open, presence);
    expect(connections.subscriptions(realm, 't')).toBeUndefined();
    connect(clean).send(Buffer.from('820600010001' + '61' + '01', 'hex'));
    expect(connections.subscriptions(realm, 't')).toMatchObject([{ filter: 'a', qos: 1 }]);
  });

  test('are given as long as asked for to confirm a message', async () => {
    vi.useFakeTimers();
    const connections = brokerConnections(open, presence);
    connect(clean);
    const sent = connections.send(realm, 't', message('a'), 5000);
    let outcome: string | undefined;
    sent.then(delivery => {
      outcome = delivery;
    });
    await vi.advanceTimersByTimeAsync(4999);
    expect(outcome).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome).toBe('unconfirmed');
    expect(await connections.send(realm, 'nobody', message('a'), 5000)).toBe('notConnected');
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('a message beyond what may be retained is refused as too much, and the one kept stays', async () => {
  const messages = brokerMessages(open, profiles.aws);
  await messages.publish(realm, message('a', true));
  await messages.publish(realm, message('a', true));
  await expect(messages.publish(realm, message('b', true))).rejects.toMatchObject({ name: 'ThrottlingException' });
  expect([...messages.retainedMessages(realm)].map(({ topic }) => topic)).toEqual(['a']);
  await messages.publish(realm, message('b'));
});
