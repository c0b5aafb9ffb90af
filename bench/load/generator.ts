/**
 * Loads one broker with one scenario and prints one JSON line, a list of measurements. A process of its own, so that its work is not
 * counted as the broker's.
 *
 *   node bench/load/generator.ts '{"port":1883,"brokerPid":42,"shape":"pairs",…}'
 */
import { setTimeout as elapsed } from 'node:timers/promises';
import { LoadConnection } from './connection.ts';
import { disconnectPacket, publishTemplate } from './packets.ts';
import { Publisher } from './publisher.ts';
import { goRound, type Once, type Rounds, roundsOf } from './rounds.ts';
import { emptyTally, Subscriber } from './subscriber.ts';
import { readingOf, Sum, type Summed } from './sum.ts';

export interface Load {
  readonly port: number;
  readonly brokerPid: number;
  /** `pairs`: publisher i to subscriber i. `fanIn`: all publishers to each subscriber, by wildcard. `fanOut`: each publisher to all subscribers. */
  readonly shape: 'pairs' | 'fanIn' | 'fanOut';
  readonly publishers: number;
  readonly subscribers: number;
  readonly qos: 0 | 1;
  /** Bytes of payload. */
  readonly size: number;
  /** Closed loop: messages in flight per publisher, where one leaves the window when every subscriber it is for has it. */
  readonly window: number;
  /** PUBLISH packets per write at least (closed loop), so that `window` must hold at least one batch. */
  readonly batch: number;
  /** Open loop: messages per second in all, one write each; 0 for closed loop. */
  readonly rate: number;
  /** Open loop: milliseconds from one look at what is due to the next. Without, or with 0, it looks all the time and takes its core whole. */
  readonly pause?: number;
  /** When to measure: once, or where what else is done to the broker takes turns. */
  readonly measured: Once | Rounds;
}

export interface Measurement extends Summed {
  /** These three of the whole run. */
  readonly lost: number;
  readonly duplicated: number;
  readonly misrouted: number;
}

/** A measurement for each kind of rounds, or one. */
export async function generate(load: Load): Promise<readonly Measurement[]> {
  const fan = load.shape === 'fanOut' ? load.subscribers : load.shape === 'fanIn' ? load.subscribers : 1;
  const closed = load.rate === 0;
  const dirty = new Set<Publisher>();
  let scheduled = false;
  /** This publisher's window may have room: look once, after all that has arrived is read. */
  const due = (publisher: Publisher): void => {
    if (!closed) return;
    dirty.add(publisher);
    if (scheduled) return;
    scheduled = true;
    setImmediate(refill);
  };
  const tally = emptyTally();
  const publishers: Publisher[] = [];
  const subscribers: Subscriber[] = [];

  const topicOf = (index: number): string => `bench/${load.shape}/device-${String(index).padStart(5, '0')}/data`;
  for (let i = 0; i < load.publishers; i++) {
    const connection = await LoadConnection.open(load.port, `publisher-${i}`);
    publishers.push(new Publisher(connection, i, publishTemplate(topicOf(i), load.qos, load.size), load.qos));
  }
  for (let i = 0; i < load.subscribers; i++) {
    const connection = await LoadConnection.open(load.port, `subscriber-${i}`);
    await connection.subscribe(load.shape === 'pairs' ? topicOf(i) : `bench/${load.shape}/+/data`, load.qos);
    const mine = load.shape === 'pairs' ? (publisher: number) => publisher === i : () => true;
    subscribers.push(new Subscriber(connection, publishers, mine, tally, publisher => due(publisher)));
  }

  let stopped = false;
  const refill = (): void => {
    scheduled = false;
    for (const subscriber of subscribers) subscriber.flush();
    const now = performance.now();
    for (const publisher of dirty) {
      const inFlight = publisher.sent - Math.floor(publisher.credited / fan);
      const room = Math.floor((load.window - inFlight) / load.batch) * load.batch;
      if (room > 0 && !stopped && !publisher.backlogged) publisher.send(room, now);
    }
    dirty.clear();
  };

  let next = 0;
  const openLoop = (startedAt: number): void => {
    for (const subscriber of subscribers) subscriber.flush();
    const now = performance.now();
    const expected = ((now - startedAt) / 1000) * load.rate;
    while (next < expected) publishers[next++ % publishers.length]!.send(1, now);
    if (stopped) return;
    if (load.pause) setTimeout(openLoop, load.pause, startedAt);
    else setImmediate(openLoop, startedAt);
  };

  if (closed) for (const publisher of publishers) due(publisher);
  else openLoop(performance.now());

  const rounds = roundsOf(load.measured);
  const reading = () => readingOf(load.brokerPid, tally.delivered);
  const sums = Array.from({ length: rounds.kinds }, () => new Sum());
  await goRound(rounds, kind => {
    const sum = sums[kind]!;
    const before = reading();
    tally.latencies = sum.latencies;
    return () => {
      tally.latencies = [];
      sum.add(before, reading());
    };
  });

  stopped = true;
  await drained(() => {
    for (const subscriber of subscribers) subscriber.flush();
    return publishers.every(publisher => publisher.credited >= publisher.sent * fan);
  });
  const missing = publishers.reduce((sum, publisher) => sum + publisher.sent * fan - publisher.credited, 0);
  for (const { connection } of [...publishers, ...subscribers]) connection.socket.end(disconnectPacket);

  const wrong = { lost: tally.lost + missing, duplicated: tally.duplicated, misrouted: tally.misrouted };
  return sums.map(sum => ({ ...sum.summed, ...wrong }));
}

/** Waits until `done`, two seconds at most. */
async function drained(done: () => boolean): Promise<void> {
  const deadline = performance.now() + 2000;
  while (!done() && performance.now() < deadline) await elapsed(10);
}

if (import.meta.main) {
  console.log(JSON.stringify(await generate(JSON.parse(process.argv[2] ?? '{}') as Load)));
  process.exit(0);
}
