import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StoreThread } from './store-thread.ts';

const rounds = 5;
const writer = new URL('./fixtures/crash-writer.ts', import.meta.url);

/** Runs the writer until it has told of `enough` durable rows, then kills it in the middle of the next. */
function killAfter(path: string, first: number, enough: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = fork(writer, [path, String(first)], { execArgv: ['--conditions=@thingd/source'] });
  let acknowledged = first - 1;
  child.on('message', (n: number) => {
    acknowledged = Math.max(acknowledged, n);
    if (acknowledged - first >= enough) child.kill('SIGKILL');
  });
  child.on('error', reject);
  child.on('exit', () => resolve(acknowledged));
  return promise;
}

test('after `kill -9` every acknowledged commit is there, and no half of an unacknowledged one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'thingd-crash-'));
  const path = join(directory, 'thingd.db');
  let first = 1;
  for (let round = 0; round < rounds; round++) {
    const acknowledged = await killAfter(path, first, 150 + round * 37);
    const store = await StoreThread.open({ path, durability: 'full' });
    const rows = await store.all<{ n: number; half: string }>({ sql: 'SELECT n, half FROM pair', parameters: [] });
    const [check] = await store.all({ sql: 'PRAGMA integrity_check', parameters: [] });
    await store.close();
    const halves = { left: new Set<number>(), right: new Set<number>() };
    for (const { n, half } of rows) halves[half as 'left' | 'right'].add(n);
    for (let n = 1; n <= acknowledged; n++) expect(halves.left.has(n), `commit ${n} was acknowledged`).toBe(true);
    expect(halves.left).toEqual(halves.right);
    expect(check).toEqual({ integrity_check: 'ok' });
    first = Math.max(...halves.left) + 1;
  }
  await rm(directory, { recursive: true });
}, 60_000);
