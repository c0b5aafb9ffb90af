/** Certificates for tests, written byte by byte: any name, any string type, any key, any damage. Signed with real keys. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';

type Bytes = Uint8Array;

/** One element: tag, length, content. */
export function der(tag: number, ...contents: Bytes[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), derLength(content.length), content]);
}

function derLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap(arc => {
    const groups = [arc % 128];
    for (let more = Math.floor(arc / 128); more > 0; more = Math.floor(more / 128)) groups.unshift(128 + (more % 128));
    return groups;
  });
  return der(0x06, Buffer.from(bytes));
}

export const utf8String = (text: string): Buffer => der(0x0c, Buffer.from(text));

/** One attribute of a name: `['2.5.4.3', utf8String('lamp')]`. */
export type Attribute = readonly [oid: string, value: Bytes];

/** A name of relative distinguished names, each with one attribute or several. */
export const distinguishedName = (...rdns: readonly (readonly Attribute[])[]): Buffer =>
  der(
    0x30,
    ...rdns.map(attributes => der(0x31, ...attributes.map(([oid, value]) => der(0x30, objectIdentifier(oid), value)))),
  );

export const commonName = (text: string): Buffer => distinguishedName([['2.5.4.3', utf8String(text)]]);

export interface Identity {
  readonly name: Bytes;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A name with a key pair: of P-256, or that of an identity at hand. */
export function identity(name: Bytes | string, keys?: Pick<Identity, 'publicKey' | 'privateKey'>): Identity {
  const { publicKey, privateKey } = keys ?? generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { name: typeof name === 'string' ? commonName(name) : name, publicKey, privateKey };
}

export interface CertificateShape {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly serialNumber?: Bytes;
  readonly ca?: boolean;
  /** Further extensions, each whole. */
  readonly extensions?: readonly Bytes[];
  readonly hash?: 'sha1' | 'sha256';
}

const signatureAlgorithm = (key: KeyObject, hash: 'sha1' | 'sha256'): Buffer => {
  if (key.asymmetricKeyType === 'ec')
    return der(0x30, objectIdentifier(hash === 'sha1' ? '1.2.840.10045.4.1' : '1.2.840.10045.4.3.2'));
  return der(0x30, objectIdentifier(hash === 'sha1' ? '1.2.840.113549.1.1.5' : '1.2.840.113549.1.1.11'), der(0x05));
};

/** GeneralizedTime to the second. */
const generalizedTime = (date: Date): Buffer =>
  der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));

/** `critical` stands only where true, as DER asks. */
export const extension = (oid: string, value: Bytes, critical = false): Buffer =>
  der(0x30, objectIdentifier(oid), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));

/** A certificate in DER, of `subject`'s key, signed with `issuer`'s. */
export function certificateDer(subject: Identity, issuer: Identity, shape: CertificateShape = {}): Buffer {
  const hash = shape.hash ?? 'sha256';
  const algorithm = signatureAlgorithm(issuer.privateKey, hash);
  const extensions = [
    ...(shape.ca ? [extension('2.5.29.19', der(0x30, der(0x01, Buffer.from([0xff]))), true)] : []),
    ...(shape.extensions ?? []),
  ];
  const toBeSigned = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, shape.serialNumber ?? Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    issuer.name,
    der(
      0x30,
      generalizedTime(shape.notBefore ?? new Date('2025-01-01T00:00:00Z')),
      generalizedTime(shape.notAfter ?? new Date('2049-12-31T23:59:59Z')),
    ),
    subject.name,
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [der(0xa3, der(0x30, ...extensions))]),
  );
  const signature = sign(hash, toBeSigned, issuer.privateKey);
  return der(0x30, toBeSigned, algorithm, der(0x03, Buffer.from([0]), signature));
}

export const toPem = (certificate: Bytes): string => new X509Certificate(certificate).toString();

/** The same, in PEM. */
export const certificatePem = (subject: Identity, issuer: Identity, shape: CertificateShape = {}): string =>
  toPem(certificateDer(subject, issuer, shape));

/** A self-signed CA certificate in PEM. */
export const caPem = (ca: Identity, shape: CertificateShape = {}): string =>
  certificatePem(ca, ca, { ca: true, ...shape });
