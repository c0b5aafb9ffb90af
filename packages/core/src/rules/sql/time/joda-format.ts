/** Formats instants by patterns of Joda-Time's `DateTimeFormat`, in English, as `parse_time` does. */
import { DAY, months, type PatternPart, readPattern, startOfDay, weekdayOf, weekdays } from './pattern.ts';
import { formatOffset, type Zone } from './zone.ts';

/** The furthest a date of JavaScript reaches. */
const MAX_TIME = 8.64e15;

/** `undefined` for a pattern that is none, or a time beyond the calendar. */
export function formatTime(pattern: string, epochMs: number, zone: Zone): string | undefined {
  if (Math.abs(epochMs) > MAX_TIME - DAY) return undefined;
  const parts = readPattern(pattern);
  if (parts === undefined) return undefined;
  const local = epochMs + zone.offsetAt(epochMs);
  let text = '';
  for (const part of parts) {
    const formatted = typeof part === 'string' ? part : formatPart(part, epochMs, local, zone);
    if (formatted === undefined) return undefined;
    text += formatted;
  }
  return text;
}

type Run = Exclude<PatternPart, string>;

function formatPart({ letter, count }: Run, epochMs: number, local: number, zone: Zone): string | undefined {
  const date = new Date(local);
  const year = date.getUTCFullYear();
  const yearOfEra = year > 0 ? year : 1 - year;
  const hour = date.getUTCHours();
  const number = (value: number) => padded(value, count);
  const year2 = (value: number) => (count === 2 ? padded(Math.abs(value) % 100, 2) : padded(value, count));
  switch (letter) {
    case 'G':
      return year > 0 ? 'AD' : 'BC';
    case 'C':
      return number(Math.floor(yearOfEra / 100));
    case 'Y':
      return year2(yearOfEra);
    case 'y':
      return year2(year);
    case 'x':
      return year2(isoWeek(local).year);
    case 'w':
      return number(isoWeek(local).week);
    case 'e':
      return number(weekdayOf(local));
    case 'E':
      return named(weekdays[weekdayOf(local) - 1]!, count >= 4);
    case 'D':
      return number(Math.floor((local - startOfDay(year, 1, 1)) / DAY) + 1);
    case 'M':
      return count >= 3 ? named(months[date.getUTCMonth()]!, count >= 4) : number(date.getUTCMonth() + 1);
    case 'd':
      return number(date.getUTCDate());
    case 'a':
      return hour < 12 ? 'AM' : 'PM';
    case 'K':
      return number(hour % 12);
    case 'h':
      return number(hour % 12 || 12);
    case 'H':
      return number(hour);
    case 'k':
      return number(hour || 24);
    case 'm':
      return number(date.getUTCMinutes());
    case 's':
      return number(date.getUTCSeconds());
    case 'S':
      return padded(date.getUTCMilliseconds(), 3).padEnd(count, '0').slice(0, count);
    case 'z':
      return zone.nameAt(epochMs, count >= 4 ? 'long' : 'short');
    case 'Z':
      return count >= 3 ? zone.id : formatOffset(local - epochMs, count === 2 ? ':' : '');
    default:
      return undefined;
  }
}

function padded(value: number, width: number): string {
  const digits = String(Math.abs(value)).padStart(width, '0');
  return value < 0 ? `-${digits}` : digits;
}

const named = (name: string, isFull: boolean): string => (isFull ? name : name.slice(0, 3));

/** The week a day lies in, and the year that week belongs to: the one its Thursday lies in (ISO 8601). */
function isoWeek(local: number): { year: number; week: number } {
  const thursday = local + (4 - weekdayOf(local)) * DAY;
  const year = new Date(thursday).getUTCFullYear();
  return { year, week: Math.floor((thursday - startOfDay(year, 1, 1)) / (7 * DAY)) + 1 };
}
