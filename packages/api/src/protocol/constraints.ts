/**
 * The constraints of the model — required, length, range, pattern, enumeration — and the words in which AWS reports the
 * ones that input breaks. Pure.
 */
import type { ServiceModel, Shape, StringShape } from './model.ts';
import { shapeOf } from './values.ts';

/**
 * AWS's message about everything wrong with `input`, or undefined when nothing is.
 *
 * `1 validation error detected: Value 'a b' at 'thingName' failed to satisfy constraint: Member must satisfy …`
 */
export function validationMessage(model: ServiceModel, shapeName: string, input: unknown): string | undefined {
  const errors: string[] = [];
  check(model, model.shapes[shapeName]!, input, '', errors);
  if (errors.length === 0) return undefined;
  return `${errors.length} validation error${errors.length > 1 ? 's' : ''} detected: ${errors.join('; ')}`;
}

function check(model: ServiceModel, shape: Shape, value: unknown, path: string, errors: string[]): void {
  for (const constraint of broken(shape, value)) errors.push(`${at(value, path)}: ${constraint}`);
  switch (shape.type) {
    case 'structure': {
      const structure = value as Readonly<Record<string, unknown>>;
      for (const [name, member] of Object.entries(shape.members)) {
        const memberPath = path === '' ? name : `${path}.${name}`;
        const item = structure[name];
        if (item !== undefined) check(model, shapeOf(model, member), item, memberPath, errors);
        else if (shape.required?.includes(name)) errors.push(`${at(undefined, memberPath)}: Member must not be null`);
      }
      return;
    }
    case 'list': {
      const member = shapeOf(model, shape.member);
      for (const [index, item] of (value as readonly unknown[]).entries()) {
        check(model, member, item, `${path}.${index + 1}.member`, errors);
      }
      return;
    }
    case 'map':
      checkMap(model, shape, value as Readonly<Record<string, unknown>>, path, errors);
      return;
  }
}

/** Keys and scalar values of a map are reported together, with all constraints of their shape. */
function checkMap(
  model: ServiceModel,
  shape: Extract<Shape, { type: 'map' }>,
  map: Readonly<Record<string, unknown>>,
  path: string,
  errors: string[],
): void {
  const key = shapeOf(model, shape.key);
  const value = shapeOf(model, shape.value);
  if (Object.keys(map).some(name => broken(key, name).length > 0)) {
    errors.push(`${at(map, path)}: Map keys must satisfy constraint: [${allConstraints(key)}]`);
  }
  if (value.type === 'structure' || value.type === 'list' || value.type === 'map') {
    for (const [name, item] of Object.entries(map)) check(model, value, item, `${path}.${name}.member`, errors);
  } else if (Object.values(map).some(item => broken(value, item).length > 0)) {
    errors.push(`${at(map, path)}: Map value must satisfy constraint: [${allConstraints(value)}]`);
  }
}

/** The constraints of `shape` itself that `value` breaks; the pattern comes before lengths (observed). */
function broken(shape: Shape, value: unknown): string[] {
  switch (shape.type) {
    case 'string':
      return brokenString(shape, value as string);
    case 'list':
      return lengths(shape, (value as readonly unknown[]).length);
    case 'map':
      return lengths(shape, Object.keys(value as object).length);
    case 'blob':
      return lengths(shape, (value as Buffer).length);
    case 'integer':
    case 'long':
    case 'double':
      return range(shape, value as number);
    default:
      return [];
  }
}

function brokenString(shape: StringShape, value: string): string[] {
  const constraints = lengths(shape, shape.min === undefined && shape.max === undefined ? 0 : codePoints(value));
  if (shape.pattern !== undefined && !patternOf(shape.pattern).test(value))
    constraints.unshift(patternWords(shape.pattern));
  if (shape.enum && !shape.enum.includes(value)) constraints.unshift(enumWords(shape.enum));
  return constraints;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

function lengths({ min, max }: Bounds, length: number): string[] {
  const constraints: string[] = [];
  if (max !== undefined && length > max) constraints.push(`Member must have length less than or equal to ${max}`);
  if (min !== undefined && length < min) constraints.push(`Member must have length greater than or equal to ${min}`);
  return constraints;
}

function range({ min, max }: Bounds, value: number): string[] {
  const constraints: string[] = [];
  if (max !== undefined && value > max) constraints.push(`Member must have value less than or equal to ${max}`);
  if (min !== undefined && value < min) constraints.push(`Member must have value greater than or equal to ${min}`);
  return constraints;
}

const patternWords = (pattern: string): string => `Member must satisfy regular expression pattern: ${pattern}`;
const enumWords = (values: readonly string[]): string => `Member must satisfy enum value set: [${values.join(', ')}]`;

function allConstraints(shape: Shape): string {
  const constraints: string[] = [];
  if ('max' in shape && shape.max !== undefined)
    constraints.push(...lengths({ max: shape.max }, Number.POSITIVE_INFINITY));
  if ('min' in shape && shape.min !== undefined)
    constraints.push(...lengths({ min: shape.min }, Number.NEGATIVE_INFINITY));
  if (shape.type === 'string' && shape.pattern !== undefined) constraints.push(patternWords(shape.pattern));
  if (shape.type === 'string' && shape.enum) constraints.push(enumWords(shape.enum));
  return constraints.join(', ');
}

const at = (value: unknown, path: string): string => `Value ${shown(value)} at '${path}' failed to satisfy constraint`;

/** Values as Java prints them, cut where a document would flood the message. */
function shown(value: unknown): string {
  if (value === undefined) return 'null';
  const text = print(value);
  return `'${text.length > 512 ? `${text.slice(0, 512)}…` : text}'`;
}

function print(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(print).join(', ')}]`;
  if (Buffer.isBuffer(value)) return `${value.length} bytes`;
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${key}=${print(item)}`)
    .join(', ')}}`;
}

const patterns = new Map<string, RegExp>();

/** Classes of Java's regular expressions that JavaScript lacks; in Java they are ASCII. */
const posixClasses: Readonly<Record<string, string>> = {
  '\\p{Graph}': '\\x21-\\x7E',
  '\\p{Upper}': 'A-Z',
  '\\p{Digit}': '0-9',
  '\\p{Cntrl}': '\\x00-\\x1F\\x7F',
};

/** The model's pattern as a JavaScript expression over the whole value. */
export function patternOf(pattern: string): RegExp {
  let compiled = patterns.get(pattern);
  if (!compiled) {
    // Java allows a backslash before any punctuation, JavaScript's Unicode mode only before what it would change.
    const source = pattern.replace(/\\(p\{\w+\}|.)/gs, escaped =>
      /^\\[^\w^$\\.*+?()[\]{}|/-]$/.test(escaped) ? escaped.slice(1) : (posixClasses[escaped] ?? escaped),
    );
    compiled = new RegExp(`^(?:${source})$`, 'u');
    patterns.set(pattern, compiled);
  }
  return compiled;
}
