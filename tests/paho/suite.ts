/**
 * The Eclipse Paho interoperability suites: found on this machine or cloned, never kept here.
 * They are no package of any registry, so where they cannot be had the tests are skipped by name.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../harness/command.ts';
import { temporaryDirectory } from '../harness/directory.ts';
import { cleanEnvironment } from '../harness/thingd.ts';

const repository = 'https://github.com/eclipse/paho.mqtt.testing.git';
const runner = join(import.meta.dirname, 'run_suite.py');

/**
 * The directory the suites are in, or why there is none. `THINGD_PAHO_TESTING` names a checkout or a git directory; without it
 * the public repository is cloned, which has a minute.
 */
export async function findPahoSuites(): Promise<{ readonly directory: string } | { readonly missing: string }> {
  const given = process.env.THINGD_PAHO_TESTING;
  if (given && existsSync(join(given, 'interoperability'))) return { directory: join(given, 'interoperability') };
  const checkout = await temporaryDirectory('paho-testing-');
  try {
    const clone = await run('git', ['clone', '--quiet', '--depth', '1', given ?? repository, checkout], {
      timeout: 60_000,
      env: { GIT_TERMINAL_PROMPT: '0' },
    });
    if (clone.exit === 0) return { directory: join(checkout, 'interoperability') };
    return { missing: `git clone ${given ?? repository}: ${clone.stderr.trim().split('\n').at(-1)}` };
  } catch (error) {
    return { missing: (error as Error).message };
  }
}

export type Suite = 'client_test' | 'client_test5';

export const testsOf = (directory: string, suite: Suite): Promise<string[]> =>
  python([directory, suite, '127.0.0.1', '0']);

/** Runs one test of a suite against a new server's MQTT port: null, or the traceback. */
export async function runPaho(directory: string, suite: Suite, port: number, test: string): Promise<string | null> {
  const outcome = await python<Record<string, string | null>>([directory, suite, '127.0.0.1', String(port), test]);
  return Object.values(outcome)[0]!;
}

/** The JSON in the last line of what the runner prints. */
async function python<T>(args: readonly string[]): Promise<T> {
  const env = { ...cleanEnvironment, PYTHONDONTWRITEBYTECODE: '1' };
  const finished = await run('python3', [runner, ...args], { env, timeout: 60_000 });
  if (finished.exit !== 0) throw new Error(`${args.join(' ')} ended with ${finished.exit}\n${finished.stderr}`);
  return JSON.parse(finished.stdout.trim().split('\n').at(-1)!);
}
