/** The `thingd` command as a child process, run from its source. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Milliseconds; what runs longer is killed. */
const patience = 30_000;

export class Command {
  readonly process: ChildProcess;
  /** The exit code. */
  readonly exited: Promise<number | null>;
  stdout = '';
  stderr = '';

  /** `preload` is a module to run first, in every thread. Nothing of this process's own `THINGD_…` settings reaches it. */
  constructor(args: readonly string[], preload?: URL) {
    const own = Object.entries(process.env).filter(([name]) => !/^(THINGD_|AWS_|NODE_OPTIONS$|VITEST)/.test(name));
    const node = ['--conditions=@thingd/source', ...(preload === undefined ? [] : ['--import', preload.href])];
    this.process = spawn(process.execPath, [...node, main, ...args], {
      env: Object.fromEntries(own),
      stdio: 'pipe',
      timeout: patience,
      killSignal: 'SIGKILL',
    });
    this.process.stdout?.on('data', text => {
      this.stdout += text;
    });
    this.process.stderr?.on('data', text => {
      this.stderr += text;
    });
    this.exited = new Promise(resolve => this.process.once('close', resolve));
  }

  /** Resolves when standard error has an event of this name; rejects if the command ends before. */
  async logged(event: string): Promise<Record<string, unknown>> {
    const ended = this.exited.then(code => {
      throw new Error(`ended with ${code} before \`${event}\`: ${this.stderr}`);
    });
    ended.catch(() => {});
    for (;;) {
      const lines = this.stderr.split('\n').slice(0, -1);
      const found = lines.map(line => JSON.parse(line)).find(line => line.event === event);
      if (found !== undefined) return found;
      await Promise.race([ended, new Promise(resolve => this.process.stderr?.once('data', resolve))]);
    }
  }
}

/** Runs it to its end. */
export async function runCommand(...args: string[]): Promise<{ exit: number | null; stdout: string; stderr: string }> {
  const command = new Command(args);
  const exit = await command.exited;
  return { exit, stdout: command.stdout, stderr: command.stderr };
}
