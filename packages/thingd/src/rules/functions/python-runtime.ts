/** Python: a process of `python3` for each instance. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eachLine, longestPrintedLine } from './lines.ts';
import {
  environmentOf,
  type FunctionSettings,
  type Instance,
  type InvokeReply,
  type InvokeRequest,
  type Outcome,
  type Runtime,
} from './runtime.ts';

/** Beside both `src` and `dist`: it is run as it is. */
export const pythonProgram = fileURLToPath(new URL('../../../bin/python-function.py', import.meta.url));
/** Characters of an answer: Lambda's 6 MB, each character escaped. */
const longestAnswer = 6 * 6 * 1024 * 1024;

/** `python` is the path of an interpreter. */
export const pythonRuntime = (python: string): Runtime => ({
  start: (settings, printed) => new PythonProcess(python, settings, printed),
});

/**
 * The interpreter that `python3` is, if there is one that runs functions. Started by its own path: what chooses among versions of
 * Python takes longer than Python.
 */
export function findPython(): Promise<string | undefined> {
  found ??= promisify(execFile)('python3', [
    '-c',
    'import sys; print(sys.version_info >= (3, 8) and sys.executable or "")',
  ]).then(
    ({ stdout }) => stdout.trim() || undefined,
    () => undefined,
  );
  return found;
}

/** Asked once. */
let found: Promise<string | undefined> | undefined;

class PythonProcess implements Instance {
  readonly #process: ChildProcess;
  readonly #channel: Duplex;
  readonly #ended: Promise<Outcome>;
  #isAlive = true;
  #answered: (reply: InvokeReply) => void = () => {};

  constructor(python: string, settings: FunctionSettings, printed: (line: string) => void) {
    const { file, handler, functionName, memoryLimitInMB } = settings;
    const child = spawn(python, [pythonProgram, file, handler, functionName, String(memoryLimitInMB)], {
      env: environmentOf(settings),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.#process = child;
    // First of all: where not even pipes can be made, the streams below are missing, and the error comes all the same.
    this.#ended = new Promise(resolve => {
      const end = (errorMessage: string): void => {
        this.#isAlive = false;
        resolve({ errorType: 'Runtime.ExitError', errorMessage });
      };
      child.on('error', error => end(error.message));
      child.once('exit', (code, signal) =>
        end(`the function's process ended ${signal === null ? `with code ${code}` : `by ${signal}`}`),
      );
    });
    this.#channel = child.stdio[3] as Duplex;
    // That the process is gone is told by its end.
    this.#channel.on('error', () => {});
    eachLine(this.#channel, longestAnswer, line => this.#read(line));
    for (const stream of [child.stdout, child.stderr] as Readable[]) eachLine(stream, longestPrintedLine, printed);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  invoke(request: InvokeRequest): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#answered = reply => {
      if (reply.requestId === request.requestId) resolve(reply);
    };
    this.#channel.write(`${JSON.stringify(request)}\n`);
    return Promise.race([promise, this.#ended]);
  }

  async stop(): Promise<void> {
    this.#isAlive = false;
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  #read(line: string): void {
    try {
      const reply = JSON.parse(line) as InvokeReply;
      // What it could not get memory for is lost to it: nothing more is asked of it.
      if ('errorType' in reply && reply.errorType === 'Runtime.OutOfMemory') void this.stop();
      this.#answered(reply);
    } catch {
      // Not an answer: the function has written to the channel itself.
      void this.stop();
    }
  }
}
