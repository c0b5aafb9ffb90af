/** Public repositories whose programs a test drives: found on this machine or cloned, never kept here. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import { temporaryDirectory } from './directory.ts';

export type Checkout = { readonly directory: string } | { readonly missing: string };

/**
 * A checkout of the repository, or why there is none. The environment variable `variable` may name a checkout, told by a `mark` that is in it, or a
 * git directory; without it `url` is cloned, which has a minute.
 */
export async function publicRepository(variable: string, url: string, mark: string): Promise<Checkout> {
  const given = process.env[variable];
  if (given && existsSync(join(given, mark))) return { directory: given };
  const source = given ?? url;
  const directory = await temporaryDirectory('thingd-public-');
  try {
    const clone = await run('git', ['clone', '--quiet', '--depth', '1', source, directory], {
      timeout: 60_000,
      env: { GIT_TERMINAL_PROMPT: '0' },
    });
    if (clone.exit === 0) return { directory };
    return { missing: `git clone ${source}: ${clone.stderr.trim().split('\n').at(-1)}` };
  } catch (error) {
    return { missing: (error as Error).message };
  }
}
