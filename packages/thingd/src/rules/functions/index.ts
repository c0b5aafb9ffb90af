/** Functions that run here: which file stands for which Lambda function. */
import { resolve } from 'node:path';
import { ConfigurationError, type FunctionFile, flagOf } from '../../configuration/index.ts';
import { type FunctionLimits, LocalFunction } from './local-function.ts';
import { nodeRuntime } from './node-runtime.ts';
import { findPython, pythonRuntime } from './python-runtime.ts';

/** Lambda's own defaults are 3 s and 128 MB; what posts to a chat room from a laptop may take longer. */
const limits: FunctionLimits = { timeout: 30_000, memoryLimitInMB: 128, concurrency: 4 };

export interface LocalFunctionsOptions {
  /** Files by the function's name or ARN. */
  readonly files: Readonly<Record<string, FunctionFile>>;
  readonly printed: (functionName: string, line: string) => void;
  readonly limits?: FunctionLimits;
}

export class LocalFunctions {
  /** By name or ARN, as configured. */
  readonly #functions: ReadonlyMap<string, LocalFunction>;

  private constructor(functions: ReadonlyMap<string, LocalFunction>) {
    this.#functions = functions;
  }

  /** Rejects with `ConfigurationError` where there is nothing to run a file with. */
  static async open({ files, printed, limits: given = limits }: LocalFunctionsOptions): Promise<LocalFunctions> {
    const inPython = Object.entries(files).find(([, { language }]) => language === 'python');
    const python = inPython && (await findPython());
    if (inPython !== undefined && python === undefined) {
      const [name, { path }] = inPython;
      throw new ConfigurationError(
        `${flagOf('function')} ${name}=${path} needs \`python3\`, 3.8 or later, in the PATH`,
      );
    }
    const runtimes = { node: nodeRuntime, python: pythonRuntime(python ?? '') };
    const functions = Object.entries(files).map(([key, { path, handler, language }]): [string, LocalFunction] => {
      const file = { functionName: nameOf(key), file: resolve(path), handler };
      return [key, new LocalFunction({ ...file, runtime: runtimes[language], limits: given, printed })];
    });
    return new LocalFunctions(new Map(functions));
  }

  has(functionArn: string): boolean {
    return this.#find(functionArn) !== undefined;
  }

  /** Calls the function with JSON text and resolves to what it returned, as JSON text. Rejects with why it did not return. */
  async invoke(functionArn: string, event: string): Promise<string> {
    const found = this.#find(functionArn);
    if (found === undefined) throw new Error(`no file is mapped to the function \`${functionArn}\``);
    return found.invoke(functionArn, event);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#functions.values()].map(local => local.close()));
  }

  /** The whole ARN counts first, then the ARN without version or alias, then the name. */
  #find(functionArn: string): LocalFunction | undefined {
    const unqualified = functionArn.split(':').slice(0, 7).join(':');
    return (
      this.#functions.get(functionArn) ?? this.#functions.get(unqualified) ?? this.#functions.get(nameOf(functionArn))
    );
  }
}

/** `arn:aws:lambda:us-east-1:123456789012:function:chat:live` → `chat`. */
const nameOf = (arnOrName: string): string =>
  arnOrName.startsWith('arn:') ? (arnOrName.split(':')[6] ?? '') : arnOrName;
