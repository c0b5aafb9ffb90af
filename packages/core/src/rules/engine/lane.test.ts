import { describe, expect, test } from 'vitest';
import { ManualTimers } from '../../testing/timers.ts';
import { Lane } from './lane.ts';

/** A lane whose attempts end when the test says so. */
function openLane() {
  const timers = new ManualTimers();
  const calls: number[] = [];
  const lane = new Lane<number>(timers, call => {
    calls.push(call);
    return true;
  });
  return { timers, lane, calls };
}

const nextTurn = () => new Promise(resolve => setImmediate(resolve));

const upTo = (count: number): number[] => Array.from({ length: count }, (_, call) => call);

describe('a lane', () => {
  test('attempts sixteen calls at once, and the others in order as those end', () => {
    const { lane, calls } = openLane();
    for (const call of upTo(20)) lane.push(call);
    expect(calls).toEqual(upTo(16));
    for (let ended = 0; ended < 3; ended++) lane.ended();
    expect(calls).toEqual(upTo(19));
  });

  test('lets calls that end at once take nobody else a place, however many wait', () => {
    const calls: number[] = [];
    const lane = new Lane<number>(new ManualTimers(), call => {
      calls.push(call);
      return call < 16;
    });
    for (const call of upTo(10_000)) lane.push(call);
    expect(calls).toEqual(upTo(16));
    lane.ended();
    expect(calls).toEqual(upTo(10_000));
  });

  test('attempts a resting call when its time has come, or two of them when the target works', () => {
    const { lane, timers, calls } = openLane();
    for (const call of [1, 2, 3, 4]) lane.pushAfter(call * 100, call);
    lane.wake();
    expect(calls).toEqual([1, 2]);
    timers.advance(300);
    expect(calls).toEqual([1, 2, 3]);
    timers.advance(100);
    expect(calls).toEqual([1, 2, 3, 4]);
  });

  test('lets calls that end at once wake all that rest, without going deeper for each', () => {
    const calls: number[] = [];
    const lane = new Lane<number>(new ManualTimers(), (call, lane) => {
      calls.push(call);
      lane.wake();
      return false;
    });
    for (const call of upTo(20_000)) lane.pushAfter(1000, call);
    lane.wake();
    expect(calls).toEqual(upTo(20_000));
  });

  test('is closed when what is under way has ended, and begins nothing more', async () => {
    const { lane, timers, calls } = openLane();
    for (const call of upTo(20)) lane.push(call);
    lane.pushAfter(100, 20);
    let closed = false;
    const closing = lane.close().then(() => {
      closed = true;
    });
    timers.advance(100);
    for (let ended = 0; ended < 15; ended++) lane.ended();
    await nextTurn();
    expect(closed).toBe(false);
    lane.ended();
    await closing;
    lane.push(21);
    expect(calls).toEqual(upTo(16));
  });
});
