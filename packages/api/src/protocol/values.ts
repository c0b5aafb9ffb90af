/**
 * Values of the model's shapes between JSON and TypeScript: timestamps are epoch seconds and `Date`, blobs base64 and
 * `Buffer`. What a shape does not name is dropped, as AWS does; what has the wrong type is a `SerializationException`.
 */
import { RequestError } from './errors.ts';
import type { Member, ServiceModel, Shape, StructureShape } from './model.ts';

export const shapeOf = (model: ServiceModel, member: Member): Shape =>
  model.shapes[typeof member === 'string' ? member : member.shape]!;

export const structureOf = (model: ServiceModel, name: string): StructureShape => {
  const shape = model.shapes[name];
  if (shape?.type !== 'structure') throw new Error(`${name} is not a structure`);
  return shape;
};

/** Reads a JSON value as `shape`; null members count as absent. */
export function fromJson(model: ServiceModel, shape: Shape, value: unknown): unknown {
  switch (shape.type) {
    case 'structure':
      return structureFromJson(model, shape, value);
    case 'list': {
      if (!Array.isArray(value)) throw mismatch(value, 'list');
      const member = shapeOf(model, shape.member);
      return value.filter(item => item !== null).map(item => fromJson(model, member, item));
    }
    case 'map': {
      const member = shapeOf(model, shape.value);
      const entries = Object.entries(asObject(value, 'map')).filter(([, item]) => item !== null);
      return Object.fromEntries(entries.map(([key, item]) => [key, fromJson(model, member, item)]));
    }
    case 'string':
      if (typeof value !== 'string') throw mismatch(value, 'String');
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch(value, 'Boolean');
      return value;
    case 'integer':
    case 'long':
      if (!Number.isInteger(value)) throw mismatch(value, shape.type === 'integer' ? 'Integer' : 'Long');
      return value;
    case 'double':
      if (typeof value !== 'number') throw mismatch(value, 'Double');
      return value;
    case 'timestamp': {
      const date = typeof value === 'number' ? new Date(Math.round(value * 1000)) : undefined;
      if (!date || Number.isNaN(date.getTime())) throw mismatch(value, 'milliseconds since epoch');
      return date;
    }
    case 'blob':
      if (typeof value !== 'string') throw mismatch(value, 'Blob');
      return Buffer.from(value, 'base64');
  }
}

/** Reads the members of a structure that the body carries; members bound elsewhere are not looked for. */
export function structureFromJson(model: ServiceModel, shape: StructureShape, value: unknown): Record<string, unknown> {
  const source = asObject(value, 'structure');
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(shape.members)) {
    if (typeof member !== 'string' || !Object.hasOwn(source, name)) continue;
    const item = source[name];
    if (item !== null) result[name] = fromJson(model, shapeOf(model, member), item);
  }
  return result;
}

/** Reads the text of a label, query parameter or header as `shape`, which is a scalar there. */
export function fromText(shape: Shape, text: string): unknown {
  switch (shape.type) {
    case 'string':
      return text;
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw mismatch(text, 'Boolean');
      return text === 'true';
    case 'integer':
    case 'long':
      if (!/^[+-]?\d{1,19}$/.test(text)) throw mismatch(text, shape.type === 'integer' ? 'Integer' : 'Long');
      return Number(text);
    case 'timestamp': {
      const date = new Date(text);
      if (Number.isNaN(date.getTime())) throw mismatch(text, 'Date');
      return date;
    }
    default:
      throw new Error(`no text form of ${shape.type}`);
  }
}

/** Writes a value as JSON: dates as epoch seconds with milliseconds as their fraction, which every SDK reads. */
export function toJson(model: ServiceModel, shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  switch (shape.type) {
    case 'structure':
      return structureToJson(model, shape, value as Readonly<Record<string, unknown>>);
    case 'list': {
      const member = shapeOf(model, shape.member);
      return (value as readonly unknown[]).map(item => toJson(model, member, item));
    }
    case 'map': {
      const member = shapeOf(model, shape.value);
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(model, member, item)]));
    }
    case 'timestamp':
      return (value as Date).getTime() / 1000;
    case 'blob':
      return (value as Buffer).toString('base64');
    default:
      return value;
  }
}

export function structureToJson(
  model: ServiceModel,
  shape: StructureShape,
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const body = Object.entries(shape.members).filter(([, member]) => typeof member === 'string');
  return Object.fromEntries(body.map(([name, member]) => [name, toJson(model, shapeOf(model, member), value[name])]));
}

function asObject(value: unknown, wanted: 'structure' | 'map'): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mismatch(value, wanted);
  return value as Readonly<Record<string, unknown>>;
}

function mismatch(value: unknown, wanted: string): RequestError {
  return new RequestError('SerializationException', `${tokenOf(value)} cannot be converted to ${wanted}`);
}

/** What AWS's JSON reader calls the value it stumbled over. */
function tokenOf(value: unknown): string {
  if (typeof value === 'string') return 'STRING_VALUE';
  if (typeof value === 'number') return Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE';
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  if (value === null) return 'NULL_VALUE';
  return Array.isArray(value) ? 'START_ARRAY' : 'START_OBJECT';
}
