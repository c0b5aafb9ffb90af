import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { exportLines, shellQuoted } from './env.ts';
import type { Installation } from './installation.ts';

const installation: Installation = {
  directory: "/var/it's here",
  endpoints: { http: 'http://127.0.0.1:4566', mqtts: 'mqtts://localhost:8883', pid: 1 },
  credentials: { accessKeyId: 'AKIA', secretAccessKey: 'a+b/$c', region: 'eu-west-1', accountId: '000000000000' },
};

test('a shell that evaluates the lines has exactly these values', () => {
  const script = `${exportLines(installation).join('\n')}\nenv`;
  const env = execFileSync('sh', ['-c', script], { env: { AWS_PROFILE: 'work', AWS_SESSION_TOKEN: 'old' } }).toString();
  expect(
    env
      .split('\n')
      .filter(line => /^(AWS|THINGD)_/.test(line))
      .sort(),
  ).toEqual([
    'AWS_ACCESS_KEY_ID=AKIA',
    'AWS_DEFAULT_REGION=eu-west-1',
    'AWS_ENDPOINT_URL=http://127.0.0.1:4566',
    'AWS_REGION=eu-west-1',
    'AWS_SECRET_ACCESS_KEY=a+b/$c',
    "THINGD_CA=/var/it's here/ca/root.pem",
    'THINGD_MQTTS_PORT=8883',
  ]);
});

test('over HTTPS alone, the tools are told what to trust', () => {
  const { http: _, ...endpoints } = { ...installation.endpoints, https: 'https://localhost:8443' };
  const lines = exportLines({ ...installation, directory: '/data', endpoints });
  expect(lines).toContain('export AWS_ENDPOINT_URL=https://localhost:8443');
  expect(lines).toContain('export AWS_CA_BUNDLE=/data/ca/root.pem');
});

test.each([
  ['plain-1.0', 'plain-1.0'],
  ['', "''"],
  ['a b', "'a b'"],
  ["it's", "'it'\\''s'"],
  ['$HOME', "'$HOME'"],
])('%j is quoted as %s', (text, quoted) => {
  expect(shellQuoted(text)).toBe(quoted);
});
