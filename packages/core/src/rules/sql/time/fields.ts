/** From the fields a text gave to the instant they mean: the JDK's smart resolving, a missing time being midnight in UTC. */
import { DAY, startOfDay, weekdayOf } from './pattern.ts';
import { utc, type Zone } from './zone.ts';

export interface Fields {
  year?: number;
  yearOfEra?: number;
  /** 0 before, 1 after Christ. */
  era?: number;
  quarter?: number;
  month?: number;
  day?: number;
  dayOfYear?: number;
  /** From 1, Monday. */
  weekday?: number;
  hour?: number;
  /** 1 to 24. */
  clockHour?: number;
  /** 0 for AM, 1 for PM. */
  half?: number;
  /** 0 to 11. */
  hourOfHalf?: number;
  /** 1 to 12. */
  clockHourOfHalf?: number;
  minute?: number;
  second?: number;
  nano?: number;
  milliOfDay?: number;
  nanoOfDay?: number;
  zone?: Zone;
}

/** Milliseconds since the epoch, or `undefined` if the fields say too little or contradict themselves. */
export function resolveFields(fields: Fields): number | undefined {
  const date = resolveDate(fields);
  const time = resolveTime(fields);
  if (date === undefined || time === undefined) return undefined;
  if (fields.weekday !== undefined && fields.weekday !== weekdayOf(date)) return undefined;
  const local = date + time;
  if (Math.abs(local) > 8.64e15 - 2 * DAY) return undefined;
  return Math.floor(local - offsetAtLocal(fields.zone ?? utc, local));
}

/** In the hour a clock is set back, the offset before it; in the hour it skips, that too: 2:30 is then 3:30. */
function offsetAtLocal(zone: Zone, local: number): number {
  const before = zone.offsetAt(local - DAY);
  const after = zone.offsetAt(local + DAY);
  const isBefore = zone.offsetAt(local - before) === before;
  return !isBefore && zone.offsetAt(local - after) === after ? after : before;
}

function resolveDate({ year, yearOfEra, era, quarter, month, day, dayOfYear }: Fields): number | undefined {
  const ofEra = yearOfEra === undefined ? undefined : era === 0 ? 1 - yearOfEra : yearOfEra;
  const resolved = year ?? ofEra;
  if (resolved === undefined || Math.abs(resolved) > 200_000 || yearOfEra === 0) return undefined;
  if (dayOfYear !== undefined && month === undefined) {
    const length = (startOfDay(resolved + 1, 1, 1) - startOfDay(resolved, 1, 1)) / DAY;
    return within(dayOfYear, 1, length) ? startOfDay(resolved, 1, dayOfYear) : undefined;
  }
  if (!within(month, 1, 12) || !within(day, 1, 31)) return undefined;
  if (quarter !== undefined && quarter !== Math.ceil(month / 3)) return undefined;
  // 31 April is 30 April: smart resolving takes the last day there is.
  const lastDay = (startOfDay(resolved, month + 1, 1) - startOfDay(resolved, month, 1)) / DAY;
  return startOfDay(resolved, month, Math.min(day, lastDay));
}

function resolveTime(fields: Fields): number | undefined {
  if (fields.milliOfDay !== undefined) return fields.milliOfDay;
  if (fields.nanoOfDay !== undefined) return fields.nanoOfDay / 1e6;
  const { minute = 0, second = 0, nano = 0 } = fields;
  const hour = resolveHour(fields);
  if (hour === undefined || !within(minute, 0, 59) || !within(second, 0, 59) || !within(nano, 0, 999_999_999)) {
    return undefined;
  }
  const time = ((hour * 60 + minute) * 60 + second) * 1000 + nano / 1e6;
  return time > DAY ? undefined : time;
}

/** 24 is the end of a day. */
function resolveHour(fields: Fields): number | undefined {
  const { hour, clockHour, half, hourOfHalf, clockHourOfHalf } = fields;
  if (hour !== undefined) return within(hour, 0, 24) ? hour : undefined;
  if (clockHour !== undefined) return within(clockHour, 1, 24) ? clockHour % 24 : undefined;
  if (clockHourOfHalf !== undefined && !within(clockHourOfHalf, 1, 12)) return undefined;
  const ofHalf = hourOfHalf ?? (clockHourOfHalf === undefined ? undefined : clockHourOfHalf % 12);
  // Minutes without an hour, like an hour without AM or PM, are not a time of day.
  if (ofHalf === undefined) return fields.minute === undefined ? 0 : undefined;
  return half !== undefined && within(ofHalf, 0, 11) ? half * 12 + ofHalf : undefined;
}

const within = (value: number | undefined, least: number, most: number): value is number =>
  value !== undefined && value >= least && value <= most;
