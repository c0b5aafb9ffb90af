/** No expression throws, whatever the payload: it has a value, and the value can be serialized. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contextWith } from './fixtures.ts';
import { compileStatement, EvaluationError, RuleMessage } from './index.ts';
import { anyStatement } from './syntax/arbitraries.ts';

const payload = fc.oneof(
  fc.json(),
  fc
    .dictionary(fc.constantFrom('a', 'b', 'r', 'value', 'length', '__proto__'), fc.jsonValue({ maxDepth: 3 }))
    .map(value => JSON.stringify(value)),
  fc.constantFrom(
    '',
    ' ',
    '{',
    '[',
    '{}',
    '[]',
    '80',
    '"x"',
    'null',
    '{"a":12345678901234567890.5,"r":[1,{"a":-1e400},null]}',
  ),
  fc.string(),
);

test('any statement on any payload comes to an end with a value', () => {
  fc.assert(
    fc.property(
      anyStatement,
      fc.oneof(
        payload.map(text => Buffer.from(text)),
        fc.uint8Array(),
      ),
      (statement, bytes) => {
        const compiled = compileStatement(statement);
        const result = compiled.evaluate(new RuleMessage({ topic: 'a/b/c', payload: bytes }), contextWith());
        if (result instanceof Promise) throw new Error('nothing in it takes time');
        expect(result.matched).toBe(result.output !== undefined);
        expect(result.variables.length).toBe(compiled.variables.length);
        expect(result.output?.payload ?? Buffer.alloc(0)).toBeInstanceOf(Buffer);
      },
    ),
    { numRuns: 3000 },
  );
});

test('payloads nested as deeply as they are read are compared and written without end of the stack', () => {
  const nested = `{"a":${'['.repeat(490)}1${']'.repeat(490)}}`;
  const statement = compileStatement({
    version: '2016-03-23',
    variables: [],
    select: { kind: 'columns', columns: [{ value: { kind: 'field', name: 'a' }, alias: ['b', 'c'] }] },
    topicFilter: undefined,
    where: { kind: 'binary', operator: '=', left: { kind: 'field', name: 'a' }, right: { kind: 'field', name: 'a' } },
  });
  const result = statement.evaluate(new RuleMessage({ topic: 'a', payload: Buffer.from(nested) }), contextWith());
  expect(result).toMatchObject({ matched: true });
});

test('variables hold 128 KiB together', () => {
  const set = { kind: 'field', name: 'a' } as const;
  const statement = compileStatement({
    version: '2016-03-23',
    variables: [
      { name: 'x', value: set },
      { name: 'y', value: set },
    ],
    select: { kind: 'value', value: { kind: 'variable', name: 'x' } },
    topicFilter: undefined,
    where: undefined,
  });
  const evaluate = (length: number) =>
    statement.evaluate(
      new RuleMessage({ topic: 'a', payload: Buffer.from(JSON.stringify({ a: 'x'.repeat(length) })) }),
      contextWith(),
    );
  expect(evaluate(65_534)).toMatchObject({ matched: true });
  expect(() => evaluate(65_535)).toThrow(EvaluationError);
});
