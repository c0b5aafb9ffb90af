import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatAddress, parseAddress } from './address.ts';
import { type ConfigurationSources, configure, readConfigurationFile } from './configuration.ts';
import { ConfigurationError } from './configuration-error.ts';
import { environmentOf, flagOf, type OptionName, options } from './options.ts';
import { readSinks } from './sinks.ts';

const nothing: ConfigurationSources = { mode: 'start', flags: {}, environment: {}, file: {} };
const configuration = (sources: Partial<ConfigurationSources>) => configure({ ...nothing, ...sources });

describe('the defaults', () => {
  test('of `start` are durable and closed', () => {
    expect(configuration({})).toMatchObject({
      listeners: {
        http: { host: '127.0.0.1', port: 4566 },
        https: { host: '0.0.0.0', port: 8443 },
        mqtts: { host: '0.0.0.0', port: 8883 },
        mqtt: null,
      },
      dataDir: './thingd-data',
      hostname: 'localhost',
      defaultRealm: { accountId: '000000000000', region: 'us-east-1' },
      realms: [{ accountId: '000000000000', region: 'us-east-1' }],
      limits: { name: 'aws', maxSubscriptions: 50 },
      anonymousPolicy: undefined,
      durability: 'full',
    });
  });

  test('of `dev` are in memory', () => {
    expect(configuration({ mode: 'dev' })).toMatchObject({ mode: 'dev', dataDir: undefined });
  });
});

test('a flag wins over the environment, the environment over the file, the file over the default', () => {
  const file = { region: 'eu-north-1' };
  const environment = { THINGD_REGION: 'eu-west-1' };
  const flags = { region: 'ap-south-1' };
  const regionOf = (sources: Partial<ConfigurationSources>) => configuration(sources).defaultRealm.region;
  expect(regionOf({ file })).toBe('eu-north-1');
  expect(regionOf({ file, environment })).toBe('eu-west-1');
  expect(regionOf({ file, environment, flags })).toBe('ap-south-1');
});

test('the shadows have limits beside the broker, in each profile and by name', () => {
  expect(configuration({}).limits).toMatchObject({ maxShadowBytes: 8192, maxShadowRequestsPerSecond: 20 });
  expect(configuration({ flags: { limits: 'open' } }).limits).toMatchObject({ maxShadowRequestsPerSecond: 0 });
  const { limits } = configuration({ flags: { limit: ['maxShadowBytes=30000', 'maxShadowRequestsPerSecond=0'] } });
  expect(limits).toMatchObject({ maxShadowBytes: 30_000, maxShadowRequestsPerSecond: 0, maxShadowDepth: 8 });
});

test.each([
  ['0', 0],
  ['90s', 90_000],
  ['12h', 12 * 3600_000],
  ['30d', 30 * 24 * 3600_000],
])('a shadow history age of %s is %i ms', (age, milliseconds) => {
  expect(configuration({ environment: { THINGD_SHADOW_HISTORY_AGE: age } }).shadowHistoryAge).toBe(milliseconds);
});

test('a shadow history is a hundred versions and thirty days unless told', () => {
  expect(configuration({})).toMatchObject({ shadowHistoryVersions: 100, shadowHistoryAge: 30 * 24 * 3600_000 });
  expect(configuration({ flags: { shadowHistoryVersions: '0' } }).shadowHistoryVersions).toBe(0);
});

test('an empty environment variable is none', () => {
  expect(configuration({ environment: { THINGD_HTTP: '' } }).listeners.http?.port).toBe(4566);
});

test('limits by name add up over file, environment and flags, on top of the profile', () => {
  const { limits } = configuration({
    file: { limits: { profile: 'open', maxSubscriptions: 1, maxQueuedMessages: 2, retainAvailable: false } },
    environment: { THINGD_LIMIT: 'maxQueuedMessages=3,maxKeepAlive=4' },
    flags: { limit: ['maxKeepAlive=5'] },
  });
  expect(limits).toMatchObject({
    name: 'open',
    maxSubscriptions: 1,
    maxQueuedMessages: 3,
    maxKeepAlive: 5,
    retainAvailable: false,
  });
});

