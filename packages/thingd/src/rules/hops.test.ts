import { expect, test } from 'vitest';
import { hopsOf } from './hops.ts';

test.each<[(readonly [string, string])[] | undefined, number]>([
  [undefined, 0],
  [[['room', 'attic']], 0],
  [[['thingd-hops', '3']], 3],
  [[['thingd-hops', '-3']], 0],
  [[['thingd-hops', '1e9']], 0],
])('a message with the user properties %j has been through %i rules elsewhere', (properties, hops) => {
  expect(hopsOf(properties)).toBe(hops);
});
