/** Functions of strings (AWS: "Functions"). Other values are converted to strings; Null and Undefined cannot be. */
import { MAX_TEXT } from '../compile/operators.ts';
import { toFloor, toText } from '../value/convert.ts';
import { type Arithmetic, isNumeric } from '../value/numbers.ts';
import { isArray, type Value } from '../value/value.ts';
import type { FunctionTable, PureFunction, TextFunction } from './sql-function.ts';

/** The most spaces `lpad` and `rpad` add. */
const MAX_PADDING = 1000;

/** A function of as many strings as it has parameters. */
export const ofTexts = (apply: (...texts: string[]) => Value): TextFunction => ({
  kind: 'text',
  arity: [apply.length, apply.length],
  apply,
});

export function textFunctions(arithmetic: Arithmetic): FunctionTable {
  const count = (value: Value) => toFloor(value, arithmetic);
  const pad = (join: (text: string, spaces: string) => string): PureFunction => ({
    kind: 'pure',
    arity: [2, 2],
    apply(value, number) {
      const text = toText(value);
      const spaces = count(number);
      if (text === undefined || spaces === undefined) return undefined;
      return bounded(join(text, ' '.repeat(Math.min(Math.max(spaces, 0), MAX_PADDING))));
    },
  });

  return {
    chr: {
      kind: 'pure',
      arity: [1, 1],
      apply(value) {
        const code = count(value);
        return code !== undefined && code >= 0 && code <= 127 ? String.fromCharCode(code) : undefined;
      },
    },
    concat: { kind: 'pure', arity: [1, Number.POSITIVE_INFINITY], apply: concat },
    endswith: ofTexts((text, end) => text.endsWith(end)),
    indexof: { ...ofTexts((text, part) => text.indexOf(part)), since: '2016-03-23' },
    length: { ...ofTexts(codePoints), since: '2016-03-23' },
    lower: ofTexts(text => text.toLowerCase()),
    lpad: pad((text, spaces) => spaces + text),
    ltrim: ofTexts(text => text.replace(/^[ \t]+/, '')),
    numbytes: { ...ofTexts(text => Buffer.byteLength(text)), since: '2016-03-23' },
    replace: ofTexts(replaceAll),
    rpad: pad((text, spaces) => text + spaces),
    rtrim: ofTexts(text => text.slice(0, endWithoutBlanks(text))),
    startswith: ofTexts((text, start) => text.startsWith(start)),
    substring: {
      kind: 'pure',
      arity: [2, 3],
      apply(value, from, ...ends) {
        const text = toText(value);
        const start = count(from);
        const end = ends.length === 0 ? Number.MAX_VALUE : count(ends[0]);
        if (text === undefined || start === undefined || end === undefined) return undefined;
        return text.slice(Math.max(start, 0), Math.max(end, 0));
      },
    },
    trim: ofTexts(text => text.trim()),
    upper: ofTexts(text => text.toUpperCase()),
  };
}

/** `text`, or Undefined if it has grown beyond the longest that is kept. */
export const bounded = (text: string): Value => (text.length > MAX_TEXT ? undefined : text);

/**
 * An array of all arguments if one is an array, else their texts in a row. One argument alone is returned as it is, except that
 * a number becomes text (AWS: the example `concat(1)` = "1" against a table that says otherwise).
 */
function concat(...values: Value[]): Value {
  let joined = '';
  for (const value of values) {
    if (typeof value !== 'string') return concatOthers(values);
    if (joined.length + value.length > MAX_TEXT) return undefined;
    joined += value;
  }
  return joined;
}

function concatOthers(values: readonly Value[]): Value {
  if (values.length === 1) return isNumeric(values[0]) ? toText(values[0]) : values[0];
  let joined = '';
  let hasText = false;
  let isText = true;
  for (const value of values) {
    if (isArray(value)) return values.flatMap(item => (isArray(item) ? item : [item]));
    const text = toText(value);
    hasText ||= typeof value === 'string';
    isText &&= text !== undefined && joined.length + text.length <= MAX_TEXT;
    if (isText) joined += text as string;
  }
  return hasText && isText ? joined : undefined;
}

/** Counted before it is made: each of a million places may get a long replacement. */
function replaceAll(text: string, part: string, replacement: string): Value {
  if (part === '') return text;
  const pieces = text.split(part);
  const length = text.length + (pieces.length - 1) * (replacement.length - part.length);
  return length > MAX_TEXT ? undefined : pieces.join(replacement);
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** A loop, because a pattern for trailing blanks takes quadratic time on blanks that are not trailing. */
function endWithoutBlanks(text: string): number {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  return end;
}
