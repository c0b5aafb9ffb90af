/** What is kept between runs: a directory that this process alone holds, and in it the database, at this program's schema. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Clock, migrate, NewerSchema, schema } from '@thingd/core';
import { type Configuration, ConfigurationError } from '../configuration/index.ts';
import { lockDirectory, StoreThread, type StoreThreadOptions } from '../store/index.ts';
import { openDirectory } from './files.ts';
import type { Started } from './started.ts';

export interface State {
  /** Where the files are: the data directory, or a temporary one if state is in memory. */
  readonly directory: string;
  readonly store: StoreThread;
}

export interface StateOptions extends Pick<StoreThreadOptions, 'onFailure' | 'onCommit'> {
  readonly configuration: Pick<Configuration, 'dataDir' | 'durability'>;
  readonly clock: Clock;
}

/** Rejects with `ConfigurationError` for a directory or a database in it that cannot be used. */
export async function openState(options: StateOptions, started: Started): Promise<State> {
  const { configuration, clock, ...events } = options;
  const { dataDir, durability } = configuration;
  const directory = dataDir === undefined ? temporaryDirectory(started) : takeDirectory(resolve(dataDir), started);
  const path = dataDir === undefined ? ':memory:' : join(directory, databaseName);
  try {
    const store = await StoreThread.open({ path, durability, ...events });
    started.push(() => store.close());
    await migrate(store, schema, clock);
    return { directory, store };
  } catch (error) {
    const reason = error instanceof NewerSchema ? `${error.message}; start that version` : (error as Error).message;
    throw new ConfigurationError(`--data-dir expects a database this thingd can use: ${reason}`);
  }
}

/** The database's file in the data directory. */
export const databaseName = 'thingd.db';

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
