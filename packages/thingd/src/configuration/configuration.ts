/** What the program was told to be: flags over environment over `thingd.config.json` over defaults, read once, at start. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Realm } from '@thingd/core';
import type { Address } from './address.ts';
import { ConfigurationError } from './configuration-error.ts';
import type { FunctionFile } from './function-file.ts';
import { composeLimits, LimitError, type Limits } from './limits.ts';
import { environmentOf, flagOf, type Mode, type Option, type OptionName, options } from './options.ts';
import { refuseOpenSecrets, type SinkDefinitions, withoutSource } from './sinks.ts';

export const listenerNames = ['http', 'https', 'mqtts', 'mqtt'] as const;
export type ListenerName = (typeof listenerNames)[number];

export interface Configuration {
  readonly mode: Mode;
  /** Null is off. */
  readonly listeners: Readonly<Record<ListenerName, Address | null>>;
  /** Undefined keeps everything in memory. */
  readonly dataDir: string | undefined;
  readonly hostname: string;
  /** Where calls belong that say nothing else. */
  readonly defaultRealm: Realm;
  /** The realms by name, the default one first: `start` serves no other, `dev` any. */
  readonly realms: readonly Realm[];
  readonly limits: Limits;
  /** Versions of each shadow kept in its history; 0 keeps none. */
  readonly shadowHistoryVersions: number;
  /** Milliseconds a version is kept; 0 is no bound. */
  readonly shadowHistoryAge: number;
  /** The name of an IoT policy, a document, or undefined for everything in `dev` and nothing in `start`. */
  readonly anonymousPolicy: string | undefined;
  /** Files by the name or ARN of the Lambda function they stand for. */
  readonly functions: Readonly<Record<string, FunctionFile>>;
  /** Sinks by name, or the file they are in, which is read when the program starts. */
  readonly sinks: string | SinkDefinitions;
  /** Milliseconds from the first attempt at a rule's action until it is given up. */
  readonly ruleRetryTime: number;
  readonly durability: 'full' | 'normal';
  readonly logLevel: string;
  readonly logFormat: 'json' | 'text' | undefined;
}

export interface ConfigurationSources {
  readonly mode: Mode;
  /** By option name; a list where the flag may be repeated. */
  readonly flags: Readonly<Partial<Record<OptionName, string | readonly string[]>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The file's content, `{}` where there is none. */
  readonly file: Readonly<Record<string, unknown>>;
}

const fileName = 'thingd.config.json';

/** The value of one option from the first source that has it. Throws `ConfigurationError`. */
function resolve<T>(name: OptionName, { mode, flags, environment, file }: ConfigurationSources): T {
  const option = options[name] as unknown as Option<T>;
  const variable = environmentOf(name);
  const environmentText = environment[variable] || undefined;
  const sources: [unknown, string][] = [
    [flags[name], flagOf(name)],
    [option.repeatable ? environmentText?.split(',') : environmentText, `${flagOf(name)} (${variable})`],
    [file[name], `${flagOf(name)} (\`${fileKey(name)}\` in ${fileName})`],
  ];
  const [value, source] = sources.find(([value]) => value !== undefined) ?? [];
  if (value === undefined) {
    return typeof option.default === 'function' ? (option.default as (mode: Mode) => T)(mode) : option.default;
  }
  const read = option.read(value);
  if (read !== undefined) return read;
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  throw new ConfigurationError(`${source} expects ${option.expects}, not \`${shown}\``);
}

/** Throws `ConfigurationError`. */
export function configure(sources: ConfigurationSources): Configuration {
  const given = { ...sources, file: optionsOfFile(sources.file) };
  const get = <T>(name: OptionName): T => resolve<T>(name, given);
  // Refused rather than ignored; there is one value each may have.
  get('store');
  get('bus');
  const { mode } = sources;
  const defaultRealm = { accountId: get<string>('accountId'), region: get<string>('region') };
  const further = get<readonly string[]>('realm').map(parseRealm);
  return {
    mode,
    listeners: {
      http: get('http'),
      https: get('https'),
      mqtts: get('mqtts'),
      mqtt: get('mqtt'),
    },
    dataDir: get('dataDir'),
    hostname: get('hostname'),
    defaultRealm,
    realms: [defaultRealm, ...further],
    limits: limitsOf(get('limits'), given),
    shadowHistoryVersions: get('shadowHistoryVersions'),
    shadowHistoryAge: get('shadowHistoryAge'),
    anonymousPolicy: get('anonymousPolicy'),
    functions: get('function'),
    sinks: get('sinks'),
    ruleRetryTime: get('ruleRetryTime'),
    durability: get('durability'),
    logLevel: get('logLevel'),
    logFormat: get('logFormat'),
  };
}

/** Limits set by name add up over the sources, unlike everything else: a flag for one leaves the file's others standing. */
function limitsOf(profile: Parameters<typeof composeLimits>[0], sources: ConfigurationSources): Limits {
  const nothing = { flags: {}, environment: {}, file: {} };
  const overrides = {
    ...resolve<object>('limit', { ...sources, ...nothing, file: sources.file }),
    ...resolve<object>('limit', { ...sources, ...nothing, environment: sources.environment }),
    ...resolve<object>('limit', { ...sources, ...nothing, flags: sources.flags }),
  };
  try {
    return composeLimits(profile, overrides);
  } catch (error) {
    if (error instanceof LimitError) throw new ConfigurationError(`--limit: ${error.message}`);
    throw error;
  }
}

function parseRealm(text: string): Realm {
  const [accountId = '', region = ''] = text.split('/');
  return { accountId, region };
}

/** The file speaks of `realms` and `functions`; and `limits` may be an object there, a profile's name and limits by name together. */
const plurals: Partial<Record<OptionName, string>> = { realm: 'realms', limit: 'limits', function: 'functions' };

export const fileKey = (name: OptionName): string => plurals[name] ?? name;

function optionsOfFile(file: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const keys = new Set(Object.keys(options).map(name => fileKey(name as OptionName)));
  for (const key of Object.keys(file)) {
    if (!keys.has(key)) {
      throw new ConfigurationError(`${fileName} has no option \`${key}\`; it may have ${[...keys].join(', ')}`);
    }
  }
  const { realms, functions, limits, ...rest } = file;
  const others = { ...rest, realm: realms, function: functions };
  if (typeof limits !== 'object' || limits === null) return { ...others, limits };
  const { profile, ...named } = limits as Record<string, unknown>;
  return { ...others, limits: profile, limit: named };
}

/** Reads `path`, or `thingd.config.json` of the directory if there is one. Throws `ConfigurationError`. */
export function readConfigurationFile(path: string | undefined, directory: string): Record<string, unknown> {
  let content: string;
  try {
    content = readFileSync(path ?? join(directory, fileName), 'utf8');
  } catch (error) {
    if (path === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ConfigurationError(`--config expects a file that can be read: ${(error as Error).message}`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (error) {
    throw new ConfigurationError(`${path ?? fileName} expects JSON: ${withoutSource(error)}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ConfigurationError(`${path ?? fileName} expects a JSON object`);
  }
  const file = parsed as Record<string, unknown>;
  refuseOpenSecrets(path ?? join(directory, fileName), file.sinks);
  return file;
}
