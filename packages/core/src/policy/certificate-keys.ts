/**
 * The keys `iot:Certificate.…`: which exist, and what they say of one certificate (AWS: X.509 certificate policy
 * variables). The only place that knows how several values of one attribute are numbered.
 */
import type { AlternativeNameKind, CertificateFacts } from '../identity/certificate-facts.ts';
import { NameField, type NameFieldName } from '../identity/distinguished-name.ts';

const PREFIX = 'iot:Certificate.';
const LIST = '.List';
/** Further values of an attribute are ignored (AWS: X.509 certificate policy variable limitations, "Array fields"). */
const MAX_VALUES = 5;

type Values = readonly string[] | undefined;
type Attribute = (certificate: CertificateFacts) => Values;

const alternativeNameKinds: readonly AlternativeNameKind[] = [
  'RFC822Name',
  'DNSName',
  'DirectoryName',
  'UniformResourceIdentifier',
  'IPAddress',
];

/** Every attribute under its plain key, as AWS spells it. */
const attributes: ReadonlyMap<string, Attribute> = new Map([
  ...Object.values(NameField).flatMap(field => nameAttributes(field)),
  ...alternativeNameKinds.flatMap(kind => alternativeNameAttributes(kind)),
  [`${PREFIX}SerialNumber`, certificate => [certificate.serialNumber]],
] satisfies [string, Attribute][]);

const attributesByLowerCase = new Map([...attributes].map(([key, attribute]) => [key.toLowerCase(), attribute]));

/** The keys that can be named, without `.1`, `.2`, … and `.List`. */
export const certificateKeys: readonly string[] = [...attributes.keys(), `${PREFIX}AvailableKeys`];

/** Whether `key`, in lower case, belongs to this file; `iot:CertificateId` does not. */
export const isCertificateKey = (key: string): boolean => key.startsWith(PREFIX.toLowerCase());

/**
 * Values of a key given in lower case: `…commonname` is the first value alone, `….1` the second, `….2` the third and so on,
 * `….list` all of them.
 */
export function certificateValues(certificate: CertificateFacts, key: string): Values {
  if (key === `${PREFIX}AvailableKeys`.toLowerCase()) return availableKeys(certificate);
  const { attribute, selector } = splitKey(key);
  const values = attributesByLowerCase.get(attribute)?.(certificate)?.slice(0, MAX_VALUES);
  if (values === undefined || values.length === 0) return undefined;
  if (selector === 'list') return values;
  const value = values[selector];
  return value === undefined ? undefined : [value];
}

/** The plain key that `key` selects from, such as `…CommonName` of `…CommonName.List` and of `…CommonName.2`. */
export function splitKey(key: string): { attribute: string; selector: number | 'list' } {
  const dot = key.lastIndexOf('.');
  const last = key.slice(dot);
  if (last.toLowerCase() === LIST.toLowerCase()) return { attribute: key.slice(0, dot), selector: 'list' };
  if (last.length === 2 && last >= '.1' && last <= '.9')
    return { attribute: key.slice(0, dot), selector: Number(last[1]) };
  return { attribute: key, selector: 0 };
}

function availableKeys(certificate: CertificateFacts): string[] {
  return [...attributes].flatMap(([key, attribute]) => {
    const count = Math.min(attribute(certificate)?.length ?? 0, MAX_VALUES);
    return Array.from({ length: count }, (_, index) => (index === 0 ? key : `${key}.${index}`));
  });
}

function nameAttributes(field: NameFieldName): [string, Attribute][] {
  return [
    [`${PREFIX}Subject.${field}`, certificate => certificate.subject[field]],
    [`${PREFIX}Issuer.${field}`, certificate => certificate.issuer[field]],
  ];
}

function alternativeNameAttributes(kind: AlternativeNameKind): [string, Attribute][] {
  return [
    [`${PREFIX}Subject.AlternativeName.${kind}`, certificate => certificate.subjectAlternativeNames[kind]],
    [`${PREFIX}Issuer.AlternativeName.${kind}`, certificate => certificate.issuerAlternativeNames[kind]],
  ];
}