test('a profile holds for the registry and policies as for the broker', () => {
  expect(configuration({}).limits).toMatchObject({ groupsOfThing: 10, versionsOfPolicy: 5 });
  const flags = { limits: 'open', limit: ['versionsOfPolicy=7'] };
  expect(configuration({ flags }).limits).toMatchObject({ groupsOfThing: 1000, versionsOfPolicy: 7 });
});

test('further realms are served beside the default one', () => {
  const further = { accountId: '111122223333', region: 'eu-west-1' };
  expect(configuration({ flags: { realm: ['111122223333/eu-west-1'] } }).realms).toHaveLength(2);
  expect(configuration({ file: { realms: ['111122223333/eu-west-1'] } }).realms[1]).toEqual(further);
  expect(configuration({ environment: { THINGD_REALM: '111122223333/eu-west-1' } }).realms[1]).toEqual(further);
});

test('the anonymous policy is a name, a document, or in the file an object', () => {
  const of = (anonymousPolicy: unknown) => configuration({ file: { anonymousPolicy } }).anonymousPolicy;
  expect(of('Benchmark')).toBe('Benchmark');
  expect(of('{"Statement":[]}')).toBe('{"Statement":[]}');
  expect(of({ Statement: [] })).toBe('{"Statement":[]}');
});

test.each<[Partial<ConfigurationSources>, string]>([
  [{ flags: { http: 'lamp' } }, '--http expects host:port, a port, `0` for a free one, or `off`, not `lamp`'],
  [{ flags: { mqtts: '127.0.0.1:70000' } }, '--mqtts expects host:port'],
  [{ environment: { THINGD_ACCOUNT_ID: '12' } }, '--account-id (THINGD_ACCOUNT_ID) expects 12 digits, not `12`'],
  [{ file: { region: 7 } }, '--region (`region` in thingd.config.json) expects a region'],
  [{ flags: { store: 'postgres://db' } }, '--store expects `embedded` (`postgres://…` is not available yet)'],
  [{ flags: { bus: 'nats://bus' } }, '--bus expects `embedded` (`nats://…` is not available yet)'],
  [{ flags: { limits: 'none' } }, '--limits expects aws, open, strict, not `none`'],
  [{ flags: { limit: ['maxSubscriptions'] } }, '--limit expects a limit and its value'],
  [{ flags: { limit: ['maxSubs=1'] } }, '--limit: there is no limit `maxSubs`; the limits are aggregationBuckets, '],
  [{ flags: { limit: ['maxSubscriptions=-1'] } }, '--limit: `maxSubscriptions` expects a number, 0 for no limit, not'],
  [{ flags: { limit: ['maxInflight=0'] } }, '--limit: `maxInflight` expects a number from 1, not `0`'],
  [{ flags: { limit: ['groupsOfThing=x'] } }, '--limit: `groupsOfThing` expects a number, not `x`'],
  [{ flags: { limit: ['maximumQoS=3'] } }, '--limit: `maximumQoS` expects 0, 1 or 2, not `3`'],
  [{ flags: { limit: ['publishDenied311=ignore'] } }, '--limit: `publishDenied311` expects close or discard'],
  [{ flags: { limit: ['retainAvailable=1'] } }, '--limit: `retainAvailable` expects true or false'],
  [{ flags: { realm: ['eu-west-1'] } }, '--realm expects an account and a region'],
  [{ flags: { anonymousPolicy: '{' } }, '--anonymous-policy expects the name of an IoT policy'],
  [{ flags: { hostname: 'a b' } }, '--hostname expects a host name'],
  [{ file: { htpp: 'off' } }, 'thingd.config.json has no option `htpp`; it may have http, https,'],
])('%j is refused in one line that names the option and what it expects', (sources, message) => {
  expect(() => configuration(sources)).toThrow(ConfigurationError);
  expect(() => configuration(sources)).toThrow(message);
  expect(() => configuration(sources)).not.toThrow('\n');
});

const optionNames = (Object.keys(options) as OptionName[]).filter(name => name !== 'dataDir'); // any text is a path

