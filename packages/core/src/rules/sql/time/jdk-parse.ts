/** Parses times by patterns of the JDK's `DateTimeFormatter` (English, smart resolving), as `time_to_epoch` does. */
import { type Fields, resolveFields } from './fields.ts';
import { months, type PatternPart, readPattern, weekdays } from './pattern.ts';
import { utc, zoneOf } from './zone.ts';

/** Milliseconds since the epoch; `undefined` if the text is not of the pattern, or the pattern is none. */
export function parseTime(text: string, pattern: string): number | undefined {
  const parts = readPattern(pattern);
  if (parts === undefined) return undefined;
  const fields: Fields = {};
  const end = parseParts(parts, 0, text, 0, fields).end;
  return end === text.length ? resolveFields(fields) : undefined;
}

interface Progress {
  /** Where the text goes on; -1 if it does not fit. */
  readonly end: number;
  /** Index of the part after the last one read, or of the `]` that ended it. */
  readonly next: number;
}

/** Reads parts up to the end or to the `]` that closes an optional section. */
function parseParts(parts: readonly PatternPart[], from: number, text: string, at: number, fields: Fields): Progress {
  let position = at;
  let index = from;
  while (index < parts.length && parts[index] !== ']') {
    const part = parts[index]!;
    if (part === '[') {
      const trial = { ...fields };
      const section = parseParts(parts, index + 1, text, position, trial);
      if (section.end >= 0) {
        position = section.end;
        Object.assign(fields, trial);
      }
      index = section.next + 1;
      continue;
    }
    if (position >= 0) position = parsePart(part, parts, index, text, position, fields);
    index++;
  }
  return { end: position, next: index };
}

type Run = Exclude<PatternPart, string>;
type NumberField = Exclude<keyof Fields, 'zone'>;

/** Letters that are numbers, and what they are. */
const numbers: Readonly<Record<string, NumberField>> = {
  u: 'year',
  y: 'yearOfEra',
  Q: 'quarter',
  q: 'quarter',
  D: 'dayOfYear',
  d: 'day',
  K: 'hourOfHalf',
  h: 'clockHourOfHalf',
  H: 'hour',
  k: 'clockHour',
  m: 'minute',
  s: 'second',
  A: 'milliOfDay',
  n: 'nano',
  N: 'nanoOfDay',
};

function parsePart(
  part: PatternPart,
  parts: readonly PatternPart[],
  index: number,
  text: string,
  at: number,
  fields: Fields,
): number {
  if (typeof part === 'string') return text.startsWith(part, at) ? at + part.length : -1;
  const { letter, count } = part;
  const field = isNumber(part) ? (letter === 'M' || letter === 'L' ? 'month' : numbers[letter]) : undefined;
  if (field !== undefined) return parseNumber(part, field, reservedAfter(parts, index), text, at, fields);
  switch (letter) {
    case 'M':
    case 'L':
      return parseName(months, count, text, at, month => {
        fields.month = month + 1;
      });
    case 'E':
    case 'e':
    case 'c':
      return parseName(weekdays, letter === 'E' ? Math.max(count, 3) : count, text, at, day => {
        fields.weekday = day + 1;
      });
    case 'a':
      return parseName(['AM', 'PM'], 4, text, at, half => {
        fields.half = half;
      });
    case 'G':
      return parseName(count === 4 ? ['Before Christ', 'Anno Domini'] : ['BC', 'AD'], 4, text, at, era => {
        fields.era = era;
      });
    case 'S':
      return parseFraction(count, text, at, fields);
    case 'V':
    case 'v':
    case 'z':
      return parseZone(text, at, fields);
    case 'O':
      return parseOffset(/GMT(?:[+-]\d{1,2}(?::\d{2}){0,2})?/y, text, at, fields);
    case 'X':
      return parseOffset(offsetPattern(count, true), text, at, fields);
    case 'x':
      return parseOffset(offsetPattern(count, false), text, at, fields);
    case 'Z':
      if (count === 4) return parseOffset(/GMT(?:[+-]\d{1,2}(?::\d{2}){0,2})?/y, text, at, fields);
      return parseOffset(count === 5 ? offsetPattern(3, true) : offsetPattern(2, false), text, at, fields);
    default:
      return -1;
  }
}

