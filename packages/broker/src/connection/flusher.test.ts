import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Broker } from '../broker.ts';
import { startBroker, TestClient, turn } from '../listener/client.testing.ts';

/** What `performance.now` says, in milliseconds. */
let now = 1000;

beforeEach(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function senderAndReceiver(): Promise<{ broker: Broker; sender: TestClient; receiver: TestClient }> {
  const started = await startBroker();
  const { client: sender } = TestClient.connect(started, 'sender');
  const { client: receiver } = TestClient.connect(started, 'receiver');
  receiver.subscribe('t');
  await turn();
  started.broker.flusher.idleTime = 1;
  return { broker: started.broker, sender, receiver };
}

test('what a broker reads after a pause is answered when it has been read', async () => {
  const { sender, receiver } = await senderAndReceiver();
  now += 2;
  sender.publish('t', 'first', { qos: 1, packetId: 1 });
  expect(receiver.stream.take().toString()).toContain('first');
  expect(sender.stream.take()).toEqual(Buffer.from('40020001', 'hex'));
});

test('what follows closely is gathered until the end of the turn', async () => {
  const { sender, receiver } = await senderAndReceiver();
  now += 2;
  sender.publish('t', 'first');
  sender.publish('t', 'second');
  sender.publish('t', 'third');
  expect(receiver.stream.take().toString()).not.toContain('second');
  await turn();
  expect(receiver.stream.take().toString()).toMatch(/second.*third/s);
});

test('what was gathered can be written before the turn ends', async () => {
  const { broker, sender, receiver } = await senderAndReceiver();
  now += 2;
  sender.publish('t', 'first');
  sender.publish('t', 'second');
  receiver.stream.take();
  broker.writeOut();
  expect(receiver.stream.take().toString()).toContain('second');
});

test('a packet that ends its connection does not keep the broker from writing to others', async () => {
  const { sender, receiver } = await senderAndReceiver();
  now += 2;
  sender.sendHex('f1 00');
  expect(sender.ended).toBe(true);
  now += 2;
  receiver.publish('t', 'still here');
  expect(receiver.stream.take().toString()).toContain('still here');
});
