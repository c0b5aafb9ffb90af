import { expect, test } from 'vitest';
import type { KafkaProducer } from './producer.ts';
import { KafkaProducers } from './producers.ts';

function bench(limit?: number) {
  const opened: string[] = [];
  const closed: string[] = [];
  const failing = new Set<string>();
  const producers = new KafkaProducers(async ({ brokers }) => {
    const [broker] = brokers as readonly [string];
    opened.push(broker);
    if (failing.has(broker)) throw new Error(`${broker} is away`);
    return { send: async () => broker, close: async () => void closed.push(broker) };
  }, limit);
  const record = { topic: 't', key: undefined, partition: undefined, headers: [], value: Buffer.alloc(0) };
  const send = (name: string, use = (producer: KafkaProducer) => producer.send(record)) =>
    producers.with({ 'bootstrap.servers': `${name}:1`, 'security.protocol': 'PLAINTEXT' }, use);
  return { opened, closed, failing, producers, send };
}

test('rules with the same client properties share a producer, also while it opens', async () => {
  const { opened, send } = bench();
  await Promise.all([send('a'), send('a'), send('b')]);
  await send('a');
  expect(opened).toEqual(['a:1', 'b:1']);
});

test('beyond the limit the one that was not used for longest is closed, but not while it is used', async () => {
  const { closed, send } = bench(2);
  const gate = Promise.withResolvers<string>();
  const using = send('a', () => gate.promise);
  await send('b');
  await send('c');
  await send('d');
  expect(closed).toEqual(['b:1']);
  gate.resolve('done');
  await using;
  await new Promise(setImmediate);
  expect(closed).toEqual(['b:1', 'a:1']);
});

test('a producer that did not open is opened anew by the next attempt', async () => {
  const { opened, failing, send } = bench();
  failing.add('a:1');
  await expect(send('a')).rejects.toThrow('a:1 is away');
  failing.clear();
  expect(await send('a')).toBe('a:1');
  expect(opened).toEqual(['a:1', 'a:1']);
});

test('all are closed at the end', async () => {
  const { closed, producers, send } = bench();
  await Promise.all([send('a'), send('b')]);
  await producers.close();
  expect(closed.toSorted()).toEqual(['a:1', 'b:1']);
});
