/** Every option of the program, once: its flag, its environment variable, its key in the file, what it expects, what it means. */
import { existsSync } from 'node:fs';
import { parseAddress } from './address.ts';
import { type FunctionFile, parseFunctionFile } from './function-file.ts';
import { profileNames } from './limits.ts';

export type Mode = 'start' | 'dev';

export interface Option<T> {
  /** Value in the help: `--http <address>`. */
  readonly placeholder: string;
  readonly help: string;
  /** Completes the sentence "`--http` expects …". */
  readonly expects: string;
  /** Text from a flag or the environment, any JSON value from the file. Undefined if it is not what is expected. */
  read(value: unknown): T | undefined;
  readonly default: T | ((mode: Mode) => T);
  /** The default as the help shows it, where its value does not say it. */
  readonly shown?: string;
  /** The flag may be given several times; `read` gets a list. */
  readonly repeatable?: boolean;
}

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

const matching =
  (pattern: RegExp) =>
  (value: unknown): string | undefined =>
    pattern.test(text(value)) ? text(value) : undefined;

const oneOf =
  <T extends string>(words: readonly T[]) =>
  (value: unknown): T | undefined =>
    words.find(word => word === value);

const listener = (
  defaultHost: string,
  port: number | 'off',
  help: string,
): Option<ReturnType<typeof parseAddress>> => ({
  placeholder: '<address>',
  help,
  expects: 'host:port, a port, `0` for a free one, or `off`',
  read: value => parseAddress(text(value), defaultHost),
  default: port === 'off' ? null : { host: defaultHost, port },
});

const embedded = (what: string, other: string): Option<'embedded'> => ({
  placeholder: '<url>',
  help: `${what}; only \`embedded\` is available yet`,
  expects: `\`embedded\` (${other} is not available yet)`,
  read: oneOf(['embedded']),
  default: 'embedded',
});

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export const hostnamePattern =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
const realmPattern = /^\d{12}\/[a-z]{2}(-[a-z]+)+-\d+$/;

/** A name of a policy, or a whole document: text that is JSON, or an object in the file. */
function readPolicy(value: unknown): string | undefined {
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  if (text(value).startsWith('{')) {
    try {
      JSON.parse(text(value));
      return text(value);
    } catch {
      return undefined;
    }
  }
  return matching(/^[\w+=,.@-]{1,128}$/)(value);
}

