/** Running other people's programs: to their end (`run`), or in the background (`launch`). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll } from 'vitest';
import { eventually } from './eventually.ts';

export interface CommandOptions {
  /** Added to this process's environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Milliseconds until the command is killed. */
  readonly timeout?: number;
}

export interface Finished {
  /** Exit code, or the signal's name when it was killed. */
  readonly exit: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. A command that outlives `timeout` (30 s unless told) is killed and rejects. */
export async function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  const child = launch(command, args, options);
  if (options.input !== undefined) child.process.stdin?.end(options.input);
  const exit = await child.ends(options.timeout ?? 30_000);
  if (exit === 'SIGKILL') throw new Error(`${command} ${args.join(' ')}: killed\n${child.stdout}${child.stderr}`);
  return { exit, stdout: child.stdout, stderr: child.stderr };
}

/** A program running in the background; what is still running at the end of the test file is killed. */
export class Running {
  readonly process: ChildProcess;
  readonly exited: Promise<number | NodeJS.Signals>;
  stdout = '';
  stderr = '';

  constructor(process: ChildProcess) {
    this.process = process;
    process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    process.stdin?.on('error', () => {}); // a program that ends before it read everything is no failure of ours
    this.exited = new Promise((resolve, reject) => {
      process.once('error', reject);
      process.once('close', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'));
    });
    this.exited.catch(() => {}); // whoever awaits it sees the error
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  get lines(): readonly string[] {
    return this.stdout.split('\n').filter(line => line !== '');
  }

  /** Waits until stdout has `text`. */
  async prints(text: string | RegExp, within = 10_000): Promise<void> {
    await eventually(
      `${this.process.spawnargs[0]} prints ${text}; stdout: ${this.stdout.slice(-2000)}; stderr: ${this.stderr.slice(-2000)}`,
      () => (typeof text === 'string' ? this.stdout.includes(text) : text.test(this.stdout)),
      within,
    );
  }

  /** Resolves when it has ended; rejects if that takes more than 20 s. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> {
    if (this.running) this.process.kill(signal);
    return this.ends(20_000);
  }

  /** Resolves when it has ended. One that has not `within` milliseconds is killed, and what it printed is the rejection's message. */
  async ends(within: number): Promise<number | NodeJS.Signals> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.process.kill('SIGKILL');
    }, within);
    const exit = await this.exited;
    clearTimeout(timer);
    if (isLate) {
      throw new Error(`${this.process.spawnargs.join(' ')}: killed after ${within} ms\n${this.stdout}${this.stderr}`);
    }
    return exit;
  }
}

const launched = new Set<Running>();

export function launch(command: string, args: readonly string[], options: CommandOptions = {}): Running {
  const env: NodeJS.ProcessEnv = { ...process.env, ...options.env };
  for (const [name, value] of Object.entries(env)) if (value === undefined) delete env[name];
  const child = new Running(spawn(command, args, { cwd: options.cwd, env, stdio: 'pipe' }));
  if (options.input === undefined) child.process.stdin?.end();
  launched.add(child);
  child.process.once('close', () => launched.delete(child));
  return child;
}

afterAll(async () => {
  await Promise.all(
    [...launched].map(async child => {
      const closed = once(child.process, 'close');
      child.process.kill('SIGKILL');
      await closed;
    }),
  );
});
