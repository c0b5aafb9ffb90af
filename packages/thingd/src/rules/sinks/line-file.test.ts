import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { LineFile, type LineFileSettings } from './line-file.ts';

const root = mkdtempSync(join(tmpdir(), 'thingd-line-file-'));
afterAll(() => rmSync(root, { recursive: true }));

const settings: LineFileSettings = { maxBytes: 1000, keep: 3, mode: 0o600, sync: false };

function openFile(more: Partial<LineFileSettings> = {}) {
  const directory = mkdtempSync(join(root, 'lines-'));
  const path = join(directory, 'deep', 'lines.jsonl');
  return {
    path,
    file: new LineFile(path, { ...settings, ...more }),
    names: () => readdirSync(join(directory, 'deep')).sort(),
  };
}

test('lines stand in the order they came, over all rotated files, and none of these is longer than it may be', async () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(lengths, fc.boolean(), async (given, together) => {
      const { path, file, names } = openFile({ maxBytes: 100, keep: 1000 });
      const lines = given.map((length, index) => `${String(index).padEnd(length, '.')}\n`);
      if (together) await Promise.all(lines.map(line => file.append(line)));
      else for (const line of lines) await file.append(line);
      if (lines.length === 0) return;
      const paths = names().map((_, index) => (index === 0 ? path : `${path}.${index}`));
      for (const each of paths) expect(statSync(each).size).toBeLessThanOrEqual(100);
      expect(
        paths
          .toReversed()
          .map(each => readFileSync(each, 'utf8'))
          .join(''),
      ).toBe(lines.join(''));
    }),
    { numRuns: 10 },
  );
});

test('only so many rotated files are kept, none if none are wanted, and each is closed to others', async () => {
  for (const [keep, kept] of [
    [2, ['lines.jsonl', 'lines.jsonl.1', 'lines.jsonl.2']],
    [0, ['lines.jsonl']],
  ] as const) {
    const { path, file, names } = openFile({ maxBytes: 10, keep, sync: true });
    for (let n = 0; n < 6; n++) await file.append(`line ${n}...\n`);
    expect(names()).toEqual(kept);
    expect(readFileSync(path, 'utf8')).toBe('line 5...\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  }
});

test('what a crash left of a line does not swallow the next one', async () => {
  const { path, file } = openFile();
  await file.append('{"n":1}\n');
  appendFileSync(path, '{"n":');
  await file.append('{"n":2}\n');
  expect(readFileSync(path, 'utf8')).toBe('{"n":1}\n{"n":\n{"n":2}\n');
});

test('a file that somebody moves away is made anew', async () => {
  const { path, file } = openFile();
  await file.append('1\n');
  renameSync(path, `${path}.moved`);
  await file.append('2\n');
  expect(readFileSync(path, 'utf8')).toBe('2\n');
});

test('a line that cannot be written is tried again later', async () => {
  const directory = mkdtempSync(join(root, 'blocked-'));
  writeFileSync(join(directory, 'x'), '');
  const file = new LineFile(join(directory, 'x', 'lines.jsonl'), settings);
  await expect(file.append('1\n')).rejects.toMatchObject({ name: 'ActionFailure', isTransient: true });
});
