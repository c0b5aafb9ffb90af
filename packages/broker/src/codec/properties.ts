/** The property section of an MQTT 5 packet, both ways, driven by the property table. [MQTT5 2.2.2] */
import type { Properties } from './packet.ts';
import { type Carrier, type PropertySpecification, propertyTable } from './property-table.ts';
import type { PacketReader } from './reader.ts';
import { malformed, protocolError } from './reason-code.ts';
import type { PacketWriter } from './writer.ts';

const byIdentifier: (PropertySpecification | undefined)[] = new Array(0x2b).fill(undefined);
const byName = new Map<string, PropertySpecification>();
for (const specification of propertyTable) {
  byIdentifier[specification.identifier] = specification;
  byName.set(specification.name, specification);
}

/** Properties seen by name alone: the table, not the compiler, knows which type belongs to which name. */
type Untyped = Record<string, unknown>;

/**
 * Reads a property section with its length; undefined when it is empty.
 *
 * Throws `MqttError(malformedPacket)` for an identifier that is unknown or not for this carrier, and
 * `MqttError(protocolError)` for a value out of range or a property given twice.
 */
export function decodeProperties(reader: PacketReader, carrier: Carrier): Properties | undefined {
  const length = reader.variableByteInteger();
  if (length === 0) return undefined;
  if (length > reader.remaining) throw malformed('the property section is longer than the packet');
  const packetEnd = reader.end;
  reader.end = reader.position + length;
  const properties: Properties = {};
  while (reader.remaining > 0) decodeProperty(reader, carrier, properties as Untyped);
  reader.end = packetEnd;
  return properties;
}

function decodeProperty(reader: PacketReader, carrier: Carrier, properties: Untyped): void {
  const identifier = reader.variableByteInteger();
  const specification = byIdentifier[identifier];
  if (specification === undefined) throw malformed(`property 0x${identifier.toString(16)} does not exist`);
  const { name, type } = specification;
  if ((specification.carriers & carrier) === 0) throw malformed(`property \`${name}\` is not allowed in this packet`);
  const earlier = properties[name];
  const value = decodeValue(reader, specification);
  if (type === 'stringPair' || type === 'variableByteInteger') {
    // Only these two are lists, and a SUBSCRIBE has one subscription identifier at most: `decodeSubscribe` sees to that.
    if (earlier === undefined) properties[name] = [value];
    else (earlier as unknown[]).push(value);
    return;
  }
  if (earlier !== undefined) throw protocolError(`property \`${name}\` is given twice`);
  properties[name] = value;
}

function decodeValue(reader: PacketReader, { name, type, positive }: PropertySpecification): unknown {
  switch (type) {
    case 'bit':
    case 'boolean': {
      const value = reader.byte();
      if (value > 1) throw protocolError(`property \`${name}\` is ${value}, it can be 0 or 1`);
      return type === 'boolean' ? value === 1 : value;
    }
    case 'uint16':
      return checkPositive(reader.uint16(), name, positive);
    case 'uint32':
      return checkPositive(reader.uint32(), name, positive);
    case 'variableByteInteger':
      return checkPositive(reader.variableByteInteger(), name, positive);
    case 'string':
      return reader.string();
    case 'topicName':
      return reader.topicName();
    case 'binary':
      return reader.binary();
    case 'stringPair':
      return [reader.string(), reader.string()];
    default:
      return type satisfies never;
  }
}

function checkPositive(value: number, name: string, positive: boolean): number {
  if (positive && value === 0) throw protocolError(`property \`${name}\` is 0, it has to be at least 1`);
  return value;
}

/**
 * Writes a property section with its length, in the order of the object's keys.
 *
 * Throws `TypeError` for a property this carrier cannot have: no peer sent it, so it is the caller's bug.
 */
export function encodeProperties(writer: PacketWriter, properties: Properties | undefined, carrier: Carrier): void {
  const start = writer.position;
  for (const name in properties) {
    const value = (properties as Untyped)[name];
    if (value === undefined) continue;
    const specification = byName.get(name);
    if (specification === undefined || (specification.carriers & carrier) === 0) {
      throw new TypeError(`property \`${name}\` is not allowed in this packet`);
    }
    if (Array.isArray(value)) for (const one of value) encodeProperty(writer, specification, one);
    else encodeProperty(writer, specification, value);
  }
  writer.insertLength(start);
}

function encodeProperty(writer: PacketWriter, specification: PropertySpecification, value: unknown): void {
  writer.byte(specification.identifier);
  switch (specification.type) {
    case 'bit':
    case 'boolean':
      writer.byte(Number(value));
      return;
    case 'uint16':
      writer.uint16(value as number);
      return;
    case 'uint32':
      writer.uint32(value as number);
      return;
    case 'variableByteInteger':
      writer.variableByteInteger(value as number);
      return;
    case 'string':
    case 'topicName':
      writer.string(value as string);
      return;
    case 'binary':
      writer.binary(value as Buffer);
      return;
    case 'stringPair': {
      const [name, text] = value as readonly [string, string];
      writer.string(name);
      writer.string(text);
      return;
    }
    default:
      specification.type satisfies never;
  }
}
