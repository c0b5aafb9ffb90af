import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Durations, durationBounds } from './durations.ts';
import { startBroker, staying, type TestBroker, TestClient, turn } from './listener/client.testing.ts';
import { MemoryStore } from './session/memory-store.ts';
import type { StoreChange } from './session/store.ts';

/** What `performance.now` says, in milliseconds. */
let now = 1000;

beforeEach(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});

afterEach(() => {
  vi.restoreAllMocks();
});

const count = ({ counts }: Durations): number => counts.reduce((sum, times) => sum + times);

/** Each duration that was observed, by the bound it stays within. */
const observed = (durations: Durations): [bound: number, times: number][] =>
  durations.counts.flatMap((times, index) =>
    times === 0 ? [] : [[durationBounds[index] ?? Number.POSITIVE_INFINITY, times] as [number, number]],
  );

test('every duration falls under the first bound that is not below it', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 20, noNaN: true }), fc.integer({ min: 1, max: 1000 }), (seconds, times) => {
      const durations = new Durations();
      durations.observe(seconds, times);
      const bound = durationBounds.find(bound => seconds <= bound) ?? Number.POSITIVE_INFINITY;
      expect(observed(durations)).toEqual([[bound, times]]);
      expect(durations.sum).toBe(seconds * times);
    }),
  );
});

/** A turn in which `act` reads, and whose socket writes come `milliseconds` later. */
function during({ broker }: TestBroker, milliseconds: number, act: () => void): void {
  act();
  now += milliseconds;
  broker.flusher.flush();
}

test('messages and acknowledgements of a turn take from its first read to its socket writes', async () => {
  const started = await startBroker();
  const { client } = TestClient.connect(started, 'sender');
  during(started, 0.2, () => client.publish('a', 'x').publish('a', 'y', { qos: 1, packetId: 1 }));
  during(started, 40, () => client.publish('a', 'z', { qos: 2, packetId: 2 }));
  const { deliverySeconds, acknowledgementSeconds } = started.broker.metrics;
  expect(observed(deliverySeconds)).toEqual([
    [0.00025, 2],
    [0.05, 1],
  ]);
  expect(observed(acknowledgementSeconds)).toEqual([
    [0.00025, 1],
    [0.05, 1],
  ]);
  expect(deliverySeconds.sum).toBeCloseTo(0.0404, 9);
});

test('what is denied, and packets that are no PUBLISH, are no messages', async () => {
  const started = await startBroker();
  const { client } = TestClient.connect(started, 'sender');
  started.authorizer('sender').denied.add('publish secret');
  during(started, 1, () => client.publish('secret', 'x', { qos: 1, packetId: 1 }).send({ type: 'pingreq' }));
  during(started, 1, () => client.acknowledge('pubrel', 7));
  const { deliverySeconds, acknowledgementSeconds } = started.broker.metrics;
  expect([count(deliverySeconds), count(acknowledgementSeconds)]).toEqual([0, 0]);
});

test('a turn that reads and writes nothing does not lengthen the next', async () => {
  const started = await startBroker();
  const { client } = TestClient.connect(started, 'sender');
  client.sendHex('30 06'); // the beginning of a PUBLISH
  await turn();
  now += 10_000;
  during(started, 3, () => client.sendHex('0001 61 00 78 79'));
  expect(observed(started.broker.metrics.deliverySeconds)).toEqual([[0.005, 1]]);
});

test('an acknowledgement that waits for the store, or for a handler, takes as long as they do', async () => {
  let written = (): void => {};
  class SlowStore extends MemoryStore {
    override async write(changes: readonly StoreChange[]): Promise<void> {
      await new Promise<void>(resolve => {
        written = resolve;
      });
      await super.write(changes);
    }
  }
  const started = await startBroker({ store: new SlowStore() });
  const { client: receiver } = TestClient.connect(started, 'receiver', staying[5]);
  receiver.subscribe('durable');
  written();
  await turn();
  written();
  await turn();
  let handled = (): void => {};
  started.broker.realm('test').handle('handled', () => new Promise<void>(resolve => (handled = resolve)));

  const { client } = TestClient.connect(started, 'sender');
  during(started, 1, () => {
    client.publish('durable', 'x', { qos: 1, packetId: 1 }).publish('handled', 'x', { qos: 1, packetId: 2 });
  });
  const { deliverySeconds, acknowledgementSeconds } = started.broker.metrics;
  expect(observed(deliverySeconds)).toEqual([[0.001, 2]]);
  expect(count(acknowledgementSeconds)).toBe(0);
  now += 20;
  written();
  await turn();
  expect(observed(acknowledgementSeconds)).toEqual([[0.025, 1]]);
  now += 400;
  handled();
  await turn();
  written();
  await turn();
  expect(observed(acknowledgementSeconds)).toEqual([
    [0.025, 1],
    [0.5, 1],
  ]);
});
