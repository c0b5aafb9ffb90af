import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Definition } from './definition.ts';
import { holdsSecrets, withoutSecrets } from './secrets.ts';

test('a secret may be in a file or a variable for the configuration, and is read when it is needed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'thingd-secret-'));
  const file = join(directory, 'password');
  const late = new Definition({ password: { file } }, undefined).secret('password')!;
  expect(() => late()).toThrow('`password` of the sink cannot be read');
  writeFileSync(file, 'first\n');
  expect(late()).toBe('first');
  writeFileSync(file, 'second\n');
  expect(late()).toBe('second');
  rmSync(directory, { recursive: true });
  const variable = new Definition({ password: { env: 'THINGD_NO_SUCH' } }, undefined).secret('password')!;
  expect(() => variable()).toThrow('is not set');
  expect(() => new Definition({ password: { file } }, '/data').secret('password')).toThrow('`password` expects text');
});

test.each(['/etc/passwd', '../x', 'a/../../x', './x', 'a//b', '.hidden', '', 'a\0b', 'a/'])(
  'the path %j of the API leads nowhere',
  path => {
    expect(() => new Definition({ path }, '/data').path('path')).toThrow('`path` expects');
  },
);

test('a path of the API lies in the directory of its sink, one of the configuration anywhere', () => {
  expect(new Definition({ path: 'a/b.db' }, '/data').path('path')).toBe('/data/a/b.db');
  expect(new Definition({ path: '../b.db' }, undefined).path('path')).toBe('../b.db');
});

test.each([
  [{ password: 'pw' }, { password: '***' }],
  [{ key: '-----BEGIN KEY-----' }, { key: '***' }],
  [{ headers: { authorization: 'Bearer x' } }, { headers: { authorization: '***' } }],
  [{ url: 'https://hooks.example/services/T0/B0?token=1' }, { url: 'https://hooks.example/***' }],
])('%j is shown as %j', (definition, shown) => {
  expect(withoutSecrets(definition)).toEqual(shown);
  expect(holdsSecrets(definition)).toBe(true);
});

test.each([
  { password: { file: '/run/secrets/pg' } },
  { key: './gateway.key' },
  { url: { env: 'HOOK' } },
  { url: 'mqtts://broker:8883', cert: '-----BEGIN CERTIFICATE-----' },
])('%j holds no secret', definition => {
  expect(withoutSecrets(definition)).toEqual(definition);
  expect(holdsSecrets(definition)).toBe(false);
});
