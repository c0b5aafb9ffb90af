/**
 * The parts of other people that a test drives: is it on this machine? A missing part skips its tests by name;
 * `THINGD_TEST_REQUIRE=all`, as in CI, makes it a failure instead.
 */
import { spawnSync } from 'node:child_process';
import { describe, test } from 'vitest';

type Probe = readonly [command: string, ...args: string[]];

const probes = {
  aws: ['aws', '--version'],
  chromium: ['/usr/bin/chromium', '--version'],
  boto3: ['python3', '-c', 'import boto3'],
  kcat: ['kcat', '-V'],
  curl: ['curl', '--version'],
  moto_server: ['moto_server', '--help'],
  mosquitto_pub: ['sh', '-c', 'command -v mosquitto_pub'],
  mosquitto_sub: ['sh', '-c', 'command -v mosquitto_sub'],
  mosquitto: ['test', '-x', '/usr/sbin/mosquitto'],
  openssl: ['openssl', 'version'],
  // Debian keeps each major version in a directory of its own.
  postgresql: ['sh', '-c', 'test -x /usr/lib/postgresql/*/bin/postgres'],
  python3: ['python3', '--version'],
} as const satisfies Record<string, Probe>;

export type Part = keyof typeof probes;

const found = new Map<Part, boolean>();

export function hasPart(part: Part): boolean {
  let known = found.get(part);
  if (known === undefined) {
    const [command, ...args] = probes[part];
    known = spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;
    found.set(part, known);
  }
  return known;
}

/**
 * A `describe` for tests that need `parts`. When one is missing the tests are skipped and the title says which,
 * or, with `THINGD_TEST_REQUIRE=all`, the block is one failing test that says which.
 */
export function describeWith(parts: readonly Part[], title: string, body: () => void): void {
  const missing = parts.filter(part => !hasPart(part));
  if (missing.length === 0) {
    describe(title, body);
  } else if (process.env.THINGD_TEST_REQUIRE === 'all') {
    test(`${title}: needs ${missing.join(', ')}`, () => {
      throw new Error(`not installed: ${missing.join(', ')} (THINGD_TEST_REQUIRE=all allows no missing part)`);
    });
  } else {
    describe.skip(`${title} (skipped: ${missing.join(', ')} not installed)`, body);
  }
}
