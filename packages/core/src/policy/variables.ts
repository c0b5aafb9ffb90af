/** What a policy variable `${…}` stands for in a given context, and when it is left standing as text. */
import { certificateKeys, isCertificateKey, splitKey } from './certificate-keys.ts';
import { connectKeys, type PolicyContext, timeKeys } from './context.ts';
import { substitute, type Template, type Variable } from './template.ts';
import type { Token } from './wildcard.ts';

/** Every key a condition or a variable can name; thing attributes and the further values of a certificate's come on top. */
export const knownKeys: readonly string[] = [
  'iot:ClientId',
  'iot:DomainName',
  'iot:CertificateId',
  'iot:Connection.Thing.ThingName',
  'iot:Connection.Thing.ThingTypeName',
  'iot:Connection.Thing.IsAttached',
  'iot:ConnectAttributes',
  'iot:LastWillTopic',
  'cognito-identity.amazonaws.com:sub',
  'aws:SourceIp',
  'aws:SecureTransport',
  'aws:UserAgent',
  'aws:CurrentTime',
  'aws:EpochTime',
  ...certificateKeys,
];

const knownKeysInLowerCase = new Set(knownKeys.map(key => key.toLowerCase()));

export function isKnownKey(key: string): boolean {
  const name = key.toLowerCase();
  if (name.startsWith('iot:connection.thing.attributes[') && name.endsWith(']')) return true;
  return knownKeysInLowerCase.has(isCertificateKey(name) ? splitKey(name).attribute : name);
}

export const isTimeKey = (key: string): boolean => timeKeys.has(key.toLowerCase());

export const isConnectKey = (key: string): boolean => connectKeys.has(key.toLowerCase());

/** Keys that hold a set. A set cannot stand in one place, so as variables they have no value, even a set of one. */
export function holdsSet(key: string): boolean {
  const name = key.toLowerCase();
  if (name === 'iot:connectattributes' || name === 'iot:certificate.availablekeys') return true;
  return isCertificateKey(name) && splitKey(name).selector === 'list';
}

/** The text to put in a variable's place; undefined if it is to stay as it stands. */
export function valueOfVariable(variable: Variable, context: PolicyContext): string | undefined {
  if (holdsSet(variable.name)) return undefined;
  const value = context.get(variable.name)?.[0];
  if (value === undefined) return variable.fallback;
  return isCertificateKey(variable.name.toLowerCase()) ? certificateText(value) : value;
}

/** A template with its variables put in. */
export function substituteFrom(template: Template, context: PolicyContext): Token[] {
  return substitute(template, variable => valueOfVariable(variable, context));
}

const MAX_CERTIFICATE_VALUE = 1024;

/**
 * Whoever asks for a certificate chooses what stands in it, so a value with a wildcard of policies or of MQTT, or a very long
 * one, is not put in; special characters of names get a backslash (AWS: X.509 certificate policy variable limitations).
 */
function certificateText(value: string): string | undefined {
  if (value.length > MAX_CERTIFICATE_VALUE) return undefined;
  let text = '';
  for (const character of value) {
    if ('*$+?#'.includes(character)) return undefined;
    text += ',"\\=<>;'.includes(character) ? `\\${character}` : character;
  }
  return text;
}
