/** What everything stands on: the directory, the database, the certificate authority, the domain's services, the first key. */
import { type AccessKeys, Changes, type Clock, type Domain, type Realm } from '@thingd/core';
import {
  DeviceCertificateSigner,
  KeyPool,
  openRootAuthority,
  type RootAuthority,
  RootAuthorityError,
} from '../certificates/index.ts';
import { type Configuration, ConfigurationError } from '../configuration/index.ts';
import type { StoreThread } from '../store/index.ts';
import { type Credentials, readCredentials, writeCredentials } from './files.ts';
import { createServices, type Services } from './services.ts';
import type { Started } from './started.ts';
import { openState } from './state.ts';

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
  const { directory, store } = await openState({ configuration, clock, onFailure, onCommit }, started);
  const authority = await openAuthority(directory, clock);
  const keys = new KeyPool();
  started.push(() => keys.close());
  const domain: Domain = { store, clock, changes: new Changes() };
  const services = createServices(domain, new DeviceCertificateSigner(authority, keys, clock), configuration.limits);
  const credentials = await ensureCredentials(directory, services.accessKeys, configuration.defaultRealm);
  return { directory, store, authority, domain, services, credentials };
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

function presentCredentials(directory: string): Credentials | undefined {
  try {
    return readCredentials(directory);
  } catch (error) {
    const reason = (error as Error).message;
    throw new ConfigurationError(
      `--data-dir: \`credentials.json\` cannot be read; without the file a new access key is made: ${reason}`,
    );
  }
}

/** `credentials.json`, made at first start, and again if its key is gone or of another account. */
async function ensureCredentials(directory: string, accessKeys: AccessKeys, realm: Realm): Promise<Credentials> {
  const present = presentCredentials(directory);
  const known = present && (await accessKeys.find(present.accessKeyId));
  const kept = known?.accountId === realm.accountId ? known : undefined;
  const key = kept ?? (await accessKeys.create({ accountId: realm.accountId, policyDocument: everything }));
  const { accessKeyId, secretAccessKey } = key;
  const credentials = { accessKeyId, secretAccessKey, ...realm };
  writeCredentials(directory, credentials);
  return credentials;
}
