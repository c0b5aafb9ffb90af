/** Printing is the parser's inverse. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStatement, printStatement } from '../index.ts';
import { anyStatement } from './arbitraries.ts';

test('a statement that is printed parses to itself', () => {
  fc.assert(
    fc.property(anyStatement, statement => {
      expect(parseStatement(printStatement(statement), statement.version)).toEqual(statement);
    }),
    { numRuns: 1000 },
  );
});

describe('what is printed has the parentheses it needs and no others', () => {
  test.each([
    ["select a.b as c,d from 'x' where a=1 and not b<2", "SELECT a.b AS c, d FROM 'x' WHERE a = 1 AND NOT b < 2"],
    ['select value (a+b)*c', 'SELECT VALUE ((a + b) * c)'],
    ["set @a=1 select @a from 'x'", "SET @a = 1 SELECT @a FROM 'x'"],
    ['select a-(b-c) as x,(a-b)-c as y', 'SELECT a - (b - c) AS x, a - b - c AS y'],
    ['select (a=b)=c as x', 'SELECT (a = b) = c AS x'],
    [
      'select isnull(select value k from r as e where e>1) as x',
      'SELECT isnull((SELECT VALUE k FROM r AS e WHERE e > 1)) AS x',
    ],
    ["select case a when 1 then 'x' else null end as x", "SELECT CASE a WHEN 1 THEN 'x' ELSE NULL END AS x"],
    ["select {'a':[1,*]}.a as x", "SELECT {'a': [1, *]}.a AS x"],
    ['select cast(a as integer) as x,-(-a) as y', 'SELECT CAST(a AS Int) AS x, --a AS y'],
    ['select "it\'s" as x', "SELECT 'it''s' AS x"],
  ])('%s', (sql, printed) => {
    expect(printStatement(parseStatement(sql, '2016-03-23'))).toBe(printed);
  });
});