test.each(optionNames)('nonsense for `%s` is refused by its flag, and by its variable', name => {
  const nonsense = 'no such value!';
  const flags = { [name]: 'repeatable' in options[name] ? [nonsense] : nonsense };
  expect(() => configuration({ flags })).toThrow(new RegExp(`^${flagOf(name)} expects `));
  expect(() => configuration({ environment: { [environmentOf(name)]: nonsense } })).toThrow(
    new RegExp(`^${flagOf(name)} \\(${environmentOf(name)}\\) expects `),
  );
});

test.each<[string, ReturnType<typeof parseAddress>]>([
  ['off', null],
  ['0', { host: 'default', port: 0 }],
  ['8883', { host: 'default', port: 8883 }],
  ['0.0.0.0:1', { host: '0.0.0.0', port: 1 }],
  ['iot.example.com:8443', { host: 'iot.example.com', port: 8443 }],
  ['[::1]:0', { host: '::1', port: 0 }],
  ['::1:0', undefined],
  ['host', undefined],
  ['host:', undefined],
  [':1', undefined],
  ['host:65536', undefined],
  ['', undefined],
])('the address `%s` reads as %j', (text, address) => {
  expect(parseAddress(text, 'default')).toEqual(address);
});

test('an IPv6 address is written in brackets', () => {
  expect(formatAddress({ host: '::1', port: 8883 })).toBe('[::1]:8883');
});

test('the configuration file is optional, unless it is named', () => {
  const directory = mkdtempSync(join(tmpdir(), 'thingd-configuration-'));
  expect(readConfigurationFile(undefined, directory)).toEqual({});
  expect(() => readConfigurationFile(join(directory, 'mine.json'), directory)).toThrow('--config expects a file');
  writeFileSync(join(directory, 'thingd.config.json'), '{"http":"off"}');
  expect(readConfigurationFile(undefined, directory)).toEqual({ http: 'off' });
  writeFileSync(join(directory, 'mine.json'), '[');
  expect(() => readConfigurationFile(join(directory, 'mine.json'), directory)).toThrow('mine.json expects JSON: ');
  writeFileSync(join(directory, 'mine.json'), '[]');
  expect(() => readConfigurationFile(join(directory, 'mine.json'), directory)).toThrow(
    'mine.json expects a JSON object',
  );
});

test.each([
  [0o644, { password: 'pw' }, 'can be read by everybody'],
  [0o644, { password: { env: 'PW' } }, undefined],
  [0o640, { password: 'pw' }, undefined],
])('a file of mode %o with the sink %j is refused if everybody can read a secret in it', (mode, sink, reason) => {
  const directory = mkdtempSync(join(tmpdir(), 'thingd-configuration-'));
  const [own, whole] = [join(directory, 'sinks.json'), join(directory, 'thingd.config.json')];
  writeFileSync(own, JSON.stringify({ plant: sink }), { mode });
  writeFileSync(whole, JSON.stringify({ sinks: { plant: sink } }), { mode });
  for (const read of [() => readSinks(own), () => readConfigurationFile(undefined, directory)]) {
    if (reason === undefined) read();
    else expect(read).toThrow(reason);
    if (reason !== undefined) expect(read).not.toThrow('pw');
  }
});

test.each(['{"password": "s3cret" x}', '{"password": s3cret}', '"s3cret', '{"password": "s3cret"'])(
  'what is no JSON, such as %j, is not quoted where a secret may be in it',
  text => {
    const path = join(mkdtempSync(join(tmpdir(), 'thingd-configuration-')), 'sinks.json');
    writeFileSync(path, text);
    for (const read of [() => readSinks(path), () => readConfigurationFile(path, '.')]) {
      expect(read).toThrow(ConfigurationError);
      expect(read).not.toThrow(/s3c|cret/);
    }
  },
);

test('flags and environment variables are spelled after the option', () => {
  expect((Object.keys(options) as OptionName[]).map(name => [flagOf(name), environmentOf(name)])).toContainEqual([
    '--anonymous-policy',
    'THINGD_ANONYMOUS_POLICY',
  ]);
});
