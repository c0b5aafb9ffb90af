/** Statements, the messages they meet, and what comes out of them. */
import { describe, expect, test } from 'vitest';
import { evaluate, run } from './fixtures.ts';
import type { SqlVersion } from './version.ts';

const V1: SqlVersion = '2015-10-08';
const V2: SqlVersion = '2016-03-23';

/** Version, statement, payload, output; `undefined` is: no action. */
const vectors: readonly [SqlVersion, string, string, string | undefined][] = [
  [V2, "SELECT t AS x, topic(2) AS seg FROM 'a/+/c'", '{"t":1,"u":2}', '{"x":1,"seg":"b"}'],
  [V2, "SELECT m.p AS o.q, m.r AS o.s FROM 'a/#'", '{"m":{"p":1,"r":2}}', '{"o":{"q":1,"s":2}}'],
  [V2, "SELECT VALUE n FROM 'a/#'", '{"n":"hi"}', '"hi"'],
  [V2, "SELECT missing, n FROM 'a/#'", '{"n":null}', '{"n":null}'],
  [V2, "SELECT * FROM 'a/#' WHERE miss <> 3", '{"n":1}', undefined],
  [V2, "SELECT * FROM 'a/#' WHERE isUndefined(miss)", '{"n":1}', '{"n":1}'],
  [V2, "SELECT '5' = 5 AS e, '5' >= 5 AS g FROM 'a/#'", '{}', '{"e":false,"g":true}'],
  [V2, "SELECT 'v' + n AS s FROM 'a/#'", '{"n":7}', '{"s":"v7"}'],
  [V2, "SELECT CASE c WHEN 1 THEN 'one' END AS r, c FROM 'a/#'", '{"c":2}', '{"c":2}'],
  [V2, "SELECT lpad('x',2) AS l, substring('abcdef',2,4) AS s FROM 'a/#'", '{}', '{"l":"  x","s":"cd"}'],
  [V2, "SELECT decode(d,'base64').t AS t FROM 'a/#'", '{"d":"eyJ0IjoyMX0="}', '{"t":21}'],
  [V2, "SELECT encode(*,'base64') AS d FROM 'a/#'", 'plain', '{"d":"cGxhaW4="}'],
  [V1, "SELECT cast(f AS double) AS f FROM 'a/#'", '{"f":4.0}', '{"f":4.0}'],
  [V2, "SELECT cast(f AS double) AS f FROM 'a/#'", '{"f":4.0}', '{"f":4}'],
  [V2, "SELECT VALUE transform('enrichArray', {'g':1}, r) FROM 'a/#'", '{"r":[{"a":2}]}', '[{"a":2,"g":1}]'],
  [V2, "SELECT * FROM 'a/#' WHERE 'x' IN tags", '{"tags":["x"]}', '{"tags":["x"]}'],
  [V2, "SELECT round(-2.5) AS r, trunc(1.2399,2) AS t FROM 'a/#'", '{}', '{"r":-3,"t":1.23}'],

  // SELECT
  [V2, "SELECT * FROM 'a/#'", '{ "a" : 1.0 }', '{ "a" : 1.0 }'],
  [V2, "SELECT *, 15 AS speed FROM 'a/#'", '{"color":"red"}', '{"color":"red","speed":15}'],
  [V2, "SELECT *, 1 AS a FROM 'a/#'", '{"__proto__":{"x":1}}', '{"__proto__":{"x":1},"a":1}'],
  [V2, "SELECT *, 2 AS a.b FROM 'a/#'", '{"a":{"c":1}}', '{"a":{"c":1,"b":2}}'],
  [V2, "SELECT 1 AS a, 2 AS a FROM 'a/#'", '{}', '{"a":2}'],
  [
    V2,
    "SELECT color.red, topic(), CAST(n AS String) FROM 'a'",
    '{"color":{"red":255},"n":1}',
    '{"red":255,"topic":"a/b/c","cast":"1"}',
  ],
  [V2, "SELECT missing FROM 'a/#'", '{}', '{}'],
  [V2, "SELECT VALUE missing FROM 'a/#'", '{}', ''],
  [V2, "SELECT VALUE *.list FROM 'a/#'", '{"list":[1,2]}', '[1,2]'],
  [V2, "SELECT VALUE * FROM 'a/#'", '[1,2]', '[1,2]'],
  [V1, "SELECT VALUE n FROM 'a/#'", '{"n":[1]}', ''],
  [V2, "select value n from 'a/#'", '{"n":1}', '1'],
  [V2, "SELECT value, ts FROM 'a/#' WHERE value * 2 > 3", '{"value":2,"ts":9}', '{"value":2,"ts":9}'],
  [V2, "SELECT value * 2 AS twice FROM 'a/#'", '{"value":2}', '{"twice":4}'],
  [V2, "SELECT start, end, FROM 'a/#'", '{"start":1,"end":2}', '{"start":1,"end":2}'],
  [V2, 'SELECT a AS x FROM "a/#" WHERE s = "it""s"', '{"a":1,"s":"it\\"s"}', '{"x":1}'],
  [V2, 'SELECT topic(1) AS t', '{}', '{"t":"a"}'],

  // WHERE
  [V2, "SELECT * FROM 'a' WHERE 'TRUE'", '{}', '{}'],
  [V2, "SELECT * FROM 'a' WHERE 1", '{}', undefined],
  [V2, "SELECT * FROM 'a' WHERE NULL", '{}', undefined],
  [V2, "SELECT * FROM 'a' WHERE missing", '{}', undefined],
  [V2, "SELECT n AS m FROM 'a' WHERE m = 1", '{"n":1}', undefined],
  [V2, "SELECT * FROM 'a' WHERE isUndefined(x) OR x > 5", '{}', '{}'],

  // SET
  [
    V2,
    "SET @kelvin = c + 273, @limit = 300 SELECT @kelvin AS k, id FROM 'a' WHERE @kelvin > @limit",
    '{"c":30,"id":7}',
    '{"k":303,"id":7}',
  ],
  [
    V2,
    "SET @kelvin = c + 273, @limit = 300 SELECT @kelvin AS k FROM 'a' WHERE @kelvin > @limit",
    '{"c":20}',
    undefined,
  ],
  [V2, "SET @v = m SELECT @v.name FROM 'a'", '{"m":{"name":"x"}}', '{"name":"x"}'],
  [V2, "SET @raw = * SELECT isUndefined(@raw) AS u FROM 'a'", 'plain', '{"u":true}'],

  // Payloads that are no JSON objects
  [V2, "SELECT * FROM 'a' WHERE timestamp() % 2 = 1", 'not JSON', 'not JSON'],
  [V2, "SELECT n, topic() AS t FROM 'a'", 'not JSON', '{"t":"a/b/c"}'],
  [V2, "SELECT * FROM 'a' WHERE decode(encode(*,'base64'),'base64') > 50", '80', '80'],
  [V2, "SELECT * FROM 'a' WHERE decode(encode(*,'base64'),'base64') > 90", '80', undefined],
  [V2, "SELECT *, 1 AS n FROM 'a'", 'plain', '{"payload":"cGxhaW4=","n":1}'],
  [V2, "SELECT *, 1 AS n FROM 'a'", '', '{"n":1}'],
  [V2, "SELECT VALUE get(*, 0) FROM 'a'", '[{"x":1}]', '{"x":1}'],
  [V2, "SELECT encode(*, 'base64') AS d FROM 'a'", '{ "a":1 }', '{"d":"eyAiYSI6MSB9"}'],
  [V2, "SELECT a.length AS l, scale, constructor AS c, a.b.c AS d FROM 'a'", '{"a":[1,2]}', '{}'],
  [V2, "SELECT __proto__ AS p, toString FROM 'a'", '{"__proto__":{"x":1},"toString":2}', '{"p":{"x":1},"toString":2}'],
];

