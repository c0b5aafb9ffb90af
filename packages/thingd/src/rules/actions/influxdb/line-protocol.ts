/** JSON as points in InfluxDB's line protocol (AWS: "InfluxDB", "InfluxDB record content"). Knows no server. */
import { type ExactJson, isNumberText, isObject } from '../aws/exact-json.ts';
import { elementField, elementText } from './element-template.ts';

export interface PointTemplate {
  /** May name a field of the element as `@{field}`. */
  readonly tableName: string;
  /** The values too. */
  readonly tags: Readonly<Record<string, string>>;
  /** Fields that the rule's templates have used up. */
  readonly usedFields: readonly string[];
  /** For an element without `timestamp`; undefined where it must have one. */
  readonly timestamp: string | undefined;
}

/** AWS: "Tags + fields exceed column limit". */
const mostColumns = 250;

/** A point that cannot be written, and why. */
export class UnfitPoint extends Error {
  override readonly name = 'UnfitPoint';
}

/** One line, without its end. Throws `UnfitPoint`. */
export function lineOf(element: ExactJson, template: PointTemplate): string {
  if (!isObject(element)) throw new UnfitPoint('a point is a JSON object');
  const { tableName, tags, usedFields } = template;
  const table = elementText(tableName, element);
  if (table === '' || table.startsWith('_')) throw new UnfitPoint(`\`${table}\` is no name of a table`);
  const tagTexts = Object.entries(tags)
    .map(([name, value]) => [name, elementText(value, element)] as const)
    .filter(([, value]) => value !== '')
    // InfluxDB takes sorted tags faster, sorted as Go sorts: by bytes.
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, value]) => `,${escaped('tag', nameOf(name), /[,= ]/g)}=${escaped('tag', value, /[,= ]/g)}`);
  const used = new Set(['timestamp', ...usedFields, ...elementFields(tableName, tags)]);
  const fields = Object.entries(element).flatMap(([name, value]) => {
    if (used.has(name) || value === null) return [];
    return [`${escaped('field', nameOf(name), /[,= ]/g)}=${fieldText(name, value)}`];
  });
  if (fields.length === 0) throw new UnfitPoint('nothing is left to be a field');
  const columns = tagTexts.length + fields.length;
  if (columns > mostColumns) throw new UnfitPoint(`there are ${columns} tags and fields; there may be ${mostColumns}`);
  const timestamp = timestampOf(element.timestamp) ?? template.timestamp;
  if (timestamp === undefined) throw new UnfitPoint('`timestamp` is missing');
  return `${escaped('table', table, /[, ]/g)}${tagTexts.join('')} ${fields.join(',')} ${timestamp}`;
}

const elementFields = (tableName: string, tags: PointTemplate['tags']): string[] =>
  [tableName, ...Object.values(tags)].flatMap(text => elementField(text) ?? []);

function nameOf(name: string): string {
  if (name !== '' && !name.startsWith('_')) return name;
  throw new UnfitPoint(`\`${name}\` is no name of a tag or field`);
}

/** A line has no way to carry a line break outside of a string, nor a backslash before one of its own signs. */
function escaped(what: string, text: string, signs: RegExp): string {
  if (/[\r\n]/.test(text)) throw new UnfitPoint(`a ${what} has a line break in it`);
  if (text.endsWith('\\')) throw new UnfitPoint(`a ${what} ends with a backslash`);
  return text.replace(signs, '\\$&');
}

function fieldText(name: string, value: Exclude<ExactJson, null>): string {
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (typeof value === 'string') return quoted(value);
  if (!isNumberText(value)) return quoted(JSON.stringify(value));
  const { rawJSON } = value;
  if (!/^-?\d+$/.test(rawJSON)) return rawJSON;
  const integer = BigInt(rawJSON);
  if (BigInt.asIntN(64, integer) === integer) return `${integer}i`;
  if (BigInt.asUintN(64, integer) === integer) return `${integer}u`;
  throw new UnfitPoint(`\`${name}\` is an integer of more than 64 bits`);
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

function timestampOf(value: ExactJson | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (isNumberText(value ?? '') && /^-?\d{1,19}$/.test((value as { rawJSON: string }).rawJSON)) {
    return (value as { rawJSON: string }).rawJSON;
  }
  throw new UnfitPoint(`\`timestamp\` expects an integer, not ${JSON.stringify(value)}`);
}
