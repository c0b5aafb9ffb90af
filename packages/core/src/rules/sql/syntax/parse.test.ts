/** What is no statement is refused with the place and with what was expected there. */
import { describe, expect, test } from 'vitest';
import { ServiceError } from '../../../errors.ts';
import { compileStatement, compileTemplate, parseSqlVersion, parseStatement, type SqlVersion } from '../index.ts';

const V1: SqlVersion = '2015-10-08';
const V2: SqlVersion = '2016-03-23';

function refusal(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof ServiceError && error.name === 'SqlParseException') return error.message;
    throw error;
  }
  return 'accepted';
}

describe.each<[SqlVersion, string, string]>([
  [V2, '', 'line 1, column 1: expected `SELECT` or `SET`, found the end of the text'],
  [V2, 'SELEKT * FROM t', 'line 1, column 1: expected `SELECT` or `SET`, found `SELEKT`'],
  [V2, 'SELECT', 'line 1, column 7: expected an expression, found the end of the text'],
  [V2, "SELECT FROM 'a'", 'line 1, column 8: expected an expression, found `FROM`'],
  [V2, "SELECT a b FROM 'a'", 'line 1, column 10: expected `,`, `FROM` or `WHERE`, found `b`'],
  [V2, "SELECT 1 + 1 FROM 'a'", 'line 1, column 8: this column needs a name: add `AS name`'],
  [V2, "SELECT 1 + 1 x FROM 'a'", 'line 1, column 14: expected `AS`, `,` or `FROM`, found `x`'],
  [V2, "SELECT device-id FROM 'a'", 'line 1, column 8: this column needs a name: add `AS name`'],
  [V2, "SELECT a AS 1 FROM 'a'", 'line 1, column 13: expected a name, found `1`'],
  [V2, 'SELECT a FROM topic', 'line 1, column 15: expected a topic filter in quotes, found `topic`'],
  [V2, "SELECT a FROM 'a' WHERE", 'line 1, column 24: expected an expression, found the end of the text'],
  [V2, "SELECT a FROM 'a' LIMIT 1", 'line 1, column 19: expected `WHERE`, found `LIMIT`'],
  [V2, "SELECT a FROM 'a' WHERE b = 1 1", 'line 1, column 31: expected the end of the statement, found `1`'],
  [V2, "SELECT *\nFROM 'a'\nWHERE a ==\n 1", 'line 3, column 10: expected an expression, found `=`'],
  [V2, "SELECT * FROM 'a", "line 1, column 15: a string is not closed: expected '"],
  [V2, "SELECT 'it's' AS a FROM 'a'", 'line 1, column 12: expected `AS`, `,` or `FROM`, found `s`'],
  [V2, "SELECT a; FROM 'a'", 'line 1, column 9: unexpected character `;`'],
  [V2, "SELECT a -- note\nFROM 'a'", 'line 1, column 8: this column needs a name: add `AS name`'],
  [V2, "SELECT 😀 FROM 'a'", 'line 1, column 8: unexpected character `😀`'],
  [V2, "SELECT 2a FROM 'a'", 'line 1, column 9: a name cannot begin with a digit; use `get(object, "name")`'],
  [V2, "SELECT a. FROM 'a'", "line 1, column 16: expected `,`, `FROM` or `WHERE`, found the string 'a'"],
  [V2, "SELECT a.1 FROM 'a'", 'line 1, column 10: expected the name of a member, found `1`'],
  [V2, "SELECT a[0] FROM 'a'", 'line 1, column 9: there is no `[…]` after a value: use `get(value, index)`'],
  [V2, "SELECT 1e1000 AS n FROM 'a'", 'line 1, column 8: the number is outside of the range 1E-999 to 9.99E999'],
  [V2, "SELECT (a FROM 'a'", 'line 1, column 11: expected `)`, found `FROM`'],
  [V2, "SELECT f(1 FROM 'a'", 'line 1, column 8: there is no function `f`'],
  [V2, "SELECT abs(1 FROM 'a'", 'line 1, column 14: expected `,` or `)`, found `FROM`'],
  [V2, "SELECT [1 FROM 'a'", 'line 1, column 11: expected `,` or `]`, found `FROM`'],
  [V2, "SELECT {a: 1} AS o FROM 'a'", 'line 1, column 9: expected a key in quotes, found `a`'],
  [V2, "SELECT {'a' 1} AS o FROM 'a'", 'line 1, column 13: expected `:`, found `1`'],
  [V2, "SELECT VALUE a, b FROM 'a'", 'line 1, column 15: `SELECT VALUE` takes one expression'],
  [V2, "SELECT CAST(a, Int) FROM 'a'", 'line 1, column 14: expected `AS`, found `,`'],
  [V2, "SELECT CAST(a AS Number) FROM 'a'", 'line 1, column 18: cannot cast to `Number` in version 2016-03-23'],
  [V1, "SELECT CAST(a AS Bool) FROM 'a'", 'line 1, column 18: cannot cast to `Bool` in version 2015-10-08'],
  [V2, "SELECT CASE a END AS c FROM 'a'", 'line 1, column 15: expected `WHEN`, found `END`'],
  [V2, "SELECT CASE a WHEN 1 THEN 2 AS c FROM 'a'", 'line 1, column 29: expected `WHEN`, `ELSE` or `END`, found `AS`'],
  [V2, "SELECT CASE a WHEN 1 THEN 2 ELSE 3 FROM 'a'", 'line 1, column 36: expected `END`, found `FROM`'],
  [V2, "SELECT CASE WHEN a = 1 THEN 2 END AS c FROM 'a'", 'line 1, column 13: expected an expression, found `WHEN`'],
  [V2, "SELECT EXISTS (a) AS e FROM 'a'", 'line 1, column 16: expected `SELECT`, found `a`'],
  [V2, "SELECT (SELECT a) AS e FROM 'a'", 'line 1, column 17: expected `,` or `FROM`, found `)`'],
  [
    V2,
    "SELECT a FROM 'a' WHERE 1 < 2 < 3",
    'line 1, column 31: comparisons cannot be chained: put one of them in parentheses',
  ],
  [V2, "SELECT a FROM 'a' WHERE a NOT IN b", 'line 1, column 27: expected the end of the statement, found `NOT`'],

  [V2, "SELECT a FROM ''", 'line 1, column 15: a topic filter has at least one character'],
  [V2, "SELECT a FROM 'a/#/b'", 'line 1, column 15: `#` must be the last level of a topic filter, alone: `a/#/b`'],
  [V2, "SELECT a FROM 'a/b#'", 'line 1, column 15: `#` must be the last level of a topic filter, alone: `a/b#`'],
  [V2, "SELECT a FROM 'a+/b'", 'line 1, column 15: `+` must be a whole level of a topic filter: `a+/b`'],

  [V2, "SET a = 1 SELECT a FROM 'a'", 'line 1, column 5: expected a variable such as `@name`, found `a`'],
  [V2, "SET @a = 1, @a = 2 SELECT @a FROM 'a'", 'line 1, column 13: the variable `@a` is set twice'],
  [V2, "SET @a = @a SELECT @a FROM 'a'", 'line 1, column 10: the variable `@a` is not set before'],
  [V2, "SET @a = @b, @b = 1 SELECT @a FROM 'a'", 'line 1, column 10: the variable `@b` is not set before'],
  [V2, "SELECT @a FROM 'a'", 'line 1, column 8: the variable `@a` is not set before'],
  [V2, "SET @a = 1 FROM 'a'", 'line 1, column 12: expected `,` or `SELECT`, found `FROM`'],
  [V2, `SET @${'x'.repeat(65)} = 1 SELECT * FROM 'a'`, "line 1, column 5: a variable's name has at most 64 characters"],
  [
    V2,
    `SET ${Array.from({ length: 11 }, (_, i) => `@v${i} = 1`).join(', ')} SELECT * FROM 'a'`,
    'line 1, column 95: a statement sets at most 10 variables',
  ],

  [V1, "SELECT {'a': 1} AS o FROM 'a'", 'line 1, column 8: object literals came with version 2016-03-23'],
  [V1, "SELECT [1] AS o FROM 'a'", 'line 1, column 8: array literals came with version 2016-03-23'],
  [V1, "SELECT (SELECT a FROM b) AS o FROM 'a'", 'line 1, column 9: nested queries came with version 2016-03-23'],
  [V1, "SELECT isUndefined(a) FROM 'a'", 'line 1, column 8: the function `isUndefined` came with version 2016-03-23'],
  [V1, "SELECT toString(a) FROM 'a'", 'line 1, column 8: there is no function `toString`'],

  [V2, "SELECT encode(a, 'hex') FROM 'a'", "line 1, column 8: `encode` needs 'base64' as its second argument"],
  [V2, "SELECT decode(a, b) FROM 'a'", "line 1, column 8: `decode` needs 'base64' or 'proto' as its second argument"],
  [
    V2,
    "SELECT get_secret('i', k, 'r') FROM 'a'",
    "line 1, column 8: `get_secret` needs 'SecretString' or 'SecretBinary' as its second argument",
  ],
  [
    V2,
    "SELECT get_registry_data('x', 't', 'r') FROM 'a'",
    'line 1, column 8: `get_registry_data` needs "DescribeThing" or "ListThingGroupsForThing" as its first argument',
  ],
  [
    V2,
    "SELECT get_dynamodb('t', 'k', 1, 's', 'r') FROM 'a'",
    'line 1, column 8: `get_dynamodb` takes 4 arguments, or 6 with a sort key',
  ],
  [
    V2,
    "SELECT get_dynamodb('t', 'k', 1, 'r'), Get_Dynamodb('t', 'k', 2, 'r') FROM 'a'",
    'line 1, column 40: `Get_Dynamodb` may be called only once in a statement',
  ],
  [
    V2,
    "SELECT get_or_default(a, get_thing_shadow('t', 'r')) FROM 'a'",
    'line 1, column 8: `get_or_default` takes no default that calls an external function',
  ],
  [
    V2,
    `SELECT ${Array.from({ length: 3 }, (_, i) => `decode(*, 'proto', 'b', 'k', 'f', 'M') AS p${i}`).join(', ')} FROM 'a'`,
    'line 1, column 100: `decode` may be called only 2 times in a statement',
  ],
])('%s %s', (version, sql, message) => {
  test(`is refused: ${message}`, () => {
    expect(refusal(() => parseStatement(sql, version))).toBe(message);
  });
});

