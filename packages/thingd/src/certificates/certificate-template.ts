/** What every certificate made here has in common: serial number, key identifiers, the last second it is valid. */
import { randomBytes } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  type Extension,
  type PublicKey,
  SubjectKeyIdentifierExtension,
} from './peculiar.ts';

/** As AWS IoT's own certificates: the last second that X.509 can write as UTCTime (RFC 5280 §4.1.2.5.1). */
export const endOfValidity = new Date('2049-12-31T23:59:59Z');

/** Clocks of devices differ: a certificate is valid from two minutes before it was made, as AWS's are. */
export const startOfValidity = (now: number): Date => new Date(Math.floor(now / 1000) * 1000 - 2 * 60_000);

/** Twenty random octets, positive and without leading zeros (RFC 5280 §4.1.2.2). Hexadecimal. */
export function randomSerialNumber(): string {
  const bytes = randomBytes(20);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** Of which key this certificate is, and whose key signed it: how chains are built when names are alike. */
export const keyIdentifiers = async (subject: PublicKey, issuer: PublicKey): Promise<Extension[]> => [
  await SubjectKeyIdentifierExtension.create(subject),
  await AuthorityKeyIdentifierExtension.create(issuer),
];
