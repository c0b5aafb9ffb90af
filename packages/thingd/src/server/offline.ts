/** A data directory no program runs in, opened for a command: so that a key can be replaced that would be needed to ask for another. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AccessKeys, systemClock } from '@thingd/core';
import type { Configuration } from '../configuration/index.ts';
import { type AccountKeys, accountKeys } from './account-keys.ts';
import { Started } from './started.ts';
import { databaseName, openState } from './state.ts';

/** Whether a thingd has been started in this directory before. */
export const hasDatabase = (dataDir: string): boolean => existsSync(join(resolve(dataDir), databaseName));

/** Holds the directory meanwhile. Rejects with `ConfigurationError` if a thingd runs there. */
export async function withOfflineKeys<T>(
  configuration: Pick<Configuration, 'dataDir' | 'durability'>,
  accountId: string,
  use: (keys: AccountKeys) => Promise<T>,
): Promise<T> {
  const started = new Started();
  try {
    const { store } = await openState({ configuration, clock: systemClock }, started);
    return await use(accountKeys(new AccessKeys({ store, clock: systemClock }), accountId));
  } finally {
    await started.stop();
  }
}
