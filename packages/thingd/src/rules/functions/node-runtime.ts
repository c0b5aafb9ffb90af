/** JavaScript and TypeScript: a thread of Node for each instance. */
import { Worker } from 'node:worker_threads';
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

export const nodeRuntime: Runtime = { start: (settings, printed) => new NodeThread(settings, printed) };

class NodeThread implements Instance {
  readonly #worker: Worker;
  #isAlive = true;

  constructor(settings: FunctionSettings, printed: (line: string) => void) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./function-worker.${extension}`, import.meta.url), {
      name: `function ${settings.functionName}`,
      workerData: settings,
      env: environmentOf(settings),
      resourceLimits: { maxOldGenerationSizeMb: settings.memoryLimitInMB },
      stdout: true,
      stderr: true,
      execArgv: [],
    });
    // What happens during a call is that call's failure; what happens between calls ends the thread alone.
    this.#worker.on('error', () => {
      this.#isAlive = false;
    });
    this.#worker.once('exit', () => {
      this.#isAlive = false;
    });
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) eachLine(stream, longestPrintedLine, printed);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  invoke(request: InvokeRequest): Promise<Outcome> {
    const worker = this.#worker;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const answered = (reply: InvokeReply): void => {
      if (reply.requestId === request.requestId) resolve(reply);
    };
    const failed = (error: unknown): void => {
      const { code, name: errorType, message: errorMessage } = error as NodeJS.ErrnoException;
      if (code !== 'ERR_WORKER_OUT_OF_MEMORY') resolve({ errorType, errorMessage });
      else resolve({ errorType: 'Runtime.OutOfMemory', errorMessage: 'the function ran out of memory' });
    };
    const ended = (code: number): void =>
      resolve({ errorType: 'Runtime.ExitError', errorMessage: `the function's thread ended with code ${code}` });
    worker.on('message', answered).on('error', failed).on('exit', ended);
    worker.postMessage(request);
    return promise.finally(() => worker.off('message', answered).off('error', failed).off('exit', ended));
  }

  async stop(): Promise<void> {
    this.#isAlive = false;
    await this.#worker.terminate();
  }
}
