/**
 * The documentation's commands, run as printed. A fenced `bash` block directly below the comment `<!-- test: NAME -->` is a
 * test of that name. With `<!-- test: NAME, until: TEXT -->` the block keeps running once it has printed TEXT (a server), until
 * the end of its document. Blocks of one document run in order in one directory of their own, each in a fresh shell in which
 * `thingd` and `npx thingd` are this repository's. tests/README.md says the same to authors.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { launch, type Running, run } from './harness/command.ts';
import { temporaryDirectory } from './harness/directory.ts';
import { hasPart } from './harness/parts.ts';
import { cleanEnvironment, root } from './harness/thingd.ts';

interface Block {
  readonly name: string;
  /** A server: it is up when it has printed this. */
  readonly until: string | undefined;
  readonly script: string;
}

function blocksOf(markdown: string): Block[] {
  const pattern = /^<!-- test: ([^,\n]+?)(?:, until: (.+?))? -->\n```bash\n([\s\S]*?)^```$/gm;
  return [...markdown.matchAll(pattern)].map(([, name, until, script]) => ({ name: name!, until, script: script! }));
}

const guide = join(root, 'docs', 'guide');
const documents = [
  join(root, 'README.md'),
  ...(existsSync(guide) ? readdirSync(guide, { recursive: true, encoding: 'utf8' }) : [])
    .filter(path => path.endsWith('.md'))
    .sort()
    .map(path => join(guide, path)),
].filter(path => existsSync(path));

const modules = join(root, 'node_modules');
const env = { ...cleanEnvironment, PATH: `${join(modules, '.bin')}:${process.env.PATH}`, NO_COLOR: '1' };
const shell = ['-euo', 'pipefail', '-c'] as const;
const usable = hasPart('aws') && hasPart('mosquitto_pub') && hasPart('curl');

describe('a marked block', () => {
  test('is found with its name and what it waits for', () => {
    const markdown = [
      '<!-- test: start, until: ready -->',
      '```bash',
      'thingd dev',
      '```',
      'text',
      '```bash',
      'not marked',
      '```',
      '<!-- test: list -->',
      '```bash',
      'aws iot list-things',
      '```',
    ].join('\n');
    expect(blocksOf(markdown)).toEqual([
      { name: 'start', until: 'ready', script: 'thingd dev\n' },
      { name: 'list', until: undefined, script: 'aws iot list-things\n' },
    ]);
  });
});

for (const document of documents) {
  const blocks = blocksOf(readFileSync(document, 'utf8'));
  if (blocks.length === 0) continue;
  describe.skipIf(!usable && process.env.THINGD_TEST_REQUIRE !== 'all')(relative(root, document), () => {
    let cwd: string;
    const servers: Running[] = [];

    beforeAll(async () => {
      cwd = await temporaryDirectory('thingd-docs-');
      await symlink(modules, join(cwd, 'node_modules'));
      return async () => {
        await Promise.all(servers.map(server => server.stop()));
      };
    });

    for (const { name, until, script } of blocks) {
      test(name, async () => {
        if (until === undefined) {
          const { exit, stdout, stderr } = await run('bash', [...shell, script], { cwd, env, timeout: 50_000 });
          expect(exit, `${stdout}${stderr}`).toBe(0);
        } else {
          const server = launch('bash', [...shell, script], { cwd, env });
          servers.push(server);
          await server.prints(until, 30_000);
        }
      });
    }
  });
}
