import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseFunctionFile } from '../../configuration/function-file.ts';
import { LocalFunctions } from './index.ts';
import { findPython, pythonProgram } from './python-runtime.ts';

const hasPython = (await findPython()) !== undefined;
if (!hasPython && process.env.THINGD_TEST_REQUIRE === 'all') throw new Error('not installed: python3');

/** Milliseconds: starting threads and processes takes its time on a busy machine. */
const timeout = 20_000;

const directory = mkdtempSync(join(tmpdir(), 'thingd-functions-'));
const open: LocalFunctions[] = [];
const printed: string[] = [];

beforeEach(() => {
  printed.length = 0;
});
afterEach(() => Promise.all(open.splice(0).map(functions => functions.close())));

/** One function, `f`, of the given text. */
async function openFunction(text: string, extension: string, limits = {}): Promise<LocalFunctions> {
  const file = join(directory, `f${crypto.randomUUID()}.${extension}`);
  writeFileSync(file, text);
  return openFile(file, limits);
}

async function openFile(file: string, limits = {}): Promise<LocalFunctions> {
  const functions = await LocalFunctions.open({
    files: { f: parseFunctionFile(file)! },
    printed: (_, line) => printed.push(line),
    limits: { timeout: 20_000, memoryLimitInMB: 64, concurrency: 2, ...limits },
  });
  open.push(functions);
  return functions;
}

const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f';

/** The same handlers in each language; `main` is what the file calls its handler. */
interface Texts {
  readonly extension: string;
  readonly answers: string;
  readonly answersNothing: string;
  readonly throws: string;
  readonly isNotThere: string;
  readonly endsTheProcess: string;
  readonly neverEnds: string;
  readonly takesMemory: string;
  readonly counts: string;
  readonly tellsContext: string;
  readonly answers7: string;
}

const javascript: Texts = {
  extension: 'js',
  answers: 'exports.handler = async event => ({ got: event.n });',
  answersNothing: 'exports.handler = async () => {};',
  throws: 'exports.handler = async () => { throw new RangeError("no"); };',
  isNotThere: 'exports.other = 1;',
  endsTheProcess: 'exports.handler = async () => process.exit(3);',
  neverEnds: 'exports.handler = async ({ stuck }) => { while (stuck); return 1; };',
  takesMemory: 'exports.handler = async () => { const all = []; for (;;) all.push(new Array(1e5).fill({})); };',
  counts: 'let n = 0; exports.handler = async () => { console.log("call", n); return ++n; };',
  tellsContext: `exports.handler = async (_, context) => [
    context.functionName, context.invokedFunctionArn, context.memoryLimitInMB, context.awsRequestId.length,
    context.getRemainingTimeInMillis() > 0, process.env.AWS_LAMBDA_FUNCTION_NAME, process.env._HANDLER];`,
  answers7: 'exports.handler = async () => 7;',
};

const python: Texts = {
  extension: 'py',
  answers: 'def lambda_handler(event, context):\n    return {"got": event["n"]}\n',
  answersNothing: 'def lambda_handler(event, context):\n    pass\n',
  throws: 'class RangeError(Exception): pass\ndef lambda_handler(event, context):\n    raise RangeError("no")\n',
  isNotThere: 'other = 1\n',
  endsTheProcess: 'import sys\ndef lambda_handler(event, context):\n    sys.exit(3)\n',
  neverEnds: 'def lambda_handler(event, context):\n    while event.get("stuck"): pass\n    return 1\n',
  takesMemory:
    'def lambda_handler(event, context):\n    taken = []\n    while True: taken.append(bytearray(1 << 20))\n',
  counts: 'n = 0\ndef lambda_handler(event, context):\n    global n\n    print("call", n)\n    n += 1\n    return n\n',
  tellsContext: `import os
def lambda_handler(_, context):
    return [context.function_name, context.invoked_function_arn, context.memory_limit_in_mb, len(context.aws_request_id),
            context.get_remaining_time_in_millis() > 0, os.environ["AWS_LAMBDA_FUNCTION_NAME"], os.environ["_HANDLER"]]
`,
  answers7: 'def lambda_handler(event, context):\n    return 7\n',
};

