/** The machine's Python with boto3, where it is there: AWS's own client as a second opinion. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'vitest';

const hasBoto3 = spawnSync('python3', ['-c', 'import boto3'], { stdio: 'ignore' }).status === 0;

/** A block of tests that needs boto3: skipped by name without it, failing under `THINGD_TEST_REQUIRE=all`. */
export function describeWithBoto3(name: string, block: () => void): void {
  if (hasBoto3) describe(name, block);
  else if (process.env.THINGD_TEST_REQUIRE === 'all') {
    test(name, () => {
      throw new Error('not installed: boto3 (THINGD_TEST_REQUIRE=all allows no missing part)');
    });
  } else describe.skip(`${name} (boto3 is not installed)`, block);
}

/** Path of a script beside this file. */
export const script = (name: string): string => join(import.meta.dirname, name);
