import { ManualClock, ManualTimers } from '@thingd/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Minutes } from './minutes.ts';

let clock: ManualClock;
let timers: ManualTimers;
let minutes: Minutes;
/** Seconds after the start at which work began. */
let begun: number[];
/** Lets the work that is under way end. */
let finish: () => void;
let aborted: AbortSignal;

beforeEach(() => {
  clock = new ManualClock();
  clock.advance(20_000);
  timers = new ManualTimers();
  begun = [];
  const start = clock.now();
  minutes = new Minutes({
    clock,
    timers,
    work: signal => {
      aborted = signal;
      begun.push((clock.now() - start) / 1000);
      const { promise, resolve } = Promise.withResolvers<void>();
      finish = resolve;
      return promise;
    },
  });
});

afterEach(async () => {
  finish?.();
  await minutes.stop();
});

async function pass(seconds: number): Promise<void> {
  clock.advance(seconds * 1000);
  timers.advance(seconds * 1000);
  await new Promise(setImmediate);
}

async function done(): Promise<void> {
  finish();
  await new Promise(setImmediate);
}

test('work is done as each minute of the clock begins', async () => {
  await pass(39);
  expect(begun).toEqual([]);
  await pass(1);
  await done();
  await pass(59);
  expect(begun).toEqual([40]);
  await pass(1);
  expect(begun).toEqual([40, 100]);
});

test('a minute that begins while work lasts is left out, and the next is not', async () => {
  await pass(40);
  await pass(90);
  expect(begun).toEqual([40]);
  await done();
  await pass(29);
  expect(begun).toEqual([40]);
  await pass(1);
  expect(begun).toEqual([40, 160]);
});

test('a timer that goes off early is waited for once more', async () => {
  clock.advance(39_999);
  timers.advance(40_000);
  await new Promise(setImmediate);
  expect(begun).toEqual([]);
  await pass(0.001);
  expect(begun).toEqual([40]);
});

test('stopping asks the work to end and waits for it, and no more is done', async () => {
  await pass(40);
  const stopped = minutes.stop();
  const first = await Promise.race([
    stopped.then(() => 'stopped'),
    new Promise(resolve => setImmediate(resolve, 'working')),
  ]);
  expect(first).toBe('working');
  expect(aborted.aborted).toBe(true);
  finish();
  await stopped;
  await pass(600);
  expect(begun).toEqual([40]);
});
