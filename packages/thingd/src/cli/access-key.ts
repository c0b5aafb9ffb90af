/** `thingd access-key …`: who may call the API, through the running program or, while none runs, in its data directory. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ServiceError } from '@thingd/core';
import type { Command } from 'commander';
import pc from 'picocolors';
import { type Configuration, ConfigurationError } from '../configuration/index.ts';
import type { AccessKeyEntry, AccountKeys, CreatedAccessKey } from '../server/account-keys.ts';
import { hasDatabase, withOfflineKeys } from '../server/offline.ts';
import { call } from './call.ts';
import { findInstallation, type Installation, readInstallation } from './installation.ts';

/** How a command says which thingd it is for. */
export interface Targeting {
  add(command: Command): Command;
  configuration(flags: object): Configuration;
}

interface Flags {
  readonly policy?: string;
  readonly accountId?: string;
  readonly json?: true;
}

const examples = `
  $ thingd access-key create --policy '{"Version":"2012-10-17","Statement":[
      {"Effect":"Allow","Action":"iot:DescribeThing","Resource":"arn:aws:iot:*:*:thing/lamp-1"}]}'

A lost key is replaced while thingd is stopped: with --data-dir, create works on the directory itself. A key that may use
thingd's own commands too has a policy that allows "Action": "*".`;

const print = (text: string): boolean => process.stdout.write(`${text}\n`);

export function addAccessKey(program: Command, targeting: Targeting): void {
  const group = program.command('access-key').description('who may call the API, and what each key may do');
  const command = (name: string, description: string): Command =>
    targeting
      .add(group.command(name))
      .description(description)
      .option('--account-id <digits>', 'of this account; without it that of the key in credentials.json');

  command('create', 'make an access key and print it, once')
    .option('--policy <file or JSON>', 'an IoT policy document that says what the key may do (everything of IoT)')
    .option('--json', 'answer as JSON')
    .addHelpText('after', examples)
    .action(async ({ policy, json, accountId, ...flags }: Flags) => {
      const document = policy === undefined ? undefined : readPolicyDocument(policy);
      const created = await withKeys(targeting.configuration(flags), accountId, keys => keys.create(document));
      print(json ? JSON.stringify(created, null, 2) : formatCreated(created));
    });
  command('list', 'list access keys, without their secrets')
    .option('--json', 'answer as JSON')
    .action(async ({ json, accountId, ...flags }: Flags) => {
      const entries = await withKeys(targeting.configuration(flags), accountId, keys => keys.list());
      print(json ? JSON.stringify(entries, null, 2) : formatList(entries));
    });
  command('delete', 'take an access key back; its connections end')
    .argument('<access key id>')
    .action(async (accessKeyId: string, { accountId, ...flags }: Flags) => {
      await withKeys(targeting.configuration(flags), accountId, keys => keys.delete(accessKeyId));
    });
}

/** A file's content, or the JSON given in its place. Throws `ConfigurationError`. */
export function readPolicyDocument(given: string): string {
  if (given.trimStart().startsWith('{')) return given;
  try {
    return readFileSync(given, 'utf8');
  } catch (error) {
    const reason = (error as Error).message;
    throw new ConfigurationError(
      `--policy expects a policy document, as JSON or in a file that can be read: ${reason}`,
    );
  }
}

async function withKeys<T>(
  configuration: Configuration,
  accountId: string | undefined,
  use: (keys: AccountKeys) => Promise<T>,
): Promise<T> {
  const { dataDir = '', defaultRealm, listeners } = configuration;
  if (readInstallation(resolve(dataDir)) === undefined && hasDatabase(dataDir)) {
    try {
      return await withOfflineKeys(configuration, accountId ?? defaultRealm.accountId, use);
    } catch (error) {
      if (error instanceof ServiceError) throw new ConfigurationError(error.message);
      throw error;
    }
  }
  return use(remoteKeys(await findInstallation(dataDir, listeners.http), accountId));
}

/** Those of the running program. */
export function remoteKeys(installation: Installation, accountId: string | undefined): AccountKeys {
  const path = '/thingd/v1/access-keys';
  const query = accountId === undefined ? '' : `?accountId=${encodeURIComponent(accountId)}`;
  return {
    create: policyDocument =>
      call<CreatedAccessKey>(
        installation,
        'POST',
        path + query,
        policyDocument === undefined ? {} : { policyDocument },
      ),
    list: async () => (await call<{ accessKeys: AccessKeyEntry[] }>(installation, 'GET', path + query)).accessKeys,
    delete: async accessKeyId => {
      await call(installation, 'DELETE', `${path}/${encodeURIComponent(accessKeyId)}${query}`);
    },
  };
}

export const formatCreated = ({ accessKeyId, secretAccessKey, accountId }: CreatedAccessKey): string =>
  [
    `export AWS_ACCESS_KEY_ID=${accessKeyId}`,
    `export AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
    pc.dim(`# account ${accountId}; the secret is not shown again`),
  ].join('\n');

export const formatList = (keys: readonly AccessKeyEntry[]): string =>
  keys
    .map(({ accessKeyId, accountId, createDate, policyDocument }) =>
      [accessKeyId, accountId, new Date(createDate).toISOString(), pc.dim(policyDocument)].join('  '),
    )
    .join('\n');
