/** What the patterns of Joda-Time and of the JDK have in common: runs of a letter, and text in quotes. */

/** A letter and how often it stands in a row, or text that stands for itself. */
export type PatternPart = { readonly letter: string; readonly count: number } | string;

/** `''` is a quote, `'at'` the text at. `undefined` for an open quote. */
export function readPattern(pattern: string): readonly PatternPart[] | undefined {
  const parts: PatternPart[] = [];
  const token = /([A-Za-z])\1*|'((?:[^']|'')*)'|([^A-Za-z'])/y;
  while (token.lastIndex < pattern.length) {
    const match = token.exec(pattern);
    if (match === null) return undefined;
    const [run, letter, quoted, other] = match;
    if (letter !== undefined) parts.push({ letter, count: run.length });
    else parts.push(other ?? (quoted === '' ? "'" : quoted!.replaceAll("''", "'")));
  }
  return parts;
}

export const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** From Monday, the first day of a week in ISO 8601. */
export const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;

export const DAY = 86_400_000;

/** Day of the week from 1, Monday, to 7 of a local time in milliseconds. */
export const weekdayOf = (local: number): number => ((((Math.floor(local / DAY) + 3) % 7) + 7) % 7) + 1;

/** The start of a day in milliseconds, years before 100 included. */
export function startOfDay(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime();
}
