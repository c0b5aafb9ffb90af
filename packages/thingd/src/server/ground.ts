/** What everything stands on: the directory, the database, the certificate authority, the domain's services, the first key. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type AccessKeys, Changes, type Clock, type Domain, migrate, type Realm, schema } from '@thingd/core';
import {
  DeviceCertificateSigner,
  KeyPool,
  openRootAuthority,
  type RootAuthority,
  RootAuthorityError,
} from '../certificates/index.ts';
import { type Configuration, ConfigurationError } from '../configuration/index.ts';
import { lockDirectory, StoreThread } from '../store/index.ts';
import { type Credentials, openDirectory, readCredentials, writeCredentials } from './files.ts';
import { createServices, type Services } from './services.ts';
import type { Started } from './started.ts';

export interface Ground {
  /** Where the files are: the data directory, or a temporary one if state is in memory. */
  readonly directory: string;
  readonly store: StoreThread;
  readonly authority: RootAuthority;
  readonly domain: Domain;
  readonly services: Services;
  readonly credentials: Credentials;
}

export interface GroundOptions {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly onFailure: (error: Error) => void;
  readonly onCommit: (commit: { readonly writers: number; readonly seconds: number }) => void;
}

/** Rejects with `ConfigurationError` for a directory that cannot be used. */
export async function openGround(options: GroundOptions, started: Started): Promise<Ground> {
  const { configuration, clock, onFailure, onCommit } = options;
  const { dataDir, durability, defaultRealm, limits } = configuration;
  const directory = dataDir === undefined ? temporaryDirectory(started) : takeDirectory(resolve(dataDir), started);
  const store = await StoreThread.open({
    path: dataDir === undefined ? ':memory:' : join(directory, 'thingd.db'),
    durability,
    onFailure,
    onCommit,
  });
  started.push(() => store.close());
  await migrate(store, schema, clock);
  const authority = await openAuthority(directory, clock);
  const keys = new KeyPool();
  started.push(() => keys.close());
  const domain: Domain = { store, clock, changes: new Changes() };
  const services = createServices(domain, new DeviceCertificateSigner(authority, keys, clock), limits);
  const credentials = await ensureCredentials(directory, services.accessKeys, defaultRealm);
  return { directory, store, authority, domain, services, credentials };
}

/** State in memory still has files for clients: the root certificate, credentials, addresses. */
function temporaryDirectory(started: Started): string {
  const directory = mkdtempSync(join(tmpdir(), 'thingd-dev-'));
  started.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function takeDirectory(directory: string, started: Started): string {
  let release: (() => void) | undefined;
  try {
    openDirectory(directory);
    release = lockDirectory(directory);
  } catch (error) {
    throw new ConfigurationError(`--data-dir expects a directory thingd can write to: ${(error as Error).message}`);
  }
  if (release === undefined) {
    throw new ConfigurationError(`--data-dir expects a directory of its own: another thingd is using \`${directory}\``);
  }
  started.push(release);
  return directory;
}

async function openAuthority(directory: string, clock: Clock): Promise<RootAuthority> {
  try {
    return await openRootAuthority(directory, clock.now());
  } catch (error) {
    if (error instanceof RootAuthorityError) throw new ConfigurationError(`--data-dir: ${error.message}`);
    throw error;
  }
}

/** The first key may do everything, the program's own calls included; those made later, only what belongs to IoT. */
const everything = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';

/** `credentials.json`, made at first start, and again if its key is gone or of another account. */
async function ensureCredentials(directory: string, accessKeys: AccessKeys, realm: Realm): Promise<Credentials> {
  const present = readCredentials(directory);
  const known = present && (await accessKeys.find(present.accessKeyId));
  const kept = known?.accountId === realm.accountId ? known : undefined;
  const key = kept ?? (await accessKeys.create({ accountId: realm.accountId, policyDocument: everything }));
  const { accessKeyId, secretAccessKey } = key;
  const credentials = { accessKeyId, secretAccessKey, ...realm };
  writeCredentials(directory, credentials);
  return credentials;
}
