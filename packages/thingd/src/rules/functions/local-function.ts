/** One function: its file, and the instances that run it, each one invocation at a time, as on Lambda. */
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { FunctionSettings, Instance, Outcome, Runtime } from './runtime.ts';

export interface FunctionLimits {
  /** Milliseconds. */
  readonly timeout: number;
  readonly memoryLimitInMB: number;
  /** Instances at the same time. */
  readonly concurrency: number;
}

export interface LocalFunctionOptions {
  readonly functionName: string;
  readonly file: string;
  readonly handler: string;
  readonly runtime: Runtime;
  readonly limits: FunctionLimits;
  /** A line the function printed. */
  readonly printed: (functionName: string, line: string) => void;
}

interface Loaded {
  readonly instance: Instance;
  /** The file's state when it was loaded. */
  readonly edition: string;
}

/** Calls that wait for an instance; beyond that they are refused. */
const longestQueue = 1000;
/** Characters of a result (AWS: "Lambda quotas", 6 MB). */
const longestResult = 6 * 1024 * 1024;
/** What is told of an error: characters, and calls on the stack. */
const longestMessage = 4096;
const deepestTrace = 30;

export class LocalFunction {
  readonly #options: LocalFunctionOptions;
  readonly #idle: Loaded[] = [];
  readonly #all = new Set<Instance>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #closed = false;

  constructor(options: LocalFunctionOptions) {
    this.#options = options;
  }

  /** Resolves to the result as JSON text. Rejects with what the handler threw, when it takes too long, or when its instance ends. */
  async invoke(functionArn: string, event: string): Promise<string> {
    await this.#turn();
    try {
      if (this.#closed) throw new Error('thingd is stopping');
      const loaded = await this.#loaded();
      const outcome = await this.#call(loaded.instance, functionArn, event);
      if (loaded.instance.isAlive && !this.#closed) this.#idle.push(loaded);
      else await this.#end(loaded.instance);
      if ('result' in outcome) return outcome.result;
      const { errorType, stackTrace } = outcome;
      const errorMessage = outcome.errorMessage.slice(0, longestMessage);
      this.#print(JSON.stringify({ errorType, errorMessage, stackTrace: stackTrace?.slice(-deepestTrace) }));
      throw new Error(`${errorType}: ${errorMessage}`);
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#all].map(instance => this.#end(instance)));
  }

  async #turn(): Promise<void> {
    const { concurrency } = this.#options.limits;
    if (this.#running >= concurrency) {
      if (this.#waiting.length >= longestQueue) throw new Error('too many calls wait for the function');
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
    this.#running += 1;
  }

  /** An idle instance of the file as it is now, or a new one. */
  async #loaded(): Promise<Loaded> {
    const { mtimeMs, size, ino } = await stat(this.#options.file);
    const edition = `${mtimeMs} ${size} ${ino}`;
    for (let loaded = this.#idle.pop(); loaded !== undefined; loaded = this.#idle.pop()) {
      if (loaded.edition === edition && loaded.instance.isAlive) return loaded;
      await this.#end(loaded.instance);
    }
    return { instance: this.#start(), edition };
  }

  #start(): Instance {
    const { functionName, file, handler, limits, runtime } = this.#options;
    const settings: FunctionSettings = { functionName, file, handler, memoryLimitInMB: limits.memoryLimitInMB };
    const instance = runtime.start(settings, line => this.#print(line));
    this.#all.add(instance);
    return instance;
  }

  async #end(instance: Instance): Promise<void> {
    await instance.stop();
    this.#all.delete(instance);
  }

  async #call(instance: Instance, functionArn: string, event: string): Promise<Outcome> {
    const { timeout } = this.#options.limits;
    const { promise: cutOff, resolve } = Promise.withResolvers<Outcome>();
    const timer = setTimeout(() => {
      void instance.stop();
      const errorMessage = `the function timed out after ${timeout / 1000} seconds`;
      resolve({ errorType: 'Sandbox.Timedout', errorMessage });
    }, timeout);
    const request = { requestId: randomUUID(), functionArn, event, deadline: Date.now() + timeout };
    const outcome = await Promise.race([cutOff, instance.invoke(request)]).finally(() => clearTimeout(timer));
    if ('result' in outcome && outcome.result.length > longestResult) {
      const errorMessage = `the response has more than ${longestResult} bytes`;
      return { errorType: 'Function.ResponseSizeTooLarge', errorMessage };
    }
    return outcome;
  }

  #print(line: string): void {
    this.#options.printed(this.#options.functionName, line);
  }
}
