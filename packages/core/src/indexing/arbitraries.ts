/** Any documents and any queries, for laws about searching. */
import fc from 'fast-check';
import type { ThingDocument } from './document.ts';

/** Few and alike, so that they meet: with wildcards' and LIKE's own characters, beyond ASCII and beyond 16 bits. */
const word = fc.constantFrom(
  'a',
  'ab',
  'abc',
  'B',
  'a%',
  'a_c',
  'a\\b',
  'é',
  'É',
  'ß',
  '😀',
  '\uffff',
  '7',
  '7.0',
  '-3',
  '1e1',
  'true',
);
const text = fc.array(word, { minLength: 1, maxLength: 3 }).map(words => words.join(' '));
const json = fc.oneof(
  text,
  fc.constantFrom(7, 7.5, -3, 10, 0, true, false, null),
  fc.array(fc.oneof(text, fc.constantFrom(7, 10)), { maxLength: 3 }),
  fc.constant([{ nested: 'a' }, 'ab']),
);
const key = fc.constantFrom('x', 'y', 'x.y');
const members = fc.dictionary(key, fc.oneof(json, fc.dictionary(key, json, { maxKeys: 2 })), { maxKeys: 3 });
const degrees = (most: number) => fc.integer({ min: -most, max: most });

/** Things but for their names. */
export const document: fc.Arbitrary<Omit<ThingDocument, 'thingName'>> = fc.record(
  {
    kind: fc.constant('thing' as const),
    thingId: fc.constant('id'),
    thingGroupNames: fc.uniqueArray(fc.constantFrom('a', 'ab', 'g'), { maxLength: 2 }),
    billingGroupName: fc.constantFrom('g', 'h'),
    attributes: fc.dictionary(key, word, { maxKeys: 3 }),
    version: fc.nat(9),
    shadow: fc.record({ reported: members, hasDelta: fc.boolean(), version: fc.nat(9) }, { requiredKeys: [] }),
    connectivity: fc.record({ connected: fc.boolean(), timestamp: fc.nat(20), version: fc.constant(1) }),
    places: fc.uniqueArray(
      fc.record({
        field: fc.constantFrom('attributes.x', 'attributes.y'),
        latitude: degrees(90),
        longitude: degrees(180),
      }),
      { maxLength: 2, selector: place => place.field },
    ),
  },
  { requiredKeys: ['kind', 'thingId', 'thingGroupNames', 'attributes', 'version'] },
) as fc.Arbitrary<Omit<ThingDocument, 'thingName'>>;

const field = fc.constantFrom(
  ...[
    'thingName',
    'thingGroupNames',
    'billingGroupName',
    'attributes.x',
    'attributes.y',
    'attributes.x.y',
    'attributes',
    'none',
  ],
  ...[
    'shadow.reported.x',
    'shadow.reported.y',
    'shadow.reported.x.y',
    'shadow.reported',
    'shadow.hasDelta',
    'shadow.version',
  ],
  ...['connectivity.connected', 'connectivity.timestamp', 'registry.version'],
);
const escaped = word.map(value => value.replaceAll(/[^a-zA-Z0-9.]/g, '\\$&'));
const quoted = text.map(value => `"${value.replaceAll(/["\\]/g, '\\$&')}"`);
const wild = fc
  .array(fc.oneof(escaped, fc.constantFrom('*', '?')), { minLength: 1, maxLength: 3 })
  .map(parts => parts.join(''));
const spaced = fc.tuple(wild, wild).map(([first, second]) => `${first}\\ ${second}`);
const operand = fc.oneof(escaped, quoted, wild, spaced, fc.constant('*'));
const bound = fc.oneof(escaped, quoted, fc.constantFrom('*', '0', '7', '-3.5', '10'));
const range = fc
  .tuple(fc.constantFrom('[', '{'), bound, bound, fc.constantFrom(']', '}'))
  .map(([open, lower, upper, close]) => `${open}${lower} TO ${upper}${close}`);
const comparison = fc
  .tuple(fc.constantFrom('<', '<=', '>', '>='), fc.oneof(escaped, quoted, fc.constantFrom('0', '7', '-3.5')))
  .map(parts => parts.join(''));
const area = fc.oneof(
  fc
    .tuple(degrees(90), degrees(180), fc.integer({ min: 1, max: 20_000 }))
    .map(([lat, lon, km]) => `geo_distance,${lat},${lon},${km}.5km`),
  fc
    .tuple(degrees(90), degrees(180), degrees(90), degrees(180))
    .map(([a, west, b, east]) => `geo_bounding_box,${Math.max(a, b)},${west},${Math.min(a, b)},${east}`),
);

/** Query strings that can be read. */
export const { query } = fc.letrec<{ query: string; group: string }>(tie => ({
  group: fc.oneof(
    { maxDepth: 2 },
    fc.oneof(operand, range, comparison),
    fc
      .tuple(tie('group'), fc.constantFrom(' AND ', ' OR ', ' ', ' AND -'), tie('group'))
      .map(parts => `(${parts.join('')})`),
  ),
  query: fc.oneof(
    { maxDepth: 3 },
    operand,
    fc.tuple(field, fc.oneof(operand, range, area)).map(parts => parts.join(':')),
    fc.tuple(field, comparison).map(parts => parts.join('')),
    fc.tuple(field, tie('group')).map(([name, group]) => `${name}:(${group})`),
    fc
      .tuple(tie('query'), fc.constantFrom(' AND ', ' OR ', ' ', ' NOT '), tie('query'))
      .map(parts => `(${parts.join('')})`),
    tie('query').map(inner => `NOT (${inner})`),
  ),
}));