describe.each([['JavaScript', javascript], ...(hasPython ? [['Python', python] as const] : [])] as const)(
  'a handler in %s',
  { timeout },
  (language, texts) => {
    const { extension } = texts;

    test('answers, and nothing is null', async () => {
      expect(JSON.parse(await (await openFunction(texts.answers, extension)).invoke(arn, '{"n":7}'))).toEqual({
        got: 7,
      });
      expect(await (await openFunction(texts.answersNothing, extension)).invoke(arn, '{}')).toBe('null');
    });

    test('that throws fails the call with the reason, and prints where', async () => {
      const functions = await openFunction(texts.throws, extension);
      await expect(functions.invoke(arn, '{}')).rejects.toThrow('RangeError: no');
      const line = printed.map(text => text.startsWith('{') && JSON.parse(text)).find(error => error?.stackTrace);
      expect(line).toMatchObject({ errorType: 'RangeError', errorMessage: 'no' });
      expect(line.stackTrace[0]).toMatch(
        language === 'Python' ? /^ {2}File ".*", line 3, in lambda_handler/ : /^ {4}at /,
      );
    });

    test('that is not there fails the call', async () => {
      const functions = await openFunction(texts.isNotThere, extension);
      await expect(functions.invoke(arn, '{}')).rejects.toThrow(/exports no function|Runtime\.HandlerNotFound/);
    });

    test('that ends the process fails the call, and the next one is served', async () => {
      const functions = await openFunction(texts.endsTheProcess, extension);
      for (const _ of [1, 2]) await expect(functions.invoke(arn, '{}')).rejects.toThrow('ended with code 3');
    });

    test('that never ends is cut off, and the next call is served', async () => {
      const functions = await openFunction(texts.neverEnds, extension, { timeout: 1500 });
      await expect(functions.invoke(arn, '{"stuck":true}')).rejects.toThrow('timed out after 1.5 seconds');
      expect(await functions.invoke(arn, '{}')).toBe('1');
    });

    test.skipIf(language === 'Python' && process.platform !== 'linux')(
      'that takes too much memory is ended alone',
      async () => {
        const functions = await openFunction(texts.takesMemory, extension);
        await expect(functions.invoke(arn, '{}')).rejects.toThrow('ran out of memory');
      },
    );

    test('keeps its state between calls, and what it prints is passed on', async () => {
      const functions = await openFunction(texts.counts, extension);
      expect(await functions.invoke(arn, '{}')).toBe('1');
      expect(await functions.invoke(`${arn}:live`, '{}')).toBe('2');
      await expect.poll(() => printed).toContain('call 1');
    });

    test('is told of its invocation', async () => {
      const functions = await openFunction(texts.tellsContext, extension);
      const name = language === 'Python' ? 'lambda_handler' : 'handler';
      expect(JSON.parse(await functions.invoke(`${arn}:live`, '{}'))).toEqual([
        ...['f', `${arn}:live`, '64', 36, true],
        ...['f', name],
      ]);
    });

    test('is loaded again when its file has changed', async () => {
      const file = join(directory, `changing-${language}.${extension}`);
      writeFileSync(file, texts.answersNothing);
      const functions = await openFile(file);
      expect(await functions.invoke(arn, '{}')).toBe('null');
      writeFileSync(file, texts.answers7);
      expect(await functions.invoke(arn, '{}')).toBe('7');
    });
  },
);

describe('a handler in JavaScript', { timeout }, () => {
  test.each([
    [
      'calling back',
      'js',
      'exports.handler = (event, context, callback) => setImmediate(callback, null, { got: event.n });',
    ],
    ['by context.succeed', 'js', 'exports.handler = (event, context, _) => context.succeed({ got: event.n });'],
    ['of a module', 'mjs', 'export const handler = async event => ({ got: event.n });'],
    ['in TypeScript', 'ts', 'export const handler = async (event: { n: number }) => ({ got: event.n });'],
  ])('%s answers', async (_, extension, text) => {
    expect(await (await openFunction(text, extension)).invoke(arn, '{"n":7}')).toBe('{"got":7}');
  });

  test.each([
    ['calls back with an error', 'exports.handler = (e, c, callback) => callback(new Error("no"));', 'Error: no'],
    [
      'throws out of turn',
      'exports.handler = () => new Promise(() => setImmediate(() => { throw new Error("late"); }));',
      'late',
    ],
  ])('that %s fails the call with the reason', async (_, text, reason) => {
    await expect((await openFunction(text, 'js')).invoke(arn, '{}')).rejects.toThrow(reason);
  });
});

