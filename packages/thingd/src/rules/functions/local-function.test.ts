import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { LocalFunctions } from './index.ts';

const directory = mkdtempSync(join(tmpdir(), 'thingd-functions-'));
const open: LocalFunctions[] = [];
const printed: string[] = [];

afterEach(() => Promise.all(open.splice(0).map(functions => functions.close())));

/** One function, `f`, of the given text. */
function openFunction(text: string, extension = 'js', limits = {}): LocalFunctions {
  const file = join(directory, `${crypto.randomUUID()}.${extension}`);
  writeFileSync(file, text);
  const functions = new LocalFunctions({
    files: { f: file },
    printed: (_, line) => printed.push(line),
    limits: { timeout: 5000, memoryLimitInMB: 64, concurrency: 2, ...limits },
  });
  open.push(functions);
  return functions;
}

const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f';

describe('a handler', () => {
  test.each([
    ['async', 'js', 'exports.handler = async event => ({ got: event.n });'],
    [
      'calling back',
      'js',
      'exports.handler = (event, context, callback) => setImmediate(callback, null, { got: event.n });',
    ],
    ['by context.succeed', 'js', 'exports.handler = (event, context, _) => context.succeed({ got: event.n });'],
    ['of a module', 'mjs', 'export const handler = async event => ({ got: event.n });'],
    ['in TypeScript', 'ts', 'export const handler = async (event: { n: number }) => ({ got: event.n });'],
  ])('%s answers', async (_, extension, text) => {
    expect(await openFunction(text, extension).invoke(arn, '{"n":7}')).toBe('{"got":7}');
  });

  test.each([
    ['throws', 'exports.handler = async () => { throw new RangeError("no"); };', 'RangeError: no'],
    ['calls back with an error', 'exports.handler = (e, c, callback) => callback(new Error("no"));', 'Error: no'],
    ['is not there', 'exports.other = 1;', 'exports no function `handler`'],
    ['ends the process', 'exports.handler = async () => process.exit(3);', 'ended with code 3'],
    [
      'throws out of turn',
      'exports.handler = () => new Promise(() => setImmediate(() => { throw new Error("late"); }));',
      'late',
    ],
  ])('that %s fails the call with the reason', async (_, text, reason) => {
    await expect(openFunction(text).invoke(arn, '{}')).rejects.toThrow(reason);
  });

  test('that never ends is cut off, and the next call is served', async () => {
    const functions = openFunction('exports.handler = async ({ stuck }) => { while (stuck); return 1; };', 'js', {
      timeout: 500,
    });
    await expect(functions.invoke(arn, '{"stuck":true}')).rejects.toThrow('timed out after 0.5 seconds');
    expect(await functions.invoke(arn, '{}')).toBe('1');
  });

  test('that takes too much memory is ended alone', async () => {
    const text = 'exports.handler = async () => { const all = []; for (;;) all.push(new Array(1e5).fill({})); };';
    await expect(openFunction(text).invoke(arn, '{}')).rejects.toThrow('ran out of memory');
  });

  test('keeps its state between calls, and what it prints is passed on', async () => {
    const functions = openFunction('let n = 0; exports.handler = async () => { console.log("call", n); return ++n; };');
    expect(await functions.invoke(arn, '{}')).toBe('1');
    expect(await functions.invoke(`${arn}:live`, '{}')).toBe('2');
    await expect.poll(() => printed).toContain('call 1');
  });
});

test('a function is found by ARN, by ARN without alias and by name, and another is not', () => {
  const functions = openFunction('exports.handler = async () => 1;');
  expect(functions.has(arn)).toBe(true);
  expect(functions.has(`${arn}:live`)).toBe(true);
  expect(functions.has('f')).toBe(true);
  expect(functions.has(arn.replace(/f$/, 'g'))).toBe(false);
});
