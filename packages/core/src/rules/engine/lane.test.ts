import { describe, expect, test } from 'vitest';
import { ManualTimers } from '../../testing/timers.ts';
import { Lane } from './lane.ts';

/** A lane whose attempts end when the test says so. */
function openLane() {
  const timers = new ManualTimers();
  const underWay: { readonly call: number; readonly end: () => void }[] = [];
  const lane = new Lane<number>(timers, call => {
    const { promise, resolve } = Promise.withResolvers<void>();
    underWay.push({ call, end: resolve });
    return promise;
  });
  return { timers, lane, underWay, calls: () => underWay.map(({ call }) => call) };
}

const nextTurn = () => new Promise(resolve => setImmediate(resolve));

describe('a lane', () => {
  test('attempts sixteen calls at once, and the others in order as those end', async () => {
    const { lane, underWay, calls } = openLane();
    for (let call = 0; call < 20; call++) lane.push(call);
    expect(calls()).toHaveLength(16);
    for (const { end } of underWay.slice(0, 3)) end();
    await nextTurn();
    expect(calls()).toEqual(Array.from({ length: 19 }, (_, call) => call));
  });

  test('lets calls that end at once take nobody else a place, however many wait', async () => {
    const attempted: number[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const lane = new Lane<number>(new ManualTimers(), call => {
      attempted.push(call);
      return call < 16 ? promise : undefined;
    });
    for (let call = 0; call < 10_000; call++) lane.push(call);
    expect(attempted).toHaveLength(16);
    resolve();
    await nextTurn();
    expect(attempted).toHaveLength(10_000);
  });

  test('attempts a resting call when its time has come, or two of them when the target works', () => {
    const { lane, timers, calls } = openLane();
    for (const call of [1, 2, 3, 4]) lane.pushAfter(call * 100, call);
    lane.wake();
    expect(calls()).toEqual([1, 2]);
    timers.advance(300);
    expect(calls()).toEqual([1, 2, 3]);
    timers.advance(100);
    expect(calls()).toEqual([1, 2, 3, 4]);
  });

  test('is closed when what is under way has ended, and begins nothing more', async () => {
    const { lane, timers, underWay, calls } = openLane();
    for (let call = 0; call < 20; call++) lane.push(call);
    lane.pushAfter(100, 20);
    let closed = false;
    const closing = lane.close().then(() => {
      closed = true;
    });
    timers.advance(100);
    for (const { end } of underWay.slice(1)) end();
    await nextTurn();
    expect(closed).toBe(false);
    underWay[0]!.end();
    await closing;
    lane.push(21);
    expect(calls()).toHaveLength(16);
  });
});
