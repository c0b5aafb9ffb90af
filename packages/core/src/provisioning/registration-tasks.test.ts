import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ServiceError } from '../errors.ts';
import { Things } from '../registry/thing-service.ts';
import { openDomain, outcomes, realm, type TestDomain } from '../testing/domain.ts';
import type { Registration } from './registration.ts';
import { RegistrationRunner } from './registration-runner.ts';
import { type InputLine, linesOf } from './registration-task.ts';
import { RegistrationTasks } from './registration-tasks.ts';

let domain: TestDomain;
let things: Things;
let runner: RegistrationRunner;
let tasks: RegistrationTasks;
let failures: unknown[];
/** The input file's chunks; a function is awaited before it is given. */
let file: (string | (() => Promise<string>))[];
let beforeRegistering: (thingName: string) => Promise<void>;

const templateBody = JSON.stringify({
  Parameters: { ThingName: { Type: 'String' } },
  Resources: { thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { Ref: 'ThingName' } } } },
});
const input = {
  templateBody,
  inputFileBucket: 'files',
  inputFileKey: 'devices',
  roleArn: 'arn:aws:iam::1:role/reader',
};
const line = (thingName: string) => `${JSON.stringify({ ThingName: thingName })}\n`;

async function* chunks(): AsyncGenerator<Buffer> {
  for (const chunk of file) yield Buffer.from(typeof chunk === 'string' ? chunk : await chunk());
}

/** Registers by making the thing; `bad` is refused, `bug` is ours. */
const registration = {
  async register(_realm: unknown, _template: unknown, { ThingName = '' }: Record<string, string>) {
    await beforeRegistering(ThingName);
    if (ThingName === 'bad') throw new ServiceError('ResourceRegistrationFailureException', 'a bad name');
    if (ThingName === 'bug') throw new TypeError('a secret of ours');
    await things.create(realm, { thingName: ThingName });
    return { certificatePem: undefined, resourceArns: { thing: `arn/${ThingName}` } };
  },
} as unknown as Registration;

function open(): void {
  const size = () => file.reduce((sum, chunk) => sum + (typeof chunk === 'string' ? chunk.length : 100), 0);
  const storage = { read: async () => ({ size: size(), body: chunks() }) };
  runner = new RegistrationRunner(domain, registration, { storage, failed: error => failures.push(error) });
  tasks = new RegistrationTasks(domain, runner);
}

beforeEach(async () => {
  domain = await openDomain();
  things = new Things(domain);
  failures = [];
  file = [];
  beforeRegistering = async () => {};
  open();
});
afterEach(() => runner.close());

const described = (taskId: string) => tasks.describe(realm, taskId);
const report = async (taskId: string, reportType: 'RESULTS' | 'ERRORS') => {
  const { reportKey: key } = await described(taskId);
  const lines = await tasks.openReport(realm, { taskId, reportType, key });
  return (await collected(lines!)).map(text => JSON.parse(text));
};
async function collected<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

/** A promise to be kept by hand. */
const gate = () => Promise.withResolvers<void>();

test('a task registers every line and reports each with its number', async () => {
  file = [line('a'), `${line('bad')}\n{"ThingName"`, `:"b"}\n[1]\nnothing\n`, '{"ThingName":"c"}'];
  const taskId = await tasks.start(realm, input);
  expect(await described(taskId)).toMatchObject({ ...input, status: 'InProgress', percentageProgress: 0 });
  await runner.settled();
  expect(await described(taskId)).toMatchObject({
    status: 'Completed',
    successCount: 3,
    failureCount: 3,
    percentageProgress: 100,
  });
  expect((await things.list(realm, {})).items.map(thing => thing.thingName)).toEqual(['a', 'b', 'c']);
  const results = await report(taskId, 'RESULTS');
  expect(results.map(({ lineNumber, response }) => [lineNumber, response.ResourceArns.thing])).toEqual([
    [1, 'arn/a'],
    [4, 'arn/b'],
    [7, 'arn/c'],
  ]);
  expect(await report(taskId, 'ERRORS')).toEqual([
    { lineNumber: 2, offset: 18, errorCode: 'ResourceRegistrationFailureException', errorMessage: 'a bad name' },
    {
      lineNumber: 5,
      offset: 57,
      errorCode: 'InvalidRequestException',
      errorMessage: 'the line is not a JSON object whose values are strings',
    },
    {
      lineNumber: 6,
      offset: 61,
      errorCode: 'InvalidRequestException',
      errorMessage: expect.stringMatching(/^the line is not JSON: /),
    },
  ]);
  expect(failures).toEqual([]);
});

test('a bug of ours is told to us, and its line reported without it', async () => {
  file = [line('bug'), line('a')];
  const taskId = await tasks.start(realm, input);
  await runner.settled();
  expect(await described(taskId)).toMatchObject({ status: 'Completed', successCount: 1, failureCount: 1 });
  expect(JSON.stringify(await report(taskId, 'ERRORS'))).not.toContain('secret');
  expect(failures).toHaveLength(1);
});

describe('a task fails, and says why, when its file', () => {
  test('cannot be read', async () => {
    const storage = { read: () => Promise.reject(new ServiceError('InvalidRequestException', 'no such bucket')) };
    runner = new RegistrationRunner(domain, registration, { storage, failed: error => failures.push(error) });
    tasks = new RegistrationTasks(domain, runner);
    const taskId = await tasks.start(realm, input);
    await runner.settled();
    expect(await described(taskId)).toMatchObject({ status: 'Failed', message: 'no such bucket', successCount: 0 });
  });

  test('breaks off', async () => {
    file = [...Array.from({ length: 25 }, (_, index) => line(`t${index}`)), () => Promise.reject(new Error('cut'))];
    const taskId = await tasks.start(realm, input);
    await runner.settled();
    expect(await described(taskId)).toMatchObject({ status: 'Failed', message: 'cut', successCount: 20 });
  });
});