describe('is accepted', () => {
  test.each([
    "select * from 'a'",
    "SELECT * FROM '#'",
    "SELECT * FROM '+/+/#'",
    "SELECT * FROM '$aws/things/+/shadow/update/accepted'",
    "SELECT * FROM '$aws/rules/my_rule/a'",
    'SELECT *',
    'SELECT * WHERE a = 1',
    "SELECT a, b, FROM 'a'",
    "SELECT {'a': 1,} AS o FROM 'a'",
    "SELECT decode(a, 'base64') AS x, decode(b, 'base64') AS y, decode(c, 'base64') AS z FROM 'a'",
    "SELECT a.value.from.end.select AS as.from FROM 'a'",
    `SELECT * FROM 'a' WHERE ${Array.from({ length: 900 }, (_, i) => `a = ${i}`).join(' OR ')}`,
  ])('%s', sql => {
    expect(refusal(() => compileStatement(parseStatement(sql, V2)))).toBe('accepted');
  });
});

describe('what nests too deeply to be run is refused', () => {
  test.each([
    ['parentheses', `${'('.repeat(5000)}1${')'.repeat(5000)}`],
    ['arrays', '['.repeat(5000)],
    ['NOT', 'NOT '.repeat(5000)],
    ['minus', '-'.repeat(5000)],
    ['members', `a${'.a'.repeat(5000)}`],
    ['sums', Array.from({ length: 5000 }, () => 'a').join(' + ')],
    ['CASE', 'CASE '.repeat(5000)],
    ['calls', 'abs('.repeat(5000)],
    ['queries', '(SELECT * FROM '.repeat(5000)],
  ])('%s', (_, expression) => {
    expect(refusal(() => parseStatement(`SELECT VALUE (${expression}) FROM 'a'`, V2))).toMatch(/nesting|chain/);
  });
});

describe('templates', () => {
  test.each([
    ['${topic(2)', 'line 1, column 1: `${` is not closed: expected `}`'],
    ['a/${}', 'line 1, column 5: expected an expression, found `}`'],
    ['a/${b c}', 'line 1, column 7: expected `}`, found `c`'],
    ['a\n/${@v}', 'line 2, column 4: the variable `@v` is not set before'],
    [
      "${decode(*, 'proto', 'b', 'k', 'f', 'M')}",
      "line 1, column 3: `decode` with 'proto' cannot stand in a substitution template; use SET",
    ],
  ])('%s is refused: %s', (template, message) => {
    expect(refusal(() => compileTemplate(template, V2))).toBe(message);
  });
});

describe('versions', () => {
  test('are known by name, and the first is meant without one', () => {
    expect(parseSqlVersion('beta')).toBe('beta');
    expect(parseSqlVersion(undefined)).toBe(V1);
  });

  test('of another name are refused', () => {
    expect(() => parseSqlVersion('2016-03-24')).toThrow(
      'unknown SQL version `2016-03-24`: expected one of `2015-10-08`, `2016-03-23`, `beta`',
    );
  });
});
