/** JSON as DynamoDB's attributes, and back: the natural mapping (AWS: "DynamoDBv2", which does not spell it out). */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type ExactJson, isNumberText, numberText } from './exact-json.ts';

export function attributeValue(value: ExactJson): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (isNumberText(value)) return { N: value.rawJSON };
  if (isList(value)) return { L: value.map(attributeValue) };
  return { M: attributes(value as Readonly<Record<string, ExactJson>>) };
}

/** Every member as an attribute of its name. */
export const attributes = (object: Readonly<Record<string, ExactJson>>): Record<string, AttributeValue> =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, attributeValue(value)]));

/** The other way: sets become lists, and binary values base64, as JSON has neither. */
export function jsonOfAttribute(value: AttributeValue): ExactJson {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return numberText(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.L !== undefined) return value.L.map(jsonOfAttribute);
  if (value.M !== undefined) return jsonOfAttributes(value.M);
  if (value.SS !== undefined) return value.SS;
  if (value.NS !== undefined) return value.NS.map(numberText);
  if (value.B !== undefined) return base64(value.B);
  if (value.BS !== undefined) return value.BS.map(base64);
  return null;
}

export const jsonOfAttributes = (item: Readonly<Record<string, AttributeValue>>): Record<string, ExactJson> =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, jsonOfAttribute(value)]));

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** `Array.isArray` does not narrow a list that may not be written. */
const isList = (value: ExactJson): value is readonly ExactJson[] => Array.isArray(value);
