/** The documentation's commands, run as printed. tests/README.md tells authors how a block is marked. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { awsForPath, quiet } from './harness/aws-cli.ts';
import { run } from './harness/command.ts';
import { temporaryDirectory } from './harness/directory.ts';
import { describeWith } from './harness/parts.ts';
import { cleanEnvironment, root, startThingd } from './harness/thingd.ts';

interface Block {
  readonly name: string;
  /** Exit code of the block: 0 unless the comment says otherwise. */
  readonly exit: number;
  readonly script: string;
}

function blocksOf(markdown: string): Block[] {
  const pattern = /^<!-- test: ([^,\n]+?)(?:, exit: (\d+))? -->\n```(?:sh|bash)\n([\s\S]*?)^```$/gm;
  return [...markdown.matchAll(pattern)].map(([, name, exit, script]) => ({
    name: name!,
    exit: Number(exit ?? 0),
    script: script!,
  }));
}

const guide = join(root, 'docs', 'guide');
const documents = [
  join(root, 'README.md'),
  ...(existsSync(guide) ? readdirSync(guide, { recursive: true, encoding: 'utf8' }) : [])
    .filter(path => path.endsWith('.md'))
    .sort()
    .map(path => join(guide, path)),
];

/** What a block is run in: variables of the blocks before it are there, every command must succeed. */
const shell = (script: string): string => `set -euo pipefail
if [ -f "$STATE" ]; then . "$STATE"; fi
set -a
${script}
set +a
export -p >"$STATE"`;

/** Where a reader's `thingd` finds the one that runs, did it not use the default port. */
const runningThingd = async () => {
  const { endpoints } = await startThingd({ command: 'dev' });
  return { THINGD_HTTP: `127.0.0.1:${endpoints.http.port}` };
};

/** The document starts its own, which is not to use the default ports either. */
const ownThingd = (dataDir: string) => ({
  THINGD_DATA_DIR: dataDir,
  THINGD_HTTP: '127.0.0.1:0',
  THINGD_HTTPS: '127.0.0.1:0',
  THINGD_MQTTS: '127.0.0.1:0',
});

describe('a marked block', () => {
  test('is found with its name, and its neighbours are left alone', () => {
    const markdown = [
      '<!-- test: first -->',
      '```sh',
      'echo one',
      '```',
      '```sh',
      'not marked',
      '```',
      '<!-- test: second, exit: 1 -->',
      '```bash',
      'echo two',
      'echo three',
      '```',
    ].join('\n');
    expect(blocksOf(markdown)).toEqual([
      { name: 'first', exit: 0, script: 'echo one\n' },
      { name: 'second', exit: 1, script: 'echo two\necho three\n' },
    ]);
  });

  test('is in the README', () => {
    expect(blocksOf(readFileSync(documents[0]!, 'utf8'))).not.toEqual([]);
  });
});

for (const document of documents) {
  const blocks = blocksOf(readFileSync(document, 'utf8'));
  if (blocks.length === 0) continue;

  describeWith(['aws', 'mosquitto_pub', 'curl'], relative(root, document), () => {
    let cwd: string;
    let env: Readonly<Record<string, string | undefined>>;
    let dataDir: string;
    const startsItself = blocks.some(({ name }) => name === 'thingd');

    beforeAll(async () => {
      dataDir = await temporaryDirectory();
      cwd = await temporaryDirectory('thingd-docs-');
      await symlink(join(root, 'node_modules'), join(cwd, 'node_modules'));
      const state = join(await temporaryDirectory(), 'state');
      const path = [await awsForPath(), join(root, 'node_modules', '.bin'), process.env.PATH];
      env = {
        ...cleanEnvironment,
        ...quiet,
        PATH: path.filter(part => part !== undefined).join(':'),
        ...(startsItself ? ownThingd(dataDir) : await runningThingd()),
        STATE: state,
        NO_COLOR: '1',
      };
    });

    // What the document started and a failed block left.
    afterAll(() => {
      const endpoints = join(dataDir, 'endpoints.json');
      if (existsSync(endpoints)) process.kill(JSON.parse(readFileSync(endpoints, 'utf8')).pid);
    });

    for (const { name, exit, script } of blocks) {
      test(name, async () => {
        const ended = await run('bash', ['-c', shell(script)], { cwd, env, timeout: 50_000 });
        expect(ended.exit, `${ended.stdout}${ended.stderr}`).toBe(exit);
      });
    }
  });
}
