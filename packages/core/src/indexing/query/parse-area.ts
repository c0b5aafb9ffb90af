/**
 * Geoqueries: `geo_distance,<latitude>,<longitude>,<distance>` and
 * `geo_bounding_box,<top latitude>,<left longitude>,<bottom latitude>,<right longitude>`. *AWS: Indexing location data*.
 */
import { metresOf, point } from './area.ts';
import type { Area, Point } from './query.ts';
import { invalidQuery } from './reader.ts';

/** Throws `InvalidQueryException`. */
export function parseArea(text: string, place: number): Area {
  const [name, ...values] = text.split(',');
  switch (name) {
    case 'geo_distance': {
      const [latitude, longitude, distance] = values;
      const metres = metresOf(distance?.toLowerCase() ?? '');
      if (values.length !== 3 || metres === undefined) {
        throw invalidQuery(
          place,
          'expected `geo_distance,<latitude>,<longitude>,<distance>`, such as `geo_distance,47.62,-122.35,15.5km`',
        );
      }
      return { kind: 'distance', centre: pointAt(latitude, longitude, place), metres };
    }
    case 'geo_bounding_box': {
      const [top, left, bottom, right] = values;
      if (values.length !== 4) {
        throw invalidQuery(
          place,
          'expected `geo_bounding_box,<top latitude>,<left longitude>,<bottom latitude>,<right longitude>`',
        );
      }
      const from = pointAt(top, left, place);
      const to = pointAt(bottom, right, place);
      if (from.latitude < to.latitude) throw invalidQuery(place, 'the top of the box is below its bottom');
      return { kind: 'box', north: from.latitude, south: to.latitude, west: from.longitude, east: to.longitude };
    }
    default:
      throw invalidQuery(place, `\`${name}\` is no geoquery; there are \`geo_distance\` and \`geo_bounding_box\``);
  }
}

function pointAt(latitude: string | undefined, longitude: string | undefined, place: number): Point {
  const found = point(toNumber(latitude), toNumber(longitude));
  if (found === undefined) throw invalidQuery(place, `\`${latitude},${longitude}\` is no latitude and longitude`);
  return found;
}

const toNumber = (text: string | undefined): number => (text === undefined || text === '' ? Number.NaN : Number(text));
