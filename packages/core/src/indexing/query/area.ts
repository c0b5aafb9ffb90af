/** Places on the earth: which lie in an area, and what of a document is one. *AWS: Indexing location data*. Pure. */
import { isJsonObject, type JsonValue } from '../../shadow/json.ts';
import type { Area, Point } from './query.ts';

/** Of the sphere that distances are measured on, in metres. */
const earthRadius = 6_371_008.8;

const metresPerUnit: Readonly<Record<string, number>> = {
  m: 1,
  meters: 1,
  km: 1000,
  kilometers: 1000,
  mi: 1609.344,
  miles: 1609.344,
  yd: 0.9144,
  yards: 0.9144,
  ft: 0.3048,
  feet: 0.3048,
  nmi: 1852,
};

/** `15.5km` in metres; without a unit it is metres. */
export function metresOf(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/.exec(text) ?? [];
  const scale = metresPerUnit[unit || 'm'];
  return amount === undefined || scale === undefined ? undefined : Number(amount) * scale;
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const degrees = (angle: number): number => (angle * 180) / Math.PI;

/** The haversine of the angle between two places: grows with their distance, and is spelled the same in SQL. */
export function haversine(a: Point, b: Point): number {
  const latitude = Math.sin(radians(b.latitude - a.latitude) / 2);
  const longitude = Math.sin(radians(b.longitude - a.longitude) / 2);
  return latitude * latitude + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * longitude * longitude;
}

/** The haversine of places that are `metres` apart. */
export const haversineOf = (metres: number): number => Math.sin(Math.min(metres / earthRadius / 2, Math.PI / 2)) ** 2;

/** Latitudes beyond which no place of the area lies: what an index narrows the search by. */
export function latitudesOf(area: Area): readonly [south: number, north: number] {
  if (area.kind === 'box') return [area.south, area.north];
  // A little wider than exact, so that rounding never takes a place away that the exact test would keep.
  const reach = degrees(area.metres / earthRadius) + 1e-9;
  return [area.centre.latitude - reach, area.centre.latitude + reach];
}

export function isInArea(area: Area, point: Point): boolean {
  const [south, north] = latitudesOf(area);
  if (point.latitude < south || point.latitude > north) return false;
  if (area.kind === 'distance') return haversine(area.centre, point) <= haversineOf(area.metres);
  const { west, east } = area;
  return west <= east
    ? point.longitude >= west && point.longitude <= east
    : point.longitude >= west || point.longitude <= east;
}

export type PointOrder = 'LatLon' | 'LonLat';

/** The place a value names: `"lat,lon"`, `"POINT(lon lat)"`, `[lat, lon]`, or an object with a latitude and a longitude. */
export function pointOf(value: JsonValue | undefined, order: PointOrder): Point | undefined {
  if (typeof value === 'string') return pointOfText(value, order);
  if (Array.isArray(value)) return value.length === 2 ? ordered(value[0], value[1], order) : undefined;
  if (!isJsonObject(value)) return undefined;
  return point(value.lat ?? value.latitude, value.lon ?? value.long ?? value.longitude);
}

function pointOfText(text: string, order: PointOrder): Point | undefined {
  const wellKnown = /^\s*point\s*\(\s*(\S+)\s+(\S+)\s*\)\s*$/i.exec(text);
  if (wellKnown !== null) return ordered(numberIn(wellKnown[1]), numberIn(wellKnown[2]), 'LonLat');
  const [first, second, ...more] = text.split(',');
  return more.length > 0 ? undefined : ordered(numberIn(first), numberIn(second), order);
}

const numberIn = (text: string | undefined): number | undefined =>
  text === undefined || text.trim() === '' ? undefined : Number(text);

const ordered = (first: unknown, second: unknown, order: PointOrder): Point | undefined =>
  order === 'LatLon' ? point(first, second) : point(second, first);

/** Undefined for what is no place on the earth. */
export function point(latitude: unknown, longitude: unknown): Point | undefined {
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return undefined;
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : undefined;
}