test('a template that is none is refused at once', async () => {
  const refused = tasks.start(realm, { ...input, templateBody: '{}' });
  await expect(refused).rejects.toMatchObject({ name: 'InvalidRequestException' });
});

test('one task runs at a time in a realm, however many are started at once', async () => {
  const { promise, resolve } = gate();
  file = [() => promise.then(() => line('a'))];
  const starts = [1, 2, 3].map(() => tasks.start(realm, input));
  expect(await outcomes(starts)).toEqual(['InvalidRequestException', 'InvalidRequestException', 'done']);
  await tasks.start({ ...realm, region: 'us-east-1' }, input);
  resolve();
  await runner.settled();
  await tasks.start(realm, input);
});

describe('stopping a task', () => {
  test('finishes the lines under way and registers no more', async () => {
    const { promise, resolve } = gate();
    beforeRegistering = () => promise;
    file = Array.from({ length: 50 }, (_, index) => line(`t${String(index).padStart(2, '0')}`));
    const taskId = await tasks.start(realm, input);
    await tasks.stop(realm, taskId);
    await tasks.stop(realm, taskId);
    expect((await described(taskId)).status).toBe('Cancelling');
    resolve();
    await runner.settled();
    const task = await described(taskId);
    expect(task.status).toBe('Cancelled');
    expect(task.successCount).toBe((await things.list(realm, {})).items.length);
    expect(task.successCount).toBeLessThan(50);
    expect(await report(taskId, 'RESULTS')).toHaveLength(task.successCount);
    await tasks.stop(realm, taskId);
  });

  test('that is over, or unknown, is refused', async () => {
    const taskId = await tasks.start(realm, input);
    await runner.settled();
    await expect(tasks.stop(realm, taskId)).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await expect(tasks.stop(realm, 'none')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(described('none')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

test('a task that a process left under way goes on where its last lines were kept', async () => {
  const names = Array.from({ length: 70 }, (_, index) => `t${String(index).padStart(2, '0')}`);
  const { promise, resolve } = gate();
  const reached = gate();
  const stuck = () => {
    reached.resolve();
    return promise.then(() => line('late'));
  };
  file = [...names.slice(0, 45).map(line), stuck];
  const taskId = await tasks.start(realm, input);
  await reached.promise;
  const closed = runner.close();
  resolve();
  await closed;
  expect(await described(taskId)).toMatchObject({ status: 'InProgress', successCount: 40 });

  const again: string[] = [];
  beforeRegistering = async thingName => void again.push(thingName);
  file = names.map(line);
  open();
  await runner.start();
  await runner.settled();
  expect(await described(taskId)).toMatchObject({ status: 'Completed', successCount: 70, failureCount: 0 });
  expect(again).toEqual(names.slice(40));
});

test('tasks are listed from the newest, by status, page by page', async () => {
  const ids: string[] = [];
  for (let index = 0; index < 3; index++) {
    ids.unshift(await tasks.start(realm, input));
    await runner.settled();
    domain.clock.advance(1);
  }
  const first = await tasks.list(realm, { maxResults: 2 });
  const rest = await tasks.list(realm, { maxResults: 2, nextToken: first.nextToken });
  expect([...first.items, ...rest.items].map(task => task.taskId)).toEqual(ids);
  expect((await tasks.list(realm, { status: 'Failed' })).items).toEqual([]);
  expect((await tasks.list(realm, { status: 'Completed' })).items).toHaveLength(3);
});

test('a report opens to its key alone', async () => {
  file = [line('a')];
  const taskId = await tasks.start(realm, input);
  await runner.settled();
  const { reportKey, isEmpty } = await tasks.report(realm, taskId, 'RESULTS');
  expect(isEmpty).toBe(false);
  expect((await tasks.report(realm, taskId, 'ERRORS')).isEmpty).toBe(true);
  const open = (key: string, id = taskId) => tasks.openReport(realm, { taskId: id, reportType: 'RESULTS', key });
  expect(await open(reportKey)).toBeDefined();
  for (const key of ['', 'x', `${reportKey.slice(1)}0`]) expect(await open(key)).toBeUndefined();
  expect(await open(reportKey, 'none')).toBeUndefined();
});

describe('lines of a file', () => {
  const read = (chunked: readonly Buffer[], maximum?: number): Promise<InputLine[]> =>
    collected(
      linesOf(
        (async function* () {
          yield* chunked;
        })(),
        maximum,
      ),
    );

  test('are the same however the file is cut, and know where they are', async () => {
    const text = fc.array(fc.constantFrom('', 'a', '{"b":1}', 'ø'), { maxLength: 12 }).map(lines => lines.join('\n'));
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(60), { maxLength: 6 }), async (content, cuts) => {
        const bytes = Buffer.from(content);
        const ends = [...cuts.filter(cut => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
        const lines = await read(pieces);
        expect(lines).toEqual(await read([bytes]));
        expect(lines.map(({ text }) => text)).toEqual(content.split('\n').filter(one => one !== ''));
        for (const { offset, text, lineNumber } of lines) {
          expect(bytes.subarray(offset, offset + Buffer.byteLength(text)).toString()).toBe(text);
          expect(content.split('\n')[lineNumber - 1]).toBe(text);
        }
      }),
    );
  });

  test('end where one is too long to be one', async () => {
    await expect(read([Buffer.alloc(20, 'x')], 10)).rejects.toThrow('line 1 is longer than 10 bytes');
  });

  test('may end as Windows ends them', async () => {
    expect((await read([Buffer.from('a\r\nb\r\n')])).map(({ text }) => text)).toEqual(['a', 'b']);
  });
});
