/**
 * The certificate thingd's TLS listeners show: signed by the installation's CA for every name a client may call it by, made at
 * start, made anew when two thirds of its life are over. Its key never leaves memory.
 */
import { generateKeyPairSync } from 'node:crypto';
import { isIP } from 'node:net';
import type { Clock } from '@thingd/core';
import { keyIdentifiers, randomSerialNumber, startOfValidity } from './certificate-template.ts';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from './peculiar.ts';
import type { RootAuthority } from './root-authority.ts';

/** What `tls.createSecureContext` and `server.setSecureContext` take. */
export interface ServerKeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

const day = 24 * 60 * 60_000;
const lifetime = 90 * day;
const checkInterval = 60 * 60_000;

/** Names every server certificate has, whatever else it is called. */
const localNames = ['localhost', '127.0.0.1', '::1'];

/** A key and certificate for these host names and addresses, the first of them its common name. Valid for 90 days. */
export async function issueServerCertificate(
  authority: RootAuthority,
  names: readonly string[],
  now: number,
): Promise<ServerKeyAndCertificate> {
  // P-256: the signature of a handshake takes 0.04 ms, with RSA-2048 0.27 ms; all of AWS's SDKs accept both.
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subjectKey = new PublicKey(publicKey.export({ type: 'spki', format: 'der' }));
  const allNames = [...new Set([...names, ...localNames])];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerialNumber(),
    subject: [{ CN: [allNames[0]!.slice(0, 64)] }],
    issuer: authority.certificate.subjectName,
    notBefore: startOfValidity(now),
    notAfter: new Date(startOfValidity(now).getTime() + lifetime),
    publicKey: subjectKey,
    signingKey: authority.signingKey,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        allNames.map(name => ({ type: isIP(name) ? ('ip' as const) : ('dns' as const), value: name })),
      ),
      ...(await keyIdentifiers(subjectKey, authority.publicKey)),
    ],
  });
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `${certificate.toString('pem')}\n`,
  };
}

export interface ServerCertificateOptions {
  readonly authority: RootAuthority;
  /** Host names and addresses beside `localhost`, `127.0.0.1` and `::1`. */
  readonly names: readonly string[];
  readonly clock: Clock;
  /** Called with each new certificate after the first, for the listeners to take. */
  onRenew(renewed: ServerKeyAndCertificate): void;
  /** Told when a renewal failed; it is tried again an hour later. */
  onError(error: unknown): void;
}

export class ServerCertificate {
  readonly #options: ServerCertificateOptions;
  #current: ServerKeyAndCertificate;
  #renewAt: number;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: ServerCertificateOptions, first: ServerKeyAndCertificate, issuedAt: number) {
    this.#options = options;
    this.#current = first;
    this.#renewAt = issuedAt + (lifetime * 2) / 3;
  }

  /** Issues the first certificate and keeps watch over its age, until `close`. */
  static async start(options: ServerCertificateOptions): Promise<ServerCertificate> {
    const now = options.clock.now();
    const first = await issueServerCertificate(options.authority, options.names, now);
    const certificate = new ServerCertificate(options, first, now);
    const check = () => certificate.renewIfDue().catch(options.onError);
    // By the hour instead of one long timer: a machine that slept notices soon after it wakes.
    certificate.#timer = setInterval(check, checkInterval).unref();
    return certificate;
  }

  get current(): ServerKeyAndCertificate {
    return this.#current;
  }

  /** Issues the next certificate when two thirds of this one's life are over; otherwise does nothing. */
  async renewIfDue(): Promise<void> {
    const { authority, names, clock, onRenew } = this.#options;
    const now = clock.now();
    if (now < this.#renewAt) return;
    this.#current = await issueServerCertificate(authority, names, now);
    this.#renewAt = now + (lifetime * 2) / 3;
    onRenew(this.#current);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
