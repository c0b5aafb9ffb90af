import { describe, expect, test } from 'vitest';
import { ServiceError } from '../../errors.ts';
import { awsIndexingLimits, openIndexingLimits } from '../limits.ts';
import { parseQuery } from './parse.ts';

const errorOf = (queryString: string, limits = awsIndexingLimits): string => {
  try {
    parseQuery(queryString, limits);
  } catch (error) {
    if (error instanceof ServiceError && error.name === 'InvalidQueryException') return error.message;
    throw error;
  }
  return 'a query';
};

describe('an invalid query names its place', () => {
  test.each([
    ['', 1, 'expected a term, but the query ends here'],
    ['   ', 4, 'expected a term, but the query ends here'],
    ['thingName:', 11, 'expected a value, but the query ends here'],
    ['thingName:a AND', 16, 'expected a term, but the query ends here'],
    ['OR a', 1, 'expected a term, but `O` stands here'],
    ['a OR OR b', 6, 'expected a term, but `O` stands here'],
    ['a NOT', 6, 'expected a term, but the query ends here'],
    ['(a OR b', 8, 'expected `)`, but the query ends here'],
    ['a) b', 2, 'expected the end of the query, but `)` stands here'],
    ['()', 2, 'expected a term, but `)` stands here'],
    ['a - b', 3, 'expected a term, but `-` stands here'],
    [':a', 1, 'expected a term, but `:` stands here'],
    ['"thingName":a', 12, 'expected the end of the query, but `:` stands here'],
    ['thingName:a:b', 12, '`:` stands within a value; write `\\:` for one that is part of it'],
    ['thing*:a', 1, 'a field name has no wildcards'],
    ['attributes.a>', 14, 'expected a value, but the query ends here'],
    ['attributes.a>b*', 14, 'a bound has no wildcards'],
    ['attributes.a:[1 TO]', 19, 'expected a bound, but `]` stands here'],
    ['attributes.a:[1 2]', 17, 'expected `TO`, but `2` stands here'],
    ['attributes.a:[1 TO 2', 21, 'expected `]` or `}`, but the query ends here'],
    ['attributes.a:[1 TO 2)', 21, 'expected `]` or `}`, but `)` stands here'],
    ['attributes.a:[a* TO b]', 15, 'a bound has no wildcards'],
    ['[1 TO 2]', 1, 'expected a term, but `[` stands here'],
    ['attributes.a:"b', 14, 'the quotation has no end'],
    ['attributes.a:b\\', 15, '`\\` has nothing after it'],
    ['attributes.a:b/c', 15, '`/` needs quotes or a `\\` before it'],
    ['a@b', 2, '`@` needs quotes or a `\\` before it'],
    ['a,b', 2, '`,` needs quotes or a `\\` before it'],
    ['thingName:(tv* AND attributes.a:b)', 32, '`:` stands within a value'],
    ['attributes.a:geo_distance,1,2', 14, 'expected `geo_distance,<latitude>,<longitude>,<distance>`'],
    ['attributes.a:geo_distance,1,2,3parsec', 14, 'expected `geo_distance,'],
    ['attributes.a:geo_distance,91,2,3km', 14, '`91,2` is no latitude and longitude'],
    ['attributes.a:geo_bounding_box,1,2,3,4', 14, 'the top of the box is below its bottom'],
    ['attributes.a:geo_bounding_box,1,2,3', 14, 'expected `geo_bounding_box,'],
    ['attributes.a:geo_circle,1,2', 14, '`geo_circle` is no geoquery'],
    ['attributes.a:*b OR attributes.c:*d', 33, 'a query has at most 1 term with a leading wildcard'],
    ['attributes.a:?b OR attributes.c:*d', 33, 'a query has at most 1 term with a leading wildcard'],
    ['attributes.a:a*b*c*d', 14, 'a term has at most 2 `*`'],
    ['attributes.a:a??????', 14, 'a term has at most 5 `?`'],
    [Array(13).fill('a').join(' '), 25, 'a query has at most 12 terms'],
    [`${'('.repeat(200)}a${')'.repeat(200)}`, 102, 'parentheses and negations are nested more than 100 deep'],
    [`${'-'.repeat(200)}a`, 102, 'parentheses and negations are nested more than 100 deep'],
  ])('%s', (queryString, character, message) => {
    expect(errorOf(queryString)).toContain(`query string is invalid at character ${character}: ${message}`);
  });
});

test('a query, and one with a leading wildcard, may only be so long', () => {
  const long = (length: number, start = 'a') => `thingName:${start}${'b'.repeat(length - 10 - start.length)}`;
  expect(errorOf(long(1000))).toBe('a query');
  expect(errorOf(long(1001))).toBe('query string of 1001 characters is longer than 1000');
  expect(errorOf(long(100, '*'))).toBe('a query');
  expect(errorOf(long(101, '*'))).toContain('a query with a leading wildcard has at most 100 characters');
  expect(errorOf(long(101, '*'), openIndexingLimits)).toBe('a query');
});

describe('a query is read as', () => {
  const term = (field: string | undefined, word: string) => ({
    kind: 'term',
    field,
    match: { kind: 'words', words: [[word]], number: undefined },
  });

  test('a AND b OR c: the two, or the one', () => {
    const parts = [{ kind: 'and', queries: [term(undefined, 'a'), term(undefined, 'b')] }, term(undefined, 'c')];
    for (const text of ['a AND b OR c', 'a b OR c', '(a b) OR c'])
      expect(parseQuery(text)).toEqual({ kind: 'or', queries: parts });
  });

  test('NOT a b: not the one, and the other', () => {
    const parts = [{ kind: 'not', query: term(undefined, 'a') }, term(undefined, 'b')];
    for (const text of ['NOT a b', '-a b', 'NOT a AND b'])
      expect(parseQuery(text)).toEqual({ kind: 'and', queries: parts });
  });

  test('f:(a OR -b): both of the field', () => {
    const parts = [term('f', 'a'), { kind: 'not', query: term('f', 'b') }];
    expect(parseQuery('f:(a OR -b)')).toEqual({ kind: 'or', queries: parts });
  });

  test('everything that is escaped or quoted: itself', () => {
    expect(parseQuery('\\a\\N\\D')).toEqual(term(undefined, 'and'));
    expect(parseQuery('"a\\"b"')).toEqual(term(undefined, 'a"b'));
    expect(parseQuery('"a*b?"')).toEqual(term(undefined, 'a*b?'));
    expect(parseQuery('shadow.name.a\\:b.reported.c:d')).toEqual(term('shadow.name.a:b.reported.c', 'd'));
  });
});
