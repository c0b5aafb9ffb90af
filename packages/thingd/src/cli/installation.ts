/** A thingd that runs somewhere on this machine, as a command finds it: by the files it leaves, or by asking its HTTP port. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Address, formatAddress } from '../configuration/index.ts';
import type { Credentials, Endpoints } from '../server/files.ts';

export interface Installation {
  readonly directory: string;
  readonly endpoints: Endpoints;
  readonly credentials: Credentials;
}

/** There is nothing to talk to; the message says what to do. */
export class NotRunning extends Error {
  override readonly name = 'NotRunning';
}

/**
 * The installation in `dataDir` if something runs there, else the one that answers at `http` and says where its files are (a
 * `thingd dev` in memory keeps them in a temporary directory). Throws `NotRunning`.
 */
export async function findInstallation(dataDir: string, http: Address | null): Promise<Installation> {
  const here = readInstallation(resolve(dataDir));
  if (here !== undefined) return here;
  const directory = http === null ? undefined : await askDirectory(http);
  const there = directory === undefined ? undefined : readInstallation(directory);
  if (there !== undefined) return there;
  const where = http === null ? '' : ` or at http://${formatAddress(http)}`;
  throw new NotRunning(`no thingd is running in ${dataDir}${where}; start it with \`thingd dev\` or \`thingd start\``);
}

/** Undefined unless the files are there and the process that wrote them lives. */
export function readInstallation(directory: string): Installation | undefined {
  const endpoints = readJson<Endpoints>(join(directory, 'endpoints.json'));
  const credentials = readJson<Credentials>(join(directory, 'credentials.json'));
  if (endpoints === undefined || credentials === undefined || !isAlive(endpoints.pid)) return undefined;
  return { directory, endpoints, credentials };
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Only `thingd dev` answers this, for there is nothing to keep secret. */
async function askDirectory(http: Address): Promise<string | undefined> {
  try {
    const response = await fetch(`http://${formatAddress(http)}/thingd/v1/dev`, { signal: AbortSignal.timeout(2000) });
    const { directory } = (await response.json()) as { directory?: unknown };
    return response.ok && typeof directory === 'string' ? directory : undefined;
  } catch {
    return undefined;
  }
}
