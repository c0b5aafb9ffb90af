import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { createRootAuthority, type RootAuthority } from './root-authority.ts';
import { issueServerCertificate, ServerCertificate, type ServerKeyAndCertificate } from './server-certificate.ts';

const day = 24 * 60 * 60_000;
const start = Date.parse('2026-11-21T12:00:00Z');
let authority: RootAuthority;
const closing: (() => void)[] = [];

beforeAll(async () => {
  authority = await createRootAuthority(start);
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function started(names: string[]) {
  const clock = { time: start, now: () => clock.time };
  const renewed: ServerKeyAndCertificate[] = [];
  const certificate = await ServerCertificate.start({
    authority,
    names,
    clock,
    onRenew: next => renewed.push(next),
    onError: error => expect.unreachable(String(error)),
  });
  closing.push(() => certificate.close());
  return { clock, certificate, renewed };
}

test('it names what it was given and the machine itself', async () => {
  const { certificate } = await started(['iot.example.com', '*.iot.example.com', '192.0.2.7']);
  const x509 = new X509Certificate(certificate.current.cert);
  const named = ['iot.example.com', 'account.iot.example.com', 'localhost'].map(name => x509.checkHost(name));
  expect(named).not.toContain(undefined);
  expect(['192.0.2.7', '127.0.0.1', '::1'].map(ip => x509.checkIP(ip))).not.toContain(undefined);
  expect(x509.checkHost('example.com')).toBeUndefined();
  expect(x509.subject).toBe('CN=iot.example.com');
});

test('it is signed by the CA and valid for 90 days', async () => {
  const { certificate } = await started(['localhost']);
  const x509 = new X509Certificate(certificate.current.cert);
  expect(x509.verify(new X509Certificate(authority.certificatePem).publicKey)).toBe(true);
  expect(x509.validToDate.getTime() - x509.validFromDate.getTime()).toBe(90 * day);
});

test('it is renewed when two thirds of its life are over, and not before', async () => {
  const { clock, certificate, renewed } = await started(['localhost']);
  const first = certificate.current;
  clock.time = start + 60 * day - 1;
  await certificate.renewIfDue();
  expect([certificate.current, renewed]).toEqual([first, []]);
  clock.time = start + 60 * day;
  await certificate.renewIfDue();
  expect(certificate.current).not.toEqual(first);
  expect(renewed).toEqual([certificate.current]);
});

test('a renewed certificate lives as long as the first', async () => {
  const { clock, certificate, renewed } = await started(['localhost']);
  for (const days of [60, 119, 120, 181]) {
    clock.time = start + days * day;
    await certificate.renewIfDue();
  }
  expect(renewed).toHaveLength(3);
});

test('a client that trusts the CA shakes hands by name and by address, and one that does not refuses', async () => {
  // Real time: the TLS client compares with its own clock.
  const real = await createRootAuthority(Date.now());
  const { key, cert } = await issueServerCertificate(real, ['localhost'], Date.now());
  const server = createServer({ key, cert }, socket => socket.end()).listen(0, '127.0.0.1');
  closing.push(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const shake = async (ca: string, servername: string | undefined): Promise<boolean> => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca, ...(servername && { servername }) });
    await once(socket, 'secureConnect');
    socket.destroy();
    return socket.authorized;
  };
  expect(await shake(real.certificatePem, 'localhost')).toBe(true);
  expect(await shake(real.certificatePem, undefined)).toBe(true);
  await expect(shake(authority.certificatePem, 'localhost')).rejects.toThrow();
});
