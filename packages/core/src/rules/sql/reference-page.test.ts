/** What `docs/reference/iot-sql.md` says is so: its messages, its values, its functions. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { evaluate } from './fixtures.ts';
import { functionNames, parseStatement } from './index.ts';

const page = readFileSync(new URL('../../../../../docs/reference/iot-sql.md', import.meta.url), 'utf8');

const messages = Array.from(page.matchAll(/^\| `(SELECT .*?)` \| (line .*) \|$/gm), ([, sql, message]) => ({
  sql: sql!,
  message: message!.replaceAll('\\`', '`'),
}));

describe('messages of bad statements', () => {
  test.each(messages)('$sql', ({ sql, message }) => {
    expect(() => parseStatement(sql, '2016-03-23')).toThrow(message);
  });
});

const values = Array.from(
  page.matchAll(/^\| `(.*?)` \| `(\{.*?)` \| `?(.*?)`? \|$/gm),
  ([, expression, payload, value]) => ({
    expression: expression!,
    payload: payload!,
    value: value!,
  }),
);

describe('values', () => {
  test.each(values)('$expression of $payload', ({ expression, payload, value }) => {
    expect(evaluate(expression, payload)).toBe(value);
  });
});

test('there are five messages and nineteen values', () => {
  expect([messages.length, values.length]).toEqual([5, 19]);
});

test('every function is named, and no other', () => {
  const section = page.slice(page.indexOf('## Functions'), page.indexOf('- A wrong number'));
  const named = Array.from(section.matchAll(/`(\w+)`/g), ([, name]) => name!);
  expect(named.sort()).toEqual(functionNames);
});
