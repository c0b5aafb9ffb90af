/** What cannot be started says why in one line that names the option, and leaves nothing behind. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../cli/command.fixtures.ts';
import { ConfigurationError, startThingd } from '../index.ts';

const root = mkdtempSync(join(tmpdir(), 'thingd-errors-'));
/** A data directory as a thingd left it. */
const used = join(root, 'used');
const taken: Server = createServer();
let copies = 0;

const start = (options: object) => startThingd({ mode: 'start', options: { dataDir: used, ...options } });

beforeAll(async () => {
  mkdirSync(used);
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve));
  await (await start({})).close();
});

afterAll(() => {
  taken.close();
  rmSync(root, { recursive: true });
});

/** The data directory, spoilt. */
function spoilt(spoil: (directory: string) => void): object {
  const dataDir = join(root, `copy-${copies++}`);
  cpSync(used, dataDir, { recursive: true });
  spoil(dataDir);
  return { dataDir };
}

function migrateFurther(directory: string): void {
  const database = new DatabaseSync(join(directory, 'thingd.db'));
  database.exec("INSERT INTO migration VALUES ('from the future', 0)");
  database.close();
}

const write = (path: string, content: string) => (directory: string) => writeFileSync(join(directory, path), content);

function file(name: string, content: string): string {
  writeFileSync(join(root, name), content);
  return join(root, name);
}

const takenPort = (): string => `127.0.0.1:${(taken.address() as { port: number }).port}`;

test.each<[what: string, options: () => object, words: RegExp]>([
  ['a port in use', () => ({ mqtts: takenPort() }), /^--mqtts expects an address it can bind, .*: the port is in use$/],
  [
    'an address of another machine',
    () => ({ http: '192.0.2.1:0' }),
    /^--http expects an address it can bind, not `192/,
  ],
  ['a host nobody knows', () => ({ https: 'nowhere.invalid:0' }), /^--https expects an address it can bind/],
  [
    'a data directory that is a file',
    () => ({ dataDir: file('plain', '') }),
    /^--data-dir expects a directory thingd can write to: EEXIST/,
  ],
  [
    'a data directory beneath a file',
    () => ({ dataDir: join(file('plain', ''), 'data') }),
    /^--data-dir expects a directory thingd can write to: ENOTDIR/,
  ],
  [
    'a private key that others can read',
    () => spoilt(directory => chmodSync(join(directory, 'ca', 'root.key'), 0o644)),
    /^--data-dir: private key .* can be read by others \(mode 0644\); run: chmod 600 /,
  ],
  [
    'a certificate authority that lost its key',
    () => spoilt(directory => rmSync(join(directory, 'ca', 'root.key'))),
    /^--data-dir: .*root\.pem` is there but its private key/,
  ],
  [
    'a database of a newer version',
    () => spoilt(migrateFurther),
    /^--data-dir expects a database .*migrated by a later version \(`from the future`\); start that version$/,
  ],
  [
    'a database that is none',
    () => spoilt(write('thingd.db', 'Dear diary, '.repeat(1000))),
    /^--data-dir expects a database this thingd can use: .* file is not a database$/,
  ],
  [
    'credentials that are no JSON',
    () => spoilt(write('credentials.json', '{')),
    /^--data-dir: `credentials\.json` cannot/,
  ],
  [
    'an anonymous policy that is none',
    () => ({ anonymousPolicy: '{"Statement":[{"Effect":"Perhaps"}]}' }),
    /^--anonymous-policy: .*Statement\[0\]\.Effect/,
  ],
])('%s', async (_, options, words) => {
  const error: Error = await start(options()).then(
    () => expect.unreachable('it started'),
    (reason: Error) => reason,
  );
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error.message).toMatch(words);
  expect(error.message).not.toContain('\n');
  // The directory was let go of, and nothing listens.
  await (await start({})).close();
});

test.each<[what: string, args: () => string[], exit: number, words: RegExp]>([
  [
    'a mistake in the options or files is one line and 2',
    () => ['start', '--data-dir', used, '--http', 'off', '--https', 'off', '--mqtts', takenPort()],
    2,
    /^thingd: --mqtts expects an address it can bind/,
  ],
  ['so is an option that is none', () => ['start', '--no-such-option'], 2, /--no-such-option/],
  [
    'so is a policy for an access key that is none',
    () => ['access-key', 'create', '--data-dir', used, '--policy', '{"Statement":[{"Effect":"Perhaps"}]}'],
    2,
    /Statement\[0\]\.Effect/,
  ],
  [
    'a thingd that does not run is 1',
    () => ['env', '--data-dir', root, '--http', '127.0.0.1:1'],
    1,
    /no thingd is running in/,
  ],
])(
  'the exit code tells whose fault it is: %s',
  async (_, args, exit, words) => {
    const ended = await runCommand(...args());
    expect(ended.stderr).toMatch(/^thingd: [^\n]+\n$/);
    expect(ended.stderr).toMatch(words);
    expect(ended).toMatchObject({ exit, stdout: '' });
  },
  30_000,
);

test('thingd access-key works on the directory of a thingd that does not run', async () => {
  const command = (name: string, ...args: string[]) => runCommand('access-key', name, '--data-dir', used, ...args);
  const created = JSON.parse((await command('create', '--json')).stdout);
  const { stdout } = await command('list');
  expect(stdout).toMatch(new RegExp(`^${created.accessKeyId}  000000000000  \\d{4}-\\d\\d-\\d\\dT`, 'm'));
  expect(stdout).not.toContain(created.secretAccessKey);
  expect(await command('delete', created.accessKeyId)).toMatchObject({ exit: 0, stderr: '' });
}, 30_000);
