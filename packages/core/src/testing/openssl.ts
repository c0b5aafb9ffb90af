/** The machine's `openssl` command, where it is there: what users make their certificates with, as a second opinion. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';

const isInstalled = spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0;

/** A directory of files that `openssl` works on. */
export interface OpensslDirectory {
  /** Runs the command in the directory and returns what it prints. Throws where it fails. */
  run(...args: string[]): string;
  read(name: string): string;
  write(name: string, content: string): void;
}

function openDirectory(): OpensslDirectory {
  const cwd = mkdtempSync(join(tmpdir(), 'thingd-openssl-'));
  return {
    run: (...args) => execFileSync('openssl', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] }).toString(),
    read: name => readFileSync(join(cwd, name), 'utf8'),
    write: (name, content) => writeFileSync(join(cwd, name), content),
  };
}

/** A block of tests that needs `openssl`: skipped by name without it, failing under `THINGD_TEST_REQUIRE=all`. */
export function describeWithOpenssl(name: string, block: (openssl: OpensslDirectory) => void): void {
  if (isInstalled) describe(name, () => block(openDirectory()));
  else if (process.env.THINGD_TEST_REQUIRE === 'all') {
    test(name, () => {
      throw new Error('not installed: openssl (THINGD_TEST_REQUIRE=all allows no missing part)');
    });
  } else describe.skip(`${name} (openssl is not installed)`, () => block(openDirectory()));
}
