/** What the program leaves in its directory for those who use it: who may call, and where it listens. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** `credentials.json`: the access key made at first start. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly accountId: string;
}

/** `endpoints.json`: URLs really bound; a listener that is off is missing. */
export interface Endpoints {
  readonly http?: string;
  readonly https?: string;
  readonly mqtts?: string;
  readonly mqtt?: string;
  /** MQTT over WebSocket, beside `http` and `https`. */
  readonly ws?: string;
  readonly wss?: string;
  /** The process that wrote the file. */
  readonly pid: number;
}

/** Makes the directory if need be, and closes it to others: keys and messages lie in it. */
export function openDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
}

/** Undefined where there is no such file. Throws for one that is no JSON. */
export function readCredentials(directory: string): Credentials | undefined {
  const path = join(directory, 'credentials.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Credentials) : undefined;
}

export const writeCredentials = (directory: string, credentials: Credentials): void =>
  writeWhole(join(directory, 'credentials.json'), credentials, 0o600);

export const writeEndpoints = (directory: string, endpoints: Endpoints): void =>
  writeWhole(join(directory, 'endpoints.json'), endpoints, 0o644);

export const removeEndpoints = (directory: string): void => rmSync(join(directory, 'endpoints.json'), { force: true });

/** By way of a new file, so that no reader sees half of it and no older, wider mode stays. */
function writeWhole(path: string, content: object, mode: number): void {
  const temporary = `${path}.${process.pid}`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, `${JSON.stringify(content, null, 2)}\n`, { mode, flush: true });
  renameSync(temporary, path);
}
