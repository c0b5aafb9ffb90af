/** A PostgreSQL server in a directory that goes away: Debian's binaries, as the user they insist on. Knows nothing of vitest. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Debian keeps each major version in a directory of its own. */
const versions = '/usr/lib/postgresql';

/** PostgreSQL refuses to be root's; Debian makes a user for it. */
const isRoot = process.getuid?.() === 0;
const asItsUser = ['--reuid=postgres', '--regid=postgres', '--clear-groups'];

export class PostgresServer {
  readonly directory: string;
  readonly #settings: readonly string[];
  #process: ChildProcess | undefined;

  /** Makes an empty cluster; `settings` are what the server is started with. */
  constructor(initdb: readonly string[], settings: readonly string[], password = '') {
    this.directory = mkdtempSync(join(tmpdir(), 'thingd-postgres-'));
    this.#settings = ['-c', 'fsync=off', '-k', this.directory, ...settings];
    chmodSync(this.directory, 0o755);
    if (isRoot) chownSync(this.directory, ...ownerOf('postgres'));
    const passwordFile = join(this.directory, 'password');
    writeFileSync(passwordFile, password);
    const given = password === '' ? [] : [`--pwfile=${passwordFile}`];
    execFileSync(...this.#line('initdb', '--no-sync', ...given, ...initdb), { cwd: '/', stdio: 'pipe' });
  }

  /** Resolves when `asked` does, which is called until it does; rejects if the server ends. */
  async open(asked: () => Promise<unknown>): Promise<void> {
    const server = spawn(...this.#line('postgres', ...this.#settings), { cwd: '/', stdio: 'ignore' });
    this.#process = server;
    for (let attempt = 0; ; attempt++) {
      try {
        await asked();
        return;
      } catch (error) {
        if (attempt > 300 || server.exitCode !== null) throw error;
        await pause(100);
      }
    }
  }

  /** Ends every connection, and the server. */
  async close(): Promise<void> {
    const server = this.#process;
    if (server === undefined || server.exitCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGINT');
    await ended;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #line(binary: string, ...args: string[]): [string, string[]] {
    const version = readdirSync(versions).sort((a, b) => Number(b) - Number(a))[0] ?? '';
    const command = [join(versions, version, 'bin', binary), '-D', join(this.directory, 'data'), ...args];
    return isRoot ? ['setpriv', [...asItsUser, ...command]] : [command[0] as string, command.slice(1)];
  }
}

function ownerOf(user: string): [number, number] {
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return [id('-u'), id('-g')];
}