function isNumber(part: PatternPart | undefined): part is Run {
  if (typeof part !== 'object') return false;
  return part.letter in numbers || ((part.letter === 'M' || part.letter === 'L') && part.count <= 2);
}

/** Digits that must be left for the numbers which follow directly and have a fixed width, as in `yyyyMMdd`. */
function reservedAfter(parts: readonly PatternPart[], index: number): number {
  let reserved = 0;
  for (let next = index + 1; next < parts.length; next++) {
    const part = parts[next]!;
    if (typeof part === 'object' && part.letter === 'S') reserved += part.count;
    else if (isNumber(part) && part.count > 1) reserved += part.count;
    else break;
  }
  return reserved;
}

const isYear = (field: NumberField): boolean => field === 'year' || field === 'yearOfEra';

function parseNumber(
  { count }: Run,
  field: NumberField,
  reserved: number,
  text: string,
  at: number,
  fields: Fields,
): number {
  const signed = isYear(field) && count !== 2;
  const match = matchAt(signed ? /[+-]?\d{1,19}/y : /\d{1,19}/y, text, at);
  if (match === undefined) return -1;
  const sign = /^[+-]/.test(match) ? 1 : 0;
  const available = match.length - sign;
  // One letter takes what is there; a year of four or more letters takes at least so many; all else exactly so many.
  const isOpen = count === 1 || (isYear(field) && count !== 2);
  const width = isOpen ? Math.max(available - reserved, Math.min(count, available)) : count;
  if (available < (isYear(field) || count > 1 ? count : 1) || width > available) return -1;
  // From four letters on a plus says that there are more digits than letters.
  if (signed && count >= 4 && !match.startsWith('-') && (sign === 1) !== width > count) return -1;
  const value = Number(match.slice(0, sign + width));
  fields[field] = count === 2 && isYear(field) ? 2000 + value : value;
  return at + sign + width;
}

/** A name in full for four letters, else its first three. */
function parseName(
  names: readonly string[],
  count: number,
  text: string,
  at: number,
  found: (index: number) => void,
): number {
  for (const [index, name] of names.entries()) {
    const written = count >= 4 ? name : name.slice(0, 3);
    if (text.startsWith(written, at)) {
      found(index);
      return at + written.length;
    }
  }
  return -1;
}

function parseFraction(count: number, text: string, at: number, fields: Fields): number {
  const digits = text.slice(at, at + count);
  if (count > 9 || !/^\d+$/.test(digits) || digits.length < count) return -1;
  fields.nano = Number(digits.padEnd(9, '0'));
  return at + count;
}

/** The names of zones that JDKs in English know best. */
const abbreviations: Readonly<Record<string, string>> = {
  EST: 'America/New_York',
  EDT: 'America/New_York',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  MST: 'America/Denver',
  MDT: 'America/Denver',
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
  CET: 'Europe/Paris',
  CEST: 'Europe/Paris',
  JST: 'Asia/Tokyo',
};

function parseZone(text: string, at: number, fields: Fields): number {
  const id = matchAt(/[+-]\d{2}(?::?\d{2}){0,2}|[A-Za-z][A-Za-z0-9~/._+-]*(?::\d{2})?/y, text, at);
  const zone = id === undefined ? undefined : zoneOf(abbreviations[id] ?? id);
  if (zone === undefined) return -1;
  fields.zone = zone;
  return at + id!.length;
}

/** `X` and `x` of one to five letters: hours, with or without minutes, colons and seconds. */
function offsetPattern(count: number, hasZ: boolean): RegExp {
  const sizes = ['\\d{2}(?:\\d{2})?', '\\d{4}', '\\d{2}:\\d{2}', '\\d{4}(?:\\d{2})?', '\\d{2}:\\d{2}(?::\\d{2})?'];
  return new RegExp(`${hasZ ? 'Z|' : ''}[+-]${sizes[count - 1] ?? '(?!)'}`, 'y');
}

function parseOffset(pattern: RegExp, text: string, at: number, fields: Fields): number {
  const match = matchAt(pattern, text, at);
  const zone = match === undefined ? undefined : match === 'Z' || match === 'GMT' ? utc : zoneOf(match);
  if (zone === undefined) return -1;
  fields.zone = zone;
  return at + match!.length;
}

function matchAt(sticky: RegExp, text: string, at: number): string | undefined {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0];
}
