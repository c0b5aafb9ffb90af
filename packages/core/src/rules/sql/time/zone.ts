/** Time zones by their names, through the platform's own tables. */

/** Minutes and seconds east of UTC. `undefined` where there is no such zone. */
export interface Zone {
  readonly id: string;
  /** Milliseconds to add to an instant to get the local time. */
  offsetAt(epochMs: number): number;
  nameAt(epochMs: number, style: 'short' | 'long'): string;
}

const FIXED = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?$/;
const MAX_OFFSET = 18 * 3_600_000;

export const utc: Zone = {
  id: 'UTC',
  offsetAt: () => 0,
  nameAt: (_epochMs, style) => (style === 'short' ? 'UTC' : 'Coordinated Universal Time'),
};

const MAX_CACHED = 200;
const cache = new Map<string, Zone | undefined>();

/** A zone by its IANA name, or an offset such as `+09:00` or `GMT+9`. */
export function zoneOf(id: string): Zone | undefined {
  if (id === 'UTC' || id === 'Z' || id === 'GMT' || id === 'UT') return utc;
  if (cache.has(id)) return cache.get(id);
  if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value!);
  const zone = FIXED.test(id) ? fixedZone(id) : namedZone(id);
  cache.set(id, zone);
  return zone;
}

function fixedZone(id: string): Zone | undefined {
  const [, sign, hours, minutes = '0', seconds = '0'] = FIXED.exec(id)!;
  const size = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  if (size > MAX_OFFSET || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const offset = sign === '-' ? -size : size;
  const name = formatOffset(offset, ':');
  return { id: name, offsetAt: () => offset, nameAt: () => name };
}

function namedZone(id: string): Zone | undefined {
  try {
    const named = (timeZoneName: 'short' | 'long' | 'longOffset') =>
      new Intl.DateTimeFormat('en-US', { timeZone: id, timeZoneName });
    const [offsets, short, long] = [named('longOffset'), named('short'), named('long')];
    return {
      id,
      offsetAt: epochMs => parseOffset(zonePart(offsets, epochMs)),
      nameAt: (epochMs, style) => zonePart(style === 'short' ? short : long, epochMs),
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const zonePart = (format: Intl.DateTimeFormat, epochMs: number): string =>
  format.formatToParts(epochMs).find(({ type }) => type === 'timeZoneName')!.value;

/** `GMT+09:00`, `GMT-07:52:58`, `GMT`. */
const parseOffset = (text: string): number => (text === 'GMT' ? 0 : (fixedZone(text)?.offsetAt(0) ?? 0));

/** `+0900`, `+09:00`. */
export function formatOffset(offset: number, separator: '' | ':'): string {
  const minutes = Math.trunc(Math.abs(offset) / 60_000);
  return `${offset < 0 ? '-' : '+'}${twoDigits(minutes / 60)}${separator}${twoDigits(minutes % 60)}`;
}

const twoDigits = (value: number): string => String(Math.trunc(value)).padStart(2, '0');
