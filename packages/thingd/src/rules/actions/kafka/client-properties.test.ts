import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkProperties, confidentialProperties, settingsOf } from './client-properties.ts';

const directory = mkdtempSync(join(tmpdir(), 'thingd-stores-'));
afterAll(() => rmSync(directory, { recursive: true }));

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });
}
openssl(
  'req',
  '-x509',
  '-newkey',
  'ec',
  '-pkeyopt',
  'ec_paramgen_curve:P-256',
  '-noenc',
  '-subj',
  '/CN=c',
  ...['-keyout', 'key.pem', '-out', 'certificate.pem'],
);
openssl('pkcs12', '-export', '-inkey', 'key.pem', '-in', 'certificate.pem', '-passout', 'pass:secret', '-out', 'k.p12');
openssl('pkcs12', '-export', '-nokeys', '-in', 'certificate.pem', '-passout', 'pass:secret', '-out', 't.p12');
const base64 = (file: string): string => readFileSync(join(directory, file)).toString('base64');
const pem = readFileSync(join(directory, 'certificate.pem'), 'utf8');

const servers = { 'bootstrap.servers': 'a:9092, b:9093' };
const scram = { 'sasl.mechanism': 'SCRAM-SHA-512', 'sasl.scram.username': 'u', 'sasl.scram.password': 'p' };
const plain = { 'sasl.mechanism': 'PLAIN', 'sasl.plain.username': 'u', 'sasl.plain.password': 'p' };

describe('client properties', () => {
  test('mean TLS, one acknowledgement and no compression unless told', () => {
    expect(settingsOf(servers)).toEqual({
      brokers: ['a:9092', 'b:9093'],
      acks: 1,
      compression: 'none',
      tls: {},
      sasl: undefined,
    });
  });

  test.for([
    ['PLAINTEXT', {}, { tls: undefined, sasl: undefined }],
    ['SASL_PLAINTEXT', plain, { tls: undefined, sasl: { mechanism: 'plain', username: 'u', password: 'p' } }],
    ['SASL_SSL', scram, { tls: {}, sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' } }],
  ] as const)('say with %s how a cluster is reached, and as whom', ([protocol, more, settings]) => {
    expect(settingsOf({ ...servers, 'security.protocol': protocol, ...more })).toMatchObject(settings);
  });

  test('have stores of keys as PKCS#12 with its password, or as PEM', () => {
    const pkcs12 = { 'ssl.keystore': base64('k.p12'), 'ssl.keystore.password': 'secret' };
    expect(settingsOf({ ...servers, ...pkcs12 }).tls).toMatchObject({ passphrase: 'secret', pfx: expect.any(Buffer) });
    const both = Buffer.from(pem + readFileSync(join(directory, 'key.pem'), 'utf8'));
    expect(settingsOf({ ...servers, 'ssl.keystore': both.toString('base64') }).tls).toMatchObject({ cert: both });
  });

  test('have certificates of authorities as PEM, in base64 or not', () => {
    const ca = [pem.trim()];
    expect(settingsOf({ ...servers, 'ssl.truststore': pem }).tls).toEqual({ ca });
    expect(settingsOf({ ...servers, 'ssl.truststore': base64('certificate.pem') }).tls).toEqual({ ca });
  });

  const jks = Buffer.from('feedfeed0000000200000000', 'hex').toString('base64');
  test.for([
    ['an unknown name', { 'linger.ms': '5' }, 'InvalidRequestException', '`linger.ms`'],
    ['a server without a port', { 'bootstrap.servers': 'a' }, 'InvalidRequestException', 'host:port'],
    ['no server', { 'bootstrap.servers': '' }, 'InvalidRequestException', 'host:port'],
    ['an unknown protocol', { 'security.protocol': 'TLS' }, 'InvalidRequestException', 'SASL_SSL'],
    ['a mechanism that is missing', { 'security.protocol': 'SASL_SSL' }, 'InvalidRequestException', '`sasl.mechanism`'],
    [
      'a password that is missing',
      { ...plain, 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'SCRAM-SHA-512' },
      'InvalidRequestException',
      '`sasl.scram.username`',
    ],
    [
      'a wrong password',
      { 'ssl.keystore': base64('k.p12'), 'ssl.keystore.password': 'x' },
      'InvalidRequestException',
      '',
    ],
    ['a truststore without a certificate', { 'ssl.truststore': '-----BEGIN X' }, 'InvalidRequestException', ''],
    ['LZ4', { 'compression.type': 'lz4' }, 'NotImplementedException', 'lz4'],
    ['Kerberos', { 'sasl.mechanism': 'GSSAPI' }, 'NotImplementedException', 'GSSAPI'],
    ['a keystore of Java', { 'ssl.keystore': jks }, 'NotImplementedException', 'keytool -importkeystore'],
    ['a truststore as PKCS#12', { 'ssl.truststore': base64('t.p12') }, 'NotImplementedException', 'openssl pkcs12'],
  ] as const)('with %s are refused', ([, more, name, reason]) => {
    const refused = expect(() => checkProperties({ ...servers, ...more }));
    refused.toThrow(expect.objectContaining({ name }));
    refused.toThrow(reason);
  });

  test('with templates are not judged before they are rendered', () => {
    const templated = { 'bootstrap.servers': '${servers}', 'ssl.keystore': '${get_secret(…)}', acks: '${acks}' };
    expect(() => checkProperties(templated)).not.toThrow();
    expect(() => checkProperties({ ...templated, acks: 'some' })).toThrow('`acks` expects -1, 0, 1, all');
  });

  test('that give something away are known by their names', () => {
    expect(confidentialProperties).toEqual([
      'ssl.truststore',
      'ssl.truststore.password',
      'ssl.keystore',
      'ssl.keystore.password',
      'ssl.key.password',
      'sasl.plain.password',
      'sasl.scram.password',
      'sasl.kerberos.keytab',
    ]);
  });
});
