/** JSON as DynamoDB's attributes: the natural mapping (AWS: "DynamoDBv2", which does not spell it out). */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type ExactJson, isNumberText } from './exact-json.ts';

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

/** `Array.isArray` does not narrow a list that may not be written. */
const isList = (value: ExactJson): value is readonly ExactJson[] => Array.isArray(value);