describe('vectors', () => {
  test.each(vectors)('%s %s on %s', (version, sql, payload, output) => {
    expect(run(sql, payload, { version })).toBe(output);
  });
});

test('bytes that are not UTF-8 pass through `SELECT *` as they are', () => {
  const bytes = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
  expect(run("SELECT encode(*, 'base64') AS d FROM 'a'", bytes)).toBe(`{"d":"${bytes.toString('base64')}"}`);
});

describe('nested queries', () => {
  const payload = {
    r: [
      { k: 't', v: 21 },
      { k: 'h', v: 40 },
    ],
    m: { a: 1, b: [5, 6] },
    s: 'x',
    limit: 30,
  };
  test.each([
    ['(SELECT VALUE k FROM r)', '["t","h"]'],
    ["(SELECT v FROM r WHERE k = 'h')", '[{"v":40}]'],
    ["get((SELECT v FROM r WHERE k = 'h'), 0).v", '40'],
    ['(SELECT * FROM r WHERE v > 30)', '[{"k":"h","v":40}]'],
    ['(SELECT VALUE v FROM r WHERE v > 99)', '[]'],
    ['exists (SELECT * FROM m.b AS e WHERE e = 6)', 'true'],
    ["exists (SELECT * FROM r AS e WHERE k = 't')", 'true'],
    ["exists (SELECT * FROM r AS e WHERE e.k = 'none')", 'false'],
    ['(SELECT a FROM m)', '{"a":1}'],
    ['(SELECT VALUE b FROM m)', '[5,6]'],
    ['get((SELECT *, topic() AS t FROM *), 0).t', '"a/b/c"'],
    ['(SELECT VALUE * FROM m.b)', '[5,6]'],
    ['(SELECT VALUE v FROM r WHERE v > limit)', '[40]'],
    ['(SELECT VALUE (SELECT VALUE e FROM m.b AS e WHERE e > 5) FROM r)', '[[6],[6]]'],
    ['(SELECT VALUE none FROM r)', '[]'],
    ['(SELECT none FROM r)', '[{},{}]'],
    ['(SELECT *, 1 AS n FROM m.b)', '[{"payload":5,"n":1},{"payload":6,"n":1}]'],
    ['(SELECT a FROM m WHERE a = 2)', 'Undefined'],
    ['exists (SELECT a FROM m WHERE a = 2)', 'false'],
    ['(SELECT a FROM s)', 'Undefined'],
    ['(SELECT a FROM none)', 'Undefined'],
    ['exists (SELECT a FROM none)', 'false'],
    ['isNull(SELECT VALUE none FROM m)', 'false'],
    ["transform('enrichArray', (SELECT a FROM m), r)", '[{"k":"t","v":21,"a":1},{"k":"h","v":40,"a":1}]'],
  ])('%s is %s', (expression, value) => {
    expect(evaluate(expression, payload)).toBe(value);
  });

  test('in a payload that is an array, `FROM *` visits its elements', () => {
    expect(evaluate('(SELECT VALUE n FROM * WHERE n > 1)', [{ n: 1 }, { n: 2 }])).toBe('[2]');
  });

  test('queries that multiply into millions of elements fail the evaluation', () => {
    const many = { r: Array.from({ length: 1100 }, () => 0) };
    expect(() => evaluate('(SELECT VALUE (SELECT VALUE 1 FROM r) FROM r)', many)).toThrow(/visited more than 1000000/);
  });
});
