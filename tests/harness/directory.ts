/** A directory of its own for a test, gone after the test file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];

export async function temporaryDirectory(name = 'thingd-test-'): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), name));
  made.push(directory);
  return directory;
}

afterAll(async () => {
  await Promise.all(made.map(directory => rm(directory, { recursive: true, force: true, maxRetries: 5 })));
});
