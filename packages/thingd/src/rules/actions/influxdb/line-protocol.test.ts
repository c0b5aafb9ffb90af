import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseExactly } from '../aws/exact-json.ts';
import { elementTemplateFault } from './element-template.ts';
import { lineOf, type PointTemplate } from './line-protocol.ts';
import { parseLines } from './line-protocol-fixtures.ts';

const plain: PointTemplate = { tableName: 'room', tags: {}, usedFields: [], timestamp: undefined };
const line = (json: string, template: Partial<PointTemplate> = {}): string =>
  lineOf(parseExactly(json), { ...plain, ...template });

describe('a point', () => {
  test.for([
    ['{"timestamp":1,"n":42}', 'room n=42i 1'],
    ['{"timestamp":-1,"n":-9223372036854775808}', 'room n=-9223372036854775808i -1'],
    ['{"timestamp":1,"n":9223372036854775808}', 'room n=9223372036854775808u 1'],
    ['{"timestamp":1,"n":1.0,"m":23.50}', 'room n=1.0,m=23.50 1'],
    ['{"timestamp":1,"n":1e21}', 'room n=1e21 1'],
    ['{"timestamp":1,"on":true,"off":false}', 'room on=t,off=f 1'],
    ['{"timestamp":1,"s":"a \\"b\\" \\\\ c"}', 'room s="a \\"b\\" \\\\ c" 1'],
    ['{"timestamp":1,"gone":null,"n":1}', 'room n=1i 1'],
    ['{"timestamp":1,"o":{"a": [1, 2.0]}}', 'room o="{\\"a\\":[1,2.0]}" 1'],
    ['{"timestamp":1,"a b,c=d":1}', 'room a\\ b\\,c\\=d=1i 1'],
  ] as const)('of %s is %s', ([json, expected]) => {
    expect(line(json)).toBe(expected);
  });

  test('has tags in the order of their names, and none that is empty', () => {
    const tags = { zone: 'a b', Area: '1=2', empty: '', beta: 'x' };
    expect(line('{"timestamp":1,"n":1}', { tags })).toBe('room,Area=1\\=2,beta=x,zone=a\\ b n=1i 1');
  });

  test('takes its table and tags from the element, which has them as fields no more', () => {
    const template = { tableName: '@{kind}', tags: { room: '@{room}', deep: 'x-@{at.floor}' } };
    const json = '{"timestamp":1,"kind":"heat","room":"hall","at":{"floor":3},"value":23.5}';
    expect(line(json, template)).toBe('heat,deep=x-3,room=hall at="{\\"floor\\":3}",value=23.5 1');
  });

  test('leaves out fields that templates of the message have used', () => {
    const template = { tags: { room: 'hall' }, usedFields: ['room'] };
    expect(line('{"timestamp":1,"room":"hall","n":1}', template)).toBe('room,room=hall n=1i 1');
  });

  test.for([
    ['{"n":1}', {}, '`timestamp` is missing'],
    ['{"timestamp":"1","n":1}', {}, '`timestamp` expects an integer, not "1"'],
    ['{"timestamp":1.5,"n":1}', {}, '`timestamp` expects an integer'],
    ['{"timestamp":null,"n":1}', {}, '`timestamp` expects an integer, not null'],
    ['{"timestamp":1}', {}, 'nothing is left to be a field'],
    ['{"timestamp":1,"_n":1}', {}, '`_n` is no name of a tag or field'],
    ['{"timestamp":1,"":1}', {}, '`` is no name of a tag or field'],
    ['{"timestamp":1,"n":18446744073709551616}', {}, '`n` is an integer of more than 64 bits'],
    ['{"timestamp":1,"n":1}', { tableName: '@{table}' }, '`` is no name of a table'],
    ['{"timestamp":1,"n":1,"t":"a\\nevil x=1 1"}', { tableName: '@{t}' }, 'a table has a line break in it'],
    ['{"timestamp":1,"n":1}', { tags: { t: 'a\\' } }, 'a tag ends with a backslash'],
    ['[1]', {}, 'a point is a JSON object'],
  ] as const)('of %s with %j cannot be: %s', ([json, template, reason]) => {
    expect(() => line(json, template)).toThrow(reason);
  });

  test('has 250 tags and fields at most', () => {
    const many = (count: number) => JSON.stringify({ timestamp: 1, ...Array.from({ length: count }, (_, n) => n) });
    expect(line(many(249), { tags: { t: 'x' } })).toContain('248=248i');
    expect(() => line(many(250), { tags: { t: 'x' } })).toThrow('there are 251 tags and fields; there may be 250');
  });
});

test('whatever a message has in it is read as one point with just those names and values', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter(text => !text.startsWith('_'));
  const tame = name.filter(text => !/[\r\n]|\\$/.test(text));
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }).map(string => [string, { string }] as const),
    fc.boolean().map(boolean => [boolean, { boolean }] as const),
    fc.maxSafeInteger().map(number => [number, { integer: BigInt(number) }] as const),
  );
  const fields = fc
    .dictionary(tame, value, { minKeys: 1, maxKeys: 5, noNullPrototype: true })
    .filter(object => !Object.hasOwn(object, 'timestamp'));
  fc.assert(
    fc.property(
      tame,
      fc.dictionary(tame, tame, { maxKeys: 3, noNullPrototype: true }),
      fields,
      (table, tags, given) => {
        fc.pre(![table, ...Object.values(tags)].some(text => text.includes('@{')));
        const element = Object.fromEntries(Object.entries(given).map(([key, [json]]) => [key, json]));
        const template = { tableName: table, tags, usedFields: [], timestamp: undefined };
        const [point, ...more] = parseLines(line(JSON.stringify({ ...element, timestamp: 7 }), template));
        expect(more).toEqual([]);
        expect(point).toMatchObject({ table, timestamp: 7n });
        expect(Object.fromEntries(point!.tags)).toEqual(tags);
        expect(point!.fields).toEqual(Object.fromEntries(Object.entries(given).map(([key, [, read]]) => [key, read])));
      },
    ),
  );
});

test.for([
  ['@{a}', undefined],
  ['x-@{a.b_1}', undefined],
  ['no marker', undefined],
  ['@{a}@{b}', 'more than one'],
  ['@{a}-${topic(1)}', 'both'],
  ['@{upper(a)}', 'no field'],
  ['@{}', 'no field'],
] as const)('of `%s` as a template of elements the fault is: %s', ([text, fault]) => {
  if (fault === undefined) expect(elementTemplateFault(text)).toBeUndefined();
  else expect(elementTemplateFault(text)).toContain(fault);
});
