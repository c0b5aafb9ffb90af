/**
 * The Eclipse Paho interoperability suites: found on this machine or cloned, never kept here.
 * They are no package of any registry, so where they cannot be had the tests are skipped by name.
 */
import { join } from 'node:path';
import { run } from '../harness/command.ts';
import { type Checkout, publicRepository } from '../harness/public-repository.ts';
import { cleanEnvironment } from '../harness/thingd.ts';

const repository = 'https://github.com/eclipse/paho.mqtt.testing.git';
const runner = join(import.meta.dirname, 'run_suite.py');

/** The directory the suites are in, or why there is none. `THINGD_PAHO_TESTING` may name a checkout or a git directory. */
export async function findPahoSuites(): Promise<Checkout> {
  const found = await publicRepository('THINGD_PAHO_TESTING', repository, 'interoperability');
  return 'missing' in found ? found : { directory: join(found.directory, 'interoperability') };
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
