import { ManualTimers } from '@thingd/core/testing';
import { beforeEach, expect, test } from 'vitest';
import { CallGathering } from './call-gathering.ts';

let timers: ManualTimers;
let gathering: CallGathering;
let begun: string[];
let end: Map<string, () => void>;

beforeEach(() => {
  timers = new ManualTimers();
  gathering = new CallGathering(timers);
  begun = [];
  end = new Map();
});

const call = (name: string): Promise<string> =>
  gathering.run(() => {
    begun.push(name);
    return new Promise(resolve => end.set(name, () => resolve(name)));
  });

const turn = () => new Promise(resolve => setImmediate(resolve));

test('a call that comes alone begins at once, and so does the next when it has ended', async () => {
  for (const name of ['a', 'b', 'c']) {
    const answer = call(name);
    expect(begun.at(-1)).toBe(name);
    end.get(name)?.();
    expect(await answer).toBe(name);
  }
});

test('those that come while another is under way begin together, an interval after it', async () => {
  for (const name of ['a', 'b', 'c']) void call(name);
  timers.advance(3);
  await turn();
  expect(begun).toEqual(['a']);
  timers.advance(1);
  await turn();
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('a call under way for longer keeps none that comes after the interval', async () => {
  void call('long');
  timers.advance(4);
  void call('b');
  expect(begun).toEqual(['long', 'b']);
});

test('those that wait for the next beginning get one even if nobody else comes', async () => {
  void call('a');
  void call('b');
  timers.advance(4);
  await turn();
  void call('c');
  timers.advance(4);
  await turn();
  expect(begun).toEqual(['a', 'b', 'c']);
});

test('a call that fails is under way no more', async () => {
  await expect(gathering.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  void call('a');
  expect(begun).toEqual(['a']);
});
