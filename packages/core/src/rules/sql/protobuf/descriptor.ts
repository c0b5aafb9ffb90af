/** Reads a serialized `FileDescriptorSet`, what `protoc --descriptor_set_out --include_imports` writes (descriptor.proto). */
import { readFields, type WireField } from './wire.ts';

/** Numbers of `FieldDescriptorProto.Type`. */
export const FieldType = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  group: 10,
  message: 11,
  bytes: 12,
  uint32: 13,
  enum: 14,
  sfixed32: 15,
  sfixed64: 16,
  sint32: 17,
  sint64: 18,
} as const;

export interface FieldDescriptor {
  readonly number: number;
  /** Its name in JSON, in lowerCamelCase. */
  readonly jsonName: string;
  readonly type: number;
  readonly isRepeated: boolean;
  /** Of a message or an enum: the full name, with a dot before it. */
  readonly typeName: string;
}

export interface MessageDescriptor {
  /** With a dot before it, like `.fleet.Reading`. */
  readonly fullName: string;
  readonly fields: ReadonlyMap<number, FieldDescriptor>;
  /** Whether it is the entry of a map. */
  readonly isMapEntry: boolean;
}

export interface DescriptorSet {
  readonly messages: ReadonlyMap<string, MessageDescriptor>;
  /** By full name: the value's name by its number. */
  readonly enums: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** The package of each file. */
  readonly packages: ReadonlyMap<string, string>;
}

interface Builder {
  readonly messages: Map<string, MessageDescriptor>;
  readonly enums: Map<string, ReadonlyMap<number, string>>;
  readonly packages: Map<string, string>;
}

/** Throws an `Error` if the bytes are no descriptors. */
export function readDescriptorSet(bytes: Uint8Array): DescriptorSet {
  const set: Builder = { messages: new Map(), enums: new Map(), packages: new Map() };
  for (const file of all(readFields(bytes), 1)) readFile(readFields(file.bytes), set);
  return set;
}

function readFile(file: readonly WireField[], set: Builder): void {
  const packageName = textOf(file, 2);
  set.packages.set(textOf(file, 1), packageName);
  const scope = packageName === '' ? '' : `.${packageName}`;
  for (const message of all(file, 4)) readMessage(readFields(message.bytes), scope, set);
  for (const type of all(file, 5)) readEnum(readFields(type.bytes), scope, set);
}

function readMessage(message: readonly WireField[], scope: string, set: Builder): void {
  const fullName = `${scope}.${textOf(message, 1)}`;
  const fields = all(message, 2).map(({ bytes }) => readField(readFields(bytes)));
  const options = all(message, 7).flatMap(({ bytes }) => readFields(bytes));
  set.messages.set(fullName, {
    fullName,
    fields: new Map(fields.map(field => [field.number, field])),
    isMapEntry: numberOf(options, 7) === 1,
  });
  for (const nested of all(message, 3)) readMessage(readFields(nested.bytes), fullName, set);
  for (const type of all(message, 4)) readEnum(readFields(type.bytes), fullName, set);
}

const REPEATED = 3;

const readField = (field: readonly WireField[]): FieldDescriptor => ({
  number: numberOf(field, 3),
  jsonName: textOf(field, 10) || camelCase(textOf(field, 1)),
  type: numberOf(field, 5),
  isRepeated: numberOf(field, 4) === REPEATED,
  typeName: textOf(field, 6),
});

function readEnum(type: readonly WireField[], scope: string, set: Builder): void {
  const values = all(type, 2).map(({ bytes }) => readFields(bytes));
  set.enums.set(
    `${scope}.${textOf(type, 1)}`,
    new Map(values.map(value => [numberOf(value, 2) | 0, textOf(value, 1)])),
  );
}

const all = (fields: readonly WireField[], number: number): WireField[] =>
  fields.filter(field => field.number === number);

const last = (fields: readonly WireField[], number: number) => fields.findLast(field => field.number === number);

const textOf = (fields: readonly WireField[], number: number): string =>
  Buffer.from(last(fields, number)?.bytes ?? []).toString('utf8');

const numberOf = (fields: readonly WireField[], number: number): number =>
  Number(BigInt.asIntN(32, last(fields, number)?.bits ?? 0n));

const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
