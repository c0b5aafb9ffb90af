/** One function: its file, and the threads that run it. A thread runs one invocation at a time, as on Lambda. */
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { FunctionSettings, InvokeReply, InvokeRequest } from './protocol.ts';

export interface FunctionLimits {
  /** Milliseconds. */
  readonly timeout: number;
  readonly memoryLimitInMB: number;
  /** Threads at the same time. */
  readonly concurrency: number;
}

export interface LocalFunctionOptions {
  readonly functionName: string;
  readonly file: string;
  readonly limits: FunctionLimits;
  /** A line the function printed. */
  readonly printed: (functionName: string, line: string) => void;
}

interface Thread {
  readonly worker: Worker;
  /** The file's state when it was loaded. */
  readonly edition: string;
}

/** Calls that wait for a thread; beyond that they are refused. */
const longestQueue = 1000;

export class LocalFunction {
  readonly #options: LocalFunctionOptions;
  readonly #idle: Thread[] = [];
  readonly #all = new Set<Worker>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #closed = false;

  constructor(options: LocalFunctionOptions) {
    this.#options = options;
  }

  /** Resolves to the result as JSON text. Rejects with what the handler threw, when it takes too long, or when its thread ends. */
  async invoke(functionArn: string, event: string): Promise<string> {
    await this.#turn();
    try {
      if (this.#closed) throw new Error('thingd is stopping');
      const thread = await this.#thread();
      const { answer, isUsable } = await this.#call(thread.worker, functionArn, event);
      if (isUsable && !this.#closed) this.#idle.push(thread);
      else await thread.worker.terminate();
      if ('result' in answer) return answer.result;
      throw new Error(`${answer.errorType}: ${answer.errorMessage}`);
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#all].map(worker => worker.terminate()));
  }

  async #turn(): Promise<void> {
    const { concurrency } = this.#options.limits;
    if (this.#running >= concurrency) {
      if (this.#waiting.length >= longestQueue) throw new Error('too many calls wait for the function');
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
    this.#running += 1;
  }

  /** An idle thread of the file as it is now, or a new one. */
  async #thread(): Promise<Thread> {
    const { mtimeMs, size, ino } = await stat(this.#options.file);
    const edition = `${mtimeMs} ${size} ${ino}`;
    for (let thread = this.#idle.pop(); thread !== undefined; thread = this.#idle.pop()) {
      if (thread.edition === edition && this.#all.has(thread.worker)) return thread;
      await thread.worker.terminate();
    }
    return { worker: this.#start(), edition };
  }

  #start(): Worker {
    const { functionName, file, limits, printed } = this.#options;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./function-worker.${extension}`, import.meta.url), {
      name: `function ${functionName}`,
      workerData: { file, functionName, memoryLimitInMB: limits.memoryLimitInMB } satisfies FunctionSettings,
      resourceLimits: { maxOldGenerationSizeMb: limits.memoryLimitInMB },
      stdout: true,
      stderr: true,
      execArgv: [],
    });
    this.#all.add(worker);
    // What happens during a call is that call's failure; what happens between calls ends the thread alone.
    worker.on('error', () => {});
    worker.once('exit', () => this.#all.delete(worker));
    for (const stream of [worker.stdout, worker.stderr]) lines(stream, line => printed(functionName, line));
    return worker;
  }

  #call(
    worker: Worker,
    functionArn: string,
    event: string,
  ): Promise<{ readonly answer: InvokeReply; readonly isUsable: boolean }> {
    const { timeout } = this.#options.limits;
    const requestId = randomUUID();
    const { promise, resolve } = Promise.withResolvers<{ answer: InvokeReply; isUsable: boolean }>();
    const broken = (errorType: string, errorMessage: string): void =>
      resolve({ answer: { requestId, errorType, errorMessage }, isUsable: false });
    const answered = (answer: InvokeReply): void => {
      if (answer.requestId === requestId) resolve({ answer, isUsable: true });
    };
    const failed = (error: unknown): void => {
      const { code, name, message } = error as NodeJS.ErrnoException;
      if (code === 'ERR_WORKER_OUT_OF_MEMORY') broken('Runtime.OutOfMemory', 'the function ran out of memory');
      else broken(name, message);
    };
    const ended = (code: number): void => broken('Runtime.ExitError', `the function's thread ended with code ${code}`);
    const timer = setTimeout(
      () => broken('Sandbox.Timedout', `the function timed out after ${timeout / 1000} seconds`),
      timeout,
    );
    worker.on('message', answered).on('error', failed).on('exit', ended);
    const deadline = Date.now() + timeout;
    worker.postMessage({ requestId, functionArn, event, deadline } satisfies InvokeRequest);
    return promise.finally(() => {
      clearTimeout(timer);
      worker.off('message', answered).off('error', failed).off('exit', ended);
    });
  }
}

/** Longest line that is passed on whole, in characters. */
const longestLine = 8192;

function lines(stream: Readable, line: (text: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) line(part);
    if (rest.length > longestLine) {
      line(rest);
      rest = '';
    }
  });
  stream.on('end', () => rest !== '' && line(rest));
}
