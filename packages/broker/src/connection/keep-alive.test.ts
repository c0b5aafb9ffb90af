import { describe, expect, test } from 'vitest';
import { startBroker, staying, TestClient } from '../listener/client.testing.ts';
import { SteppedStore } from '../session/stepped-store.testing.ts';

describe('keep-alive', () => {
  test('silence for one and a half times the keep-alive ends the connection [MQTT-3.1.2-22]', async () => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a', { keepAlive: 10 });
    started.pass(15);
    client.send({ type: 'pingreq' });
    started.pass(15);
    expect(client.take()).toEqual([{ type: 'pingresp' }]);
    started.pass(1);
    expect(client.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x8d }]);
    expect(started.log.at(-1)).toBe('disconnected a MQTT_KEEP_ALIVE_TIMEOUT');
  });

  test('bytes that never become a packet are silence', async () => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a', { keepAlive: 10 });
    client.sendHex('30ff01');
    for (let i = 0; i < 16; i++) {
      client.sendHex('00');
      started.pass(1);
    }
    expect(client.ended).toBe(true);
  });

  test('a keep-alive of 0 is never', async () => {
    const started = await startBroker();
    const { client } = TestClient.connect(started, 'a', { keepAlive: 0 });
    started.pass(1_000_000);
    expect(client.ended).toBe(false);
  });

  test('a client that is not read while the store is slow is not silent, and has a whole interval when it is read again', async () => {
    const store = new SteppedStore();
    const started = await startBroker({ store, limits: { receiveMaximum: 1 } });
    TestClient.connect(started, 'durable', { ...staying[4], keepAlive: 0 }).client.subscribe('t');
    await store.settle();
    const { client } = TestClient.connect(started, 'a', { protocolVersion: 4, keepAlive: 10 });
    client.publish('t', 'x', { qos: 1, packetId: 1 }).send({ type: 'pingreq' });
    for (let i = 0; i < 100; i++) started.pass(1);
    expect([client.stream.paused, client.take()]).toEqual([true, []]);
    await store.settle();
    expect(client.take()).toMatchObject([{ type: 'puback' }, { type: 'pingresp' }]);
    started.pass(15);
    expect(client.ended).toBe(false);
    started.pass(1);
    expect(client.ended).toBe(true);
  });

  test('a client that takes nothing of what it is sent is given up, one that is only slow is not', async () => {
    const started = await startBroker({ limits: { maxOutputBytes: 1000 } });
    const clients = ['stuck', 'slow'].map(id => TestClient.connect(started, id, { keepAlive: 10 }).client);
    const slow = clients[1]!;
    const publisher = started.broker.realm('test');
    const message = { topic: 't', qos: 0, retain: false, publisher: { clientId: '', principal: 'program' } } as const;
    for (const client of clients) {
      client.subscribe('t');
      client.stream.reading = false;
    }
    await publisher.publish({ ...message, payload: Buffer.alloc(2000) });
    started.broker.flusher.flush();
    for (const client of clients) client.send({ type: 'pingreq' });
    for (let second = 0; second < 50; second++) {
      // As if it had taken some bytes more.
      slow.stream.write(Buffer.alloc(1));
      started.pass(1);
    }
    expect(clients.map(client => client.ended)).toEqual([true, false]);
  });
});
