/** thingd inside another program, such as a test: `startThingd` with the options of the command line. */
import {
  type ConfigurationSources,
  configure,
  type ListenerName,
  listenerNames,
  type Mode,
} from './configuration/index.ts';
import { createLog, type Log } from './observability/index.ts';
import { type RunningThingd, runThingd } from './server/thingd.ts';

export { ConfigurationError } from './configuration/index.ts';
export type { Log } from './observability/index.ts';
export type { Credentials, Endpoints } from './server/files.ts';
export type { RunningThingd } from './server/thingd.ts';

/** Options as in `thingd.config.json`; every listener is on a free port of 127.0.0.1 unless it is given. */
export interface StartOptions {
  /** `dev` unless told: in memory, any credentials. */
  readonly mode?: Mode;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Nothing is logged without one. */
  readonly log?: Log;
  /** The database failed; thrown as an uncaught error unless handled here. */
  readonly onFailure?: (error: Error) => void;
}

const freePorts: Record<ListenerName, string> = Object.fromEntries(
  listenerNames.map(name => [name, '127.0.0.1:0']),
) as Record<ListenerName, string>;

/**
 * Starts thingd and resolves when all listeners are up.
 *
 * ```ts
 * const thingd = await startThingd()
 * const iot = new IoTClient({ endpoint: thingd.endpoints.http, region: 'us-east-1', credentials: thingd.credentials })
 * …
 * await thingd.close()
 * ```
 */
export async function startThingd({
  mode = 'dev',
  options = {},
  log,
  onFailure,
}: StartOptions = {}): Promise<RunningThingd> {
  const sources: ConfigurationSources = { mode, flags: {}, environment: {}, file: { ...freePorts, ...options } };
  return runThingd({
    configuration: configure(sources),
    log: log ?? createLog('silent', { write: () => {} }),
    onFailure:
      onFailure ??
      (error => {
        throw error;
      }),
  });
}