function readLimits(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (Array.isArray(value)) {
    const pairs = value.map(item => /^(\w+)=(.+)$/.exec(text(item))?.slice(1, 3));
    return pairs.every(pair => pair !== undefined) ? Object.fromEntries(pairs) : undefined;
  }
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

/** Files by function; a file must be there, and one that Node or Python runs. */
function readFunctions(value: unknown): Readonly<Record<string, FunctionFile>> | undefined {
  const pairs = Array.isArray(value)
    ? value.map(item => /^([^=]+)=(.+)$/.exec(text(item))?.slice(1, 3) ?? [])
    : Object.entries((value ?? {}) as object).map(([name, file]) => [name, text(file)]);
  const functions: [string, FunctionFile][] = [];
  for (const [name = '', file = ''] of pairs) {
    const read = parseFunctionFile(file);
    if (name === '' || read === undefined || !existsSync(read.path)) return undefined;
    functions.push([name, read]);
  }
  return Object.fromEntries(functions);
}

/** The path of a file that is there; or in the configuration file the sinks themselves. */
function readSinks(value: unknown): string | Readonly<Record<string, unknown>> | undefined {
  if (typeof value === 'string') return existsSync(value) ? value : undefined;
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function readCount(value: unknown): number | undefined {
  const count = /^\d+$/.test(text(value)) ? Number(text(value)) : Number.NaN;
  return Number.isSafeInteger(count) ? count : undefined;
}

const millisecondsOf: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3600_000, d: 24 * 3600_000 };

/** `90s`, `15m`, `12h`, `30d` in milliseconds; `0` has no unit. */
function readDuration(value: unknown): number | undefined {
  if (text(value) === '0') return 0;
  const [, number = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text(value)) ?? [];
  return number === '' ? undefined : Number(number) * (millisecondsOf[unit] ?? Number.NaN);
}

function readRealms(value: unknown): readonly string[] | undefined {
  const realms = Array.isArray(value) ? value.map(text) : [];
  return realms.every(realm => realmPattern.test(realm)) ? realms : undefined;
}

export const options = {
  http: listener('127.0.0.1', 4566, 'AWS API of all planes, /healthz, /metrics, MQTT over WebSocket at /mqtt'),
  https: listener('0.0.0.0', 8443, 'the same over TLS, client certificate optional; MQTT by ALPN'),
  mqtts: listener('0.0.0.0', 8883, 'MQTT with mutual TLS'),
  mqtt: listener('127.0.0.1', 'off', 'plain MQTT for trusted networks, as the `anonymous` principal'),
  dataDir: {
    placeholder: '<directory>',
    help: 'database, certificate authority, credentials; without it `dev` keeps everything in memory',
    expects: 'a directory',
    read: value => text(value) || undefined,
    default: mode => (mode === 'start' ? './thingd-data' : undefined),
  } as Option<string | undefined>,
  hostname: {
    placeholder: '<name>',
    help: 'what DescribeEndpoint returns and the server certificate names',
    expects: 'a host name such as `iot.example.com`',
    read: matching(hostnamePattern),
    default: 'localhost',
  } as Option<string>,
  region: {
    placeholder: '<region>',
    help: 'the region of ARNs',
    expects: 'a region such as `eu-west-1`',
    read: matching(/^[a-z]{2}(-[a-z]+)+-\d+$/),
    default: 'us-east-1',
  } as Option<string>,
  accountId: {
    placeholder: '<digits>',
    help: 'the account of ARNs',
    expects: '12 digits',
    read: matching(/^\d{12}$/),
    default: '000000000000',
  } as Option<string>,
  realm: {
    placeholder: '<account/region>',
    help: 'a further account and region to serve; may be given several times (`dev` serves all)',
    expects: 'an account and a region such as `111122223333/eu-west-1`',
    read: readRealms,
    default: [],
    repeatable: true,
  } as Option<readonly string[]>,
  limits: {
    placeholder: '<profile>',
    help: '`aws`: the quotas of AWS; `open`: none but memory safety; `strict`: MQTT to the letter',
    expects: profileNames.join(', '),
    read: oneOf(profileNames),
    default: 'aws',
  } as Option<(typeof profileNames)[number]>,
  limit: {
    placeholder: '<name=value>',
    help: 'one limit by name, such as maxSubscriptions=100; may be given several times',
    expects: 'a limit and its value such as `maxSubscriptions=100`',
    read: readLimits,
    default: {},
    repeatable: true,
  } as Option<Readonly<Record<string, unknown>>>,
  shadowHistoryVersions: {
    placeholder: '<count>',
    help: 'versions of each shadow kept in its history; 0 keeps none',
    expects: 'a number of versions, 0 for no history',
    read: readCount,
    default: 100,
  } as Option<number>,
  shadowHistoryAge: {
    placeholder: '<time>',
    help: 'how long a version stays in the history, the current one aside; 0 for no bound',
    expects: 'a time such as `12h` or `30d` (s, m, h, d), 0 for no bound',
    read: readDuration,
    default: 30 * 24 * 3600_000,
    shown: '30d',
  } as Option<number>,
  anonymousPolicy: {
    placeholder: '<policy>',
    help: 'what clients of --mqtt may do: an IoT policy by name, or a document (`dev`: everything; `start`: nothing)',
    expects: 'the name of an IoT policy, or a policy document as JSON',
    read: readPolicy,
    default: undefined,
  } as Option<string | undefined>,
  function: {
    placeholder: '<function=file>',
    help: 'the file that runs as a Lambda function, by its name or ARN; may be given several times',
    expects: 'a function and a file that is there, of JavaScript, TypeScript or Python, such as `chat=./chat.js`',
    read: readFunctions,
    default: {},
    repeatable: true,
  } as Option<Readonly<Record<string, FunctionFile>>>,
  sinks: {
    placeholder: '<file>',
    help: 'the sinks rules may write to, as JSON by name; in the configuration file the sinks themselves, or the file',
    expects: 'a JSON file of sinks such as `./sinks.json`',
    read: readSinks,
    default: {},
  } as Option<string | Readonly<Record<string, unknown>>>,
  ruleRetryTime: {
    placeholder: '<time>',
    help: 'how long a rule’s action is tried again while its target is away',
    expects: 'a time such as `15m` or `1h` (s, m, h, d), 0 for one attempt',
    read: readDuration,
    default: 3600_000,
    shown: '1h',
  } as Option<number>,
  store: embedded('the database', '`postgres://…`'),
  bus: embedded('the bus between nodes', '`nats://…`'),
  durability: {
    placeholder: '<level>',
    help: '`full`: acknowledged data survives loss of power; `normal`: a crash of the process',
    expects: '`full` or `normal`',
    read: oneOf(['full', 'normal']),
    default: 'full',
  } as Option<'full' | 'normal'>,
  logLevel: {
    placeholder: '<level>',
    help: logLevels.join(', '),
    expects: logLevels.join(', '),
    read: oneOf(logLevels),
    default: 'info',
  } as Option<(typeof logLevels)[number]>,
  logFormat: {
    placeholder: '<format>',
    help: '`json` or `text`; without it, text on a terminal and JSON elsewhere',
    expects: '`json` or `text`',
    read: oneOf(['json', 'text']),
    default: undefined,
  } as Option<'json' | 'text' | undefined>,
} as const;

export type OptionName = keyof typeof options;

/** `dataDir` → `data-dir` */
const words = (name: string): string => name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);

export const flagOf = (name: OptionName): string => `--${words(name)}`;
export const environmentOf = (name: OptionName): string => `THINGD_${words(name).replaceAll('-', '_').toUpperCase()}`;

/** The default as people read it; empty where there is none. */
export function defaultText({ default: given, shown }: Option<unknown>, mode: Mode): string {
  if (shown !== undefined) return shown;
  const value = typeof given === 'function' ? given(mode) : given;
  if (value === null) return 'off';
  if (value === undefined) return '';
  if (typeof value !== 'object') return String(value);
  return 'port' in value && 'host' in value ? `${value.host}:${value.port}` : '';
}