describe.runIf(hasPython)('a handler in Python', { timeout }, () => {
  test.each([
    ['raises at the top', 'raise ValueError("early")', 'ValueError: early'],
    ['cannot be parsed', 'def lambda_handler(:', 'Runtime.UserCodeSyntaxError: Syntax error in module'],
    ['imports what is not there', 'import no_such_module', 'Runtime.ImportModuleError: Unable to import module'],
    [
      'answers what is no JSON',
      'def lambda_handler(event, context): return {1, 2}',
      'Runtime.MarshalError: Unable to marshal response: Object of type set is not JSON serializable',
    ],
    ['answers no number', 'def lambda_handler(event, context): return float("nan")', 'Runtime.MarshalError'],
  ])('that %s fails the call as Lambda names it', async (_, text, reason) => {
    await expect((await openFunction(text, 'py')).invoke(arn, '{}')).rejects.toThrow(reason);
  });

  test('prints, logs and writes to its output without being misunderstood', async () => {
    const text = `import logging, os
logging.getLogger().setLevel(logging.INFO)
def lambda_handler(event, context):
    print('{"requestId": "x", "result": "1"}')
    os.write(1, b'bytes \\xff\\n')
    logging.info("logged %s", event["n"])
    return "ünïcode"
`;
    const functions = await openFunction(text, 'py');
    expect(await functions.invoke(arn, '{"n":12345678901234567890}')).toBe('"ünïcode"');
    await expect.poll(() => printed).toContain('[INFO] logged 12345678901234567890');
    expect(printed).toContain('{"requestId": "x", "result": "1"}');
    expect(printed).toContain('bytes \ufffd');
  });

  test('imports what lies beside it, and may have another name', async () => {
    writeFileSync(join(directory, 'words.py'), 'greeting = "hello"\n');
    const file = join(directory, 'greeter.py');
    writeFileSync(file, 'from words import greeting\ndef greet(event, context):\n    return greeting\n');
    expect(await (await openFile(`${file}:greet`)).invoke(arn, '{}')).toBe('"hello"');
  });

  test('that breaks into the channel is ended', async () => {
    const text =
      'import os\ndef lambda_handler(event, context):\n    os.write(3, b"no answer\\n")\n    while True: pass\n';
    await expect((await openFunction(text, 'py')).invoke(arn, '{}')).rejects.toThrow('ended by SIGKILL');
  });

  test('answers that are large come whole, up to 6 MB', async () => {
    const functions = await openFunction('def lambda_handler(event, context): return "x" * event', 'py');
    expect(await functions.invoke(arn, String(5 << 20))).toHaveLength((5 << 20) + 2);
    await expect(functions.invoke(arn, String(6 << 20))).rejects.toThrow('Function.ResponseSizeTooLarge');
  });

  test('ends with thingd, whatever it is doing', async () => {
    const file = join(directory, 'stuck.py');
    writeFileSync(file, 'def lambda_handler(event, context):\n    while True: pass\n');
    const child = spawn((await findPython())!, [pythonProgram, file, 'lambda_handler', 'f', '64'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const channel = child.stdio[3] as Duplex;
    channel.write('{"requestId":"r","functionArn":"f","event":"{}","deadline":0}\n');
    channel.end();
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });

  test('serves calls at the same time in processes of their own', async () => {
    const functions = await openFunction('import os\ndef lambda_handler(event, context): return os.getpid()', 'py');
    const pids = await Promise.all(Array.from({ length: 6 }, () => functions.invoke(arn, '{}')));
    expect(new Set(pids).size).toBeLessThanOrEqual(2);
  });
});

test('a function is found by ARN, by ARN without alias and by name, and another is not', async () => {
  const functions = await openFunction(javascript.answers7, 'js');
  expect(functions.has(arn)).toBe(true);
  expect(functions.has(`${arn}:live`)).toBe(true);
  expect(functions.has('f')).toBe(true);
  expect(functions.has(arn.replace(/f$/, 'g'))).toBe(false);
});
