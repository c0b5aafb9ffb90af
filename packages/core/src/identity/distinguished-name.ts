/** X.501 names as AWS IoT policies see them: `Subject.CommonName` and its siblings, and the one-line form of a `DirectoryName`. */
import {
  type Element,
  expectTag,
  MalformedCertificate,
  readChildren,
  readObjectIdentifier,
  readText,
  Tag,
} from './der.ts';

/** The attributes a policy can name (AWS: X.509 certificate policy variables). */
export const NameField = {
  '2.5.4.46': 'DistinguishedNameQualifier',
  '2.5.4.6': 'Country',
  '2.5.4.10': 'Organization',
  '2.5.4.11': 'OrganizationalUnit',
  '2.5.4.8': 'State',
  '2.5.4.3': 'CommonName',
  '2.5.4.5': 'SerialNumber',
  '2.5.4.12': 'Title',
  '2.5.4.4': 'Surname',
  '2.5.4.42': 'GivenName',
  '2.5.4.43': 'Initials',
  '2.5.4.65': 'Pseudonym',
  '2.5.4.44': 'GenerationQualifier',
} as const;

export type NameFieldName = (typeof NameField)[keyof typeof NameField];

/** Values of each attribute that occurs, in the order written. */
export type NameFields = Readonly<Partial<Record<NameFieldName, readonly string[]>>>;

/** RFC 4514 §3 names the first rows; the others are what OpenSSL and Java print. */
const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'cn',
  '2.5.4.6': 'c',
  '2.5.4.7': 'l',
  '2.5.4.8': 'st',
  '2.5.4.9': 'street',
  '2.5.4.10': 'o',
  '2.5.4.11': 'ou',
  '0.9.2342.19200300.100.1.1': 'uid',
  '0.9.2342.19200300.100.1.25': 'dc',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '2.5.4.4': 'sn',
  '2.5.4.5': 'serialNumber',
  '2.5.4.12': 'title',
  '2.5.4.42': 'givenName',
  '2.5.4.43': 'initials',
  '2.5.4.44': 'generationQualifier',
  '2.5.4.46': 'dnQualifier',
  '2.5.4.65': 'pseudonym',
};

interface NameAttribute {
  readonly oid: string;
  readonly value: Element;
}

/** The relative distinguished names in the order written, each with one attribute or, where multi-valued, several. */
function readName(der: Uint8Array, name: Element): NameAttribute[][] {
  expectTag(name, Tag.sequence, 'a name');
  return readChildren(der, name).map(rdn => {
    expectTag(rdn, Tag.set, 'a part of a name');
    return readChildren(der, rdn).map(attribute => {
      expectTag(attribute, Tag.sequence, 'a part of a name');
      const [type, value] = readChildren(der, attribute);
      if (value === undefined) throw new MalformedCertificate('a part of a name has no value');
      return { oid: readObjectIdentifier(der, expectTag(type, Tag.objectIdentifier, 'the kind of a name')), value };
    });
  });
}

/** Picks out what a policy can name; an attribute of any other kind is passed over. */
export function readNameFields(der: Uint8Array, name: Element): NameFields {
  const fields: Partial<Record<NameFieldName, string[]>> = {};
  for (const { oid, value } of readName(der, name).flat()) {
    const field = (NameField as Readonly<Record<string, NameFieldName>>)[oid];
    if (field === undefined) continue;
    const values = fields[field];
    if (values === undefined) fields[field] = [readText(der, value)];
    else values.push(readText(der, value));
  }
  return fields;
}

/**
 * `cn=LightBulbCert,ou=SmartHome,o=IoT,c=US`: last part first, as RFC 4514 writes it and AWS shows it
 * (AWS: using X.509 certificate policy variables). Its special characters are escaped, so that no value can pose as another part.
 */
export function formatName(der: Uint8Array, name: Element): string {
  return readName(der, name)
    .reverse()
    .map(rdn => rdn.map(attribute => formatAttribute(der, attribute)).join('+'))
    .join(',');
}

function formatAttribute(der: Uint8Array, { oid, value }: NameAttribute): string {
  const shortName = shortNames[oid];
  if (shortName !== undefined) return `${shortName}=${escapeValue(readText(der, value))}`;
  // RFC 4514 §2.4: a type without a name shows its value as the bytes of its encoding.
  return `${oid}=#${Buffer.from(der.subarray(value.start, value.end)).toString('hex')}`;
}

/** RFC 4514 §2.4. */
const escapeValue = (value: string): string =>
  value
    .replace(/[,+"\\<>;=]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/(?<!\\) $/, '\\ ')
    .replaceAll('\0', '\\00');
