/** Protobuf messages to JSON values, by the JSON mapping of proto3. Fields that are not set, or not known, are left out. */
import { bufferOf } from '../value/scalar.ts';
import { member, setMember, type Value } from '../value/value.ts';
import {
  type DescriptorSet,
  type FieldDescriptor,
  FieldType,
  type MessageDescriptor,
  readDescriptorSet,
} from './descriptor.ts';
import { readFields, readFixed, readVarints, type WireField } from './wire.ts';

const MAX_DEPTH = 100;

/**
 * Decodes a message of type `typeName`, of the file `fileName` among the descriptors; the name may be written with the package or
 * without. Throws an `Error` that says what is wrong.
 */
export function decodeProtobuf(descriptors: Uint8Array, fileName: string, typeName: string, bytes: Uint8Array): Value {
  const set = descriptorSetOf(descriptors);
  const packageName = set.packages.get(fileName);
  if (packageName === undefined) throw new Error(`the descriptor has no file \`${fileName}\``);
  const names = [`.${typeName}`, `.${packageName}.${typeName}`];
  const type = names.map(name => set.messages.get(name)).find(found => found !== undefined);
  if (type === undefined) throw new Error(`the descriptor has no message type \`${typeName}\``);
  return decodeMessage(type, bytes, set, 0);
}

/** Read once while whoever fetched them keeps them. */
const sets = new WeakMap<Uint8Array, DescriptorSet>();

function descriptorSetOf(bytes: Uint8Array): DescriptorSet {
  const set = sets.get(bytes) ?? readDescriptorSet(bytes);
  sets.set(bytes, set);
  return set;
}

function decodeMessage(type: MessageDescriptor, bytes: Uint8Array, set: DescriptorSet, depth: number): Value {
  if (depth > MAX_DEPTH) throw new Error('messages are nested too deeply');
  const values = new Map<FieldDescriptor, Value[]>();
  for (const wire of readFields(bytes)) {
    const field = type.fields.get(wire.number);
    if (field === undefined) continue;
    const known = values.get(field) ?? [];
    for (const value of decodeField(field, wire, set, depth)) known.push(value);
    values.set(field, known);
  }
  const object: Record<string, Value> = {};
  for (const [field, decoded] of values) setMember(object, field.jsonName, jsonOf(field, decoded, set));
  return object;
}

/** The array of a repeated field, the object of a map, the last value of any other. */
function jsonOf(field: FieldDescriptor, values: readonly Value[], set: DescriptorSet): Value {
  if (!field.isRepeated) return values.at(-1) ?? null;
  const entryType = set.messages.get(field.typeName);
  if (!entryType?.isMapEntry) return values;
  const map: Record<string, Value> = {};
  for (const entry of values) {
    const key = member(entry, 'key');
    const value = member(entry, 'value');
    const name = key === undefined ? defaultOf(entryType.fields.get(1), set) : key;
    setMember(map, String(name), value === undefined ? defaultOf(entryType.fields.get(2), set) : value);
  }
  return map;
}

/** What a key or a value of a map is when the entry leaves it out. */
function defaultOf(field: FieldDescriptor | undefined, set: DescriptorSet): Value {
  switch (field?.type) {
    case undefined:
      return null;
    case FieldType.string:
    case FieldType.bytes:
      return '';
    case FieldType.message:
      return {};
    default:
      return decodeNumber(field!, 0n, set);
  }
}

/** One value, or all those of a packed field. */
function decodeField(field: FieldDescriptor, wire: WireField, set: DescriptorSet, depth: number): Value[] {
  switch (field.type) {
    case FieldType.string:
      return [bufferOf(wire.bytes).toString('utf8')];
    case FieldType.bytes:
      return [bufferOf(wire.bytes).toString('base64')];
    case FieldType.message:
    case FieldType.group: {
      const type = set.messages.get(field.typeName);
      if (type === undefined) throw new Error(`the descriptor lacks \`${field.typeName}\`: include the imports`);
      return [decodeMessage(type, wire.bytes, set, depth + 1)];
    }
    default:
      return bitsOf(field.type, wire).map(bits => decodeNumber(field, bits, set));
  }
}

function bitsOf(type: number, wire: WireField): readonly bigint[] {
  if (wire.type !== 2) return [wire.bits];
  switch (type) {
    case FieldType.double:
    case FieldType.fixed64:
    case FieldType.sfixed64:
      return readFixed(wire.bytes, 8);
    case FieldType.float:
    case FieldType.fixed32:
    case FieldType.sfixed32:
      return readFixed(wire.bytes, 4);
    default:
      return readVarints(wire.bytes);
  }
}

/** Numbers of 64 bits are strings in JSON, as proto3 wants them: not every reader can hold them. */
function decodeNumber(field: FieldDescriptor, bits: bigint, set: DescriptorSet): Value {
  switch (field.type) {
    case FieldType.bool:
      return bits !== 0n;
    case FieldType.int32:
    case FieldType.sfixed32:
      return Number(BigInt.asIntN(32, bits));
    case FieldType.uint32:
    case FieldType.fixed32:
      return Number(BigInt.asUintN(32, bits));
    case FieldType.sint32:
      return Number(zigzag(BigInt.asUintN(32, bits)));
    case FieldType.int64:
    case FieldType.sfixed64:
      return BigInt.asIntN(64, bits).toString();
    case FieldType.uint64:
    case FieldType.fixed64:
      return bits.toString();
    case FieldType.sint64:
      return zigzag(bits).toString();
    case FieldType.enum: {
      const number = Number(BigInt.asIntN(32, bits));
      return set.enums.get(field.typeName)?.get(number) ?? number;
    }
    case FieldType.float:
      return floating(bits, 4);
    case FieldType.double:
      return floating(bits, 8);
    default:
      throw new Error(`a field has the unknown type ${field.type}`);
  }
}

const zigzag = (bits: bigint): bigint => (bits >> 1n) ^ -(bits & 1n);

const scratch = new DataView(new ArrayBuffer(8));

/** What JSON has no number for is text; a float is written with the digits it has. */
function floating(bits: bigint, size: 4 | 8): Value {
  scratch.setBigUint64(0, bits, true);
  const value = size === 4 ? shortestFloat(scratch.getFloat32(0, true)) : scratch.getFloat64(0, true);
  return Number.isFinite(value) ? value : String(value);
}

/** 0.1 as a float is 0.10000000149011612 as a double; nine digits always say which float it was. */
function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
