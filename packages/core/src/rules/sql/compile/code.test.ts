/** What stands in a rule is data to the code that is made of it. */
import { describe, expect, test } from 'vitest';
import { contextWith, messageOf, run } from '../fixtures.ts';
import { compileStatement, type Statement } from '../index.ts';
import type { Expression } from '../syntax/ast.ts';

const from = (value: Expression, more: Partial<Statement> = {}): Statement => ({
  version: '2016-03-23',
  variables: [],
  select: { kind: 'columns', columns: [{ value, alias: ['found'] }] },
  topicFilter: 'a',
  where: undefined,
  ...more,
});

function output(statement: Statement, payload: unknown): string | undefined {
  const result = compileStatement(statement).evaluate(messageOf(payload), contextWith());
  if (result instanceof Promise) throw new Error('nothing in it takes time');
  return result.output?.payload.toString();
}

describe.each([
  '"',
  "'",
  '`',
  '\\',
  '\\"',
  '${x}',
  '"]; throw new Error("no"); ["',
  '*/',
  '</script>',
  '\n',
  '\u2028',
  '\ud800',
  'message',
  'constants',
  'undefined',
  'a b',
  '',
])('%j', name => {
  test('names a member of the payload', () => {
    expect(output(from({ kind: 'field', name }), { [name]: 1 })).toBe('{"found":1}');
    const inner: Expression = { kind: 'member', object: { kind: 'field', name: 'o' }, name };
    expect(output(from(inner), { o: { [name]: 1 } })).toBe('{"found":1}');
    expect(output(from(inner), { o: {} })).toBe('{}');
  });

  test('names a column, a key and a variable', () => {
    const one: Expression = { kind: 'number', value: 1 };
    const columns = [{ value: { kind: 'variable', name } as const, alias: [name, 'deep'] }];
    const statement = from(one, { select: { kind: 'columns', columns }, variables: [{ name, value: one }] });
    expect(output(statement, {})).toBe(JSON.stringify({ [name]: { deep: 1 } }));
    expect(output(from({ kind: 'object', members: [{ key: name, value: one }] }), {})).toBe(
      JSON.stringify({ found: { [name]: 1 } }),
    );
  });

  test('is a text', () => {
    expect(output(from({ kind: 'string', value: name }), {})).toBe(JSON.stringify({ found: name }));
  });
});

test('statements that differ in numbers alone do not mix them up', () => {
  const outputs = [1, 2].map(n =>
    run(`SELECT a + ${n} AS sum, power(2, ${n}) AS power FROM 'a' WHERE a < ${n} AND a IN [0, 0.${n}]`, {
      a: n / 10,
    }),
  );
  expect(outputs).toEqual(['{"sum":1.1,"power":2}', '{"sum":2.2,"power":4}']);
});

test.each(['length', 'constructor', '__proto__', 'toString', 'description', 'scale', 'bytes', 'at', '0', '1'])(
  '`%s` is a member only of an object that has it',
  name => {
    for (const value of ['text', 12345, true, null, [1, 2], {}, 'NOT JSON']) {
      const payload = value === 'NOT JSON' ? value : { o: value };
      expect(output(from({ kind: 'member', object: { kind: 'field', name: 'o' }, name }), payload)).toBe('{}');
      const element: Expression = { kind: 'field', name };
      expect(output(from(element), value === null ? 'null' : JSON.stringify(value))).toBe('{}');
    }
    expect(output(from({ kind: 'field', name }), `{"${name}":1}`)).toBe('{"found":1}');
  },
);

test.each([
  ['+', 1, '1000'],
  ['*', 1, '1'],
  ['AND', true, 'true'],
  ['OR', false, 'false'],
])('a chain of %s as long as the parser allows is compiled', (operator, n, value) => {
  expect(run(`SELECT VALUE ${Array.from({ length: 1000 }, () => 'n').join(` ${operator} `)} FROM 'a'`, { n })).toBe(
    value,
  );
});

test('a variable that is null is null', () => {
  expect(run("SET @a = NULL SELECT @a AS a, isNull(@a) AS b FROM 'a'", {})).toBe('{"a":null,"b":true}');
});
