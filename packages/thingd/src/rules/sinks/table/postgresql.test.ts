import { expect, test } from 'vitest';
import { parseExactly } from '../../actions/aws/exact-json.ts';
import { parameterOf } from './postgresql.ts';
import { postgresFailure } from './postgresql-failure.ts';

test.each([
  ['9007199254740993', 'bigint', '9007199254740993'],
  ['1.50', 'numeric', '1.50'],
  ['"a"', 'text', 'a'],
  ['"a"', 'jsonb', '"a"'],
  ['{"a":[1.0]}', 'text', '{"a":[1.0]}'],
  ['null', 'jsonb', null],
  ['true', 'boolean', 'true'],
  ['1700000000000', 'timestamp with time zone', '2023-11-14T22:13:20.000Z'],
  ['"2023-11-14"', 'timestamp with time zone', '2023-11-14'],
  ['1700000000000', 'bigint', '1700000000000'],
  ['["a",null,1]', 'text[]', ['a', null, '1']],
  ['[1]', 'jsonb', '[1]'],
])('%s in a column of %s is %j', (json, type, parameter) => {
  expect(parameterOf(parseExactly(json), type)).toEqual(parameter);
});

test.each([
  ['22P02', false],
  ['23505', false],
  ['42703', false],
  ['P0001', false],
  ['42P01', true],
  ['42501', true],
  ['28P01', true],
  ['3D000', true],
  ['40001', true],
  ['57P01', true],
  ['53300', true],
  ['ECONNREFUSED', true],
  [undefined, true],
])('after %s a later attempt may succeed: %s', (code, isTransient) => {
  const error = Object.assign(new Error('it failed'), { code, detail: 'Key (id)=(17) is there' });
  const { failure } = postgresFailure(error);
  expect(failure.isTransient).toBe(isTransient);
  expect(failure.message).not.toContain('17');
});
