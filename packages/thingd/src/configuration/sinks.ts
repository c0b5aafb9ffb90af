/** Sinks where the configuration has them: inline, or in a file of their own. What each must be is for the rules to say. */
import { readFileSync, statSync } from 'node:fs';
import { holdsSecrets } from '../rules/sinks/secrets.ts';
import { ConfigurationError } from './configuration-error.ts';

export type SinkDefinitions = Readonly<Record<string, unknown>>;

/** Reads the file, if it is one. Throws `ConfigurationError`, also if others can read secrets in it. */
export function readSinks(given: string | SinkDefinitions): SinkDefinitions {
  if (typeof given !== 'string') return given;
  let sinks: unknown;
  try {
    sinks = JSON.parse(readFileSync(given, 'utf8'));
  } catch (error) {
    throw new ConfigurationError(`--sinks expects a JSON file: ${withoutSource(error)}`);
  }
  if (!isObject(sinks)) throw new ConfigurationError('--sinks expects a JSON object, a member for each sink');
  refuseOpenSecrets(given, sinks);
  return sinks;
}

/** What a parser says, without the piece of the text that it may quote: a secret may be in it. */
export const withoutSource = (error: unknown): string => (error as Error).message.replace(/, (?:\.{3})?".*$/s, '');

/** Throws `ConfigurationError` if everybody on the machine can read the file at `path` and `sinks`, which stand in it, have secrets. */
export function refuseOpenSecrets(path: string, sinks: unknown): void {
  if (!isObject(sinks) || (statSync(path).mode & 0o004) === 0) return;
  const open = Object.entries(sinks).find(([, definition]) => isObject(definition) && holdsSecrets(definition));
  if (open === undefined) return;
  throw new ConfigurationError(
    `\`${path}\` has a secret of sink \`${open[0]}\` and can be read by everybody; close it with chmod o-r, or keep the secret elsewhere by {"file": …} or {"env": …}`,
  );
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
