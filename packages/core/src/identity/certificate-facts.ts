/**
 * What an X.509 certificate says about itself, as far as IoT policies and registration ask: names, alternative names, serial
 * number. Reads the DER directly (RFC 5280 §4.1), once per connection; checks no signature.
 */

import {
  contentOf,
  contextTag,
  type Element,
  expectTag,
  implicitTag,
  MalformedCertificate,
  readChildren,
  readElement,
  readInteger,
  readObjectIdentifier,
  Tag,
} from './der.ts';
import { formatName, type NameFields, readNameFields } from './distinguished-name.ts';
import { formatIpAddress } from './ip-address.ts';

export type AlternativeNameKind =
  | 'RFC822Name'
  | 'DNSName'
  | 'DirectoryName'
  | 'UniformResourceIdentifier'
  | 'IPAddress';

export type AlternativeNames = Readonly<Partial<Record<AlternativeNameKind, readonly string[]>>>;

export interface CertificateFacts {
  readonly subject: NameFields;
  readonly issuer: NameFields;
  readonly subjectAlternativeNames: AlternativeNames;
  readonly issuerAlternativeNames: AlternativeNames;
  /** In decimal (AWS: using X.509 certificate policy variables, "Certificate SerialNumber format"). */
  readonly serialNumber: string;
}

/** Where the parts lie that more than one reader wants. */
export interface CertificateLayout {
  readonly serialNumber: Element;
  readonly signatureAlgorithm: Element;
  readonly issuer: Element;
  readonly subject: Element;
  readonly extensions: Element | undefined;
}

/** Finds the parts of a certificate. Throws `MalformedCertificate`. */
export function readLayout(der: Uint8Array): CertificateLayout {
  const certificate = expectTag(readElement(der, 0, der.length), Tag.sequence, 'the certificate');
  if (certificate.end !== der.length) throw new MalformedCertificate('bytes follow the certificate');
  const toBeSigned = expectTag(readChildren(der, certificate)[0], Tag.sequence, 'the signed part');
  const parts = readChildren(der, toBeSigned);
  // `[0] version` is absent in version 1 certificates; all that follows moves up by one.
  const first = parts[0]?.tag === contextTag(0) ? 1 : 0;
  return {
    serialNumber: expectTag(parts[first], Tag.integer, 'the serial number'),
    signatureAlgorithm: expectTag(parts[first + 1], Tag.sequence, 'the signature algorithm'),
    issuer: expectTag(parts[first + 2], Tag.sequence, 'the issuer'),
    subject: expectTag(parts[first + 4], Tag.sequence, 'the subject'),
    extensions: parts.find(part => part.tag === contextTag(3)),
  };
}

/** Reads the facts of a certificate in DER. Throws `MalformedCertificate` and nothing else. */
export function readCertificateFacts(der: Uint8Array): CertificateFacts {
  const layout = readLayout(der);
  return {
    subject: readNameFields(der, layout.subject),
    issuer: readNameFields(der, layout.issuer),
    subjectAlternativeNames: readAlternativeNames(der, findExtension(der, layout, '2.5.29.17')),
    issuerAlternativeNames: readAlternativeNames(der, findExtension(der, layout, '2.5.29.18')),
    serialNumber: readInteger(der, layout.serialNumber).toString(),
  };
}

/** The content of an extension's OCTET STRING, or undefined where the certificate has no such extension. */
function findExtension(der: Uint8Array, layout: CertificateLayout, oid: string): Element | undefined {
  if (layout.extensions === undefined) return undefined;
  const list = expectTag(readChildren(der, layout.extensions)[0], Tag.sequence, 'the list of extensions');
  for (const extension of readChildren(der, list)) {
    const fields = readChildren(der, expectTag(extension, Tag.sequence, 'an extension'));
    const type = expectTag(fields[0], Tag.objectIdentifier, 'the kind of an extension');
    if (readObjectIdentifier(der, type) !== oid) continue;
    // `critical` may stand between the kind and the value.
    return expectTag(fields.at(-1), Tag.octetString, 'the value of an extension');
  }
  return undefined;
}

/** GeneralNames of RFC 5280 §4.2.1.6; the kinds a policy cannot name are passed over. */
function readAlternativeNames(der: Uint8Array, extension: Element | undefined): AlternativeNames {
  if (extension === undefined) return {};
  const list = readElement(der, extension.contentStart, extension.end);
  const names: Partial<Record<AlternativeNameKind, string[]>> = {};
  const add = (kind: AlternativeNameKind, value: string) => {
    const values = names[kind];
    if (values === undefined) names[kind] = [value];
    else values.push(value);
  };
  for (const name of readChildren(der, expectTag(list, Tag.sequence, 'the alternative names'))) {
    if (name.tag === implicitTag(1)) add('RFC822Name', latin1(der, name));
    else if (name.tag === implicitTag(2)) add('DNSName', latin1(der, name));
    else if (name.tag === contextTag(4)) add('DirectoryName', directoryName(der, name));
    else if (name.tag === implicitTag(6)) add('UniformResourceIdentifier', latin1(der, name));
    else if (name.tag === implicitTag(7)) add('IPAddress', ipAddress(der, name));
  }
  return names;
}

/** IA5String without its own tag. */
const latin1 = (der: Uint8Array, of: Element): string => Buffer.from(contentOf(der, of)).toString('latin1');

function directoryName(der: Uint8Array, of: Element): string {
  const [name] = readChildren(der, of);
  return formatName(der, expectTag(name, Tag.sequence, 'a directory name'));
}

function ipAddress(der: Uint8Array, of: Element): string {
  const address = formatIpAddress(contentOf(der, of));
  if (address === undefined) throw new MalformedCertificate('an alternative name holds an address of odd length');
  return address;
}
