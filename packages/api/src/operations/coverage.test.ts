import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('docs/reference/coverage.md says what the handlers do', () => {
  const root = join(import.meta.dirname, '../../../..');
  const { stderr, status } = spawnSync(
    process.execPath,
    ['--conditions=@thingd/source', 'scripts/coverage.ts', '--check'],
    { cwd: root, encoding: 'utf8' },
  );
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
});
