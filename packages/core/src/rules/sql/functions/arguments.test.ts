/**
 * Every function with every kind of argument in each place: Undefined, Null, Boolean, text that is no number, array, object.
 * What functions make of the arguments they are meant for is in the tests of their families.
 */
import { describe, expect, test } from 'vitest';
import { contextWith, runAsync } from '../fixtures.ts';
import { functionNames } from '../index.ts';
import { findFunction } from './index.ts';

const U = 'Undefined';
const NULL = 'null';
const T = 'true';
const F = 'false';

/** What stands for `?` in the calls below, in the order of the columns. */
const kinds = ['missing', 'NULL', 'TRUE', "'x'", '[1]', "{'k': 1}"];

type Row = readonly [call: string, ...results: string[]];

/** A number is needed. */
const number = (...calls: string[]): Row[] => calls.map(call => [call, U, U, U, U, U, U]);
/** Services are asked only with strings. */
const stringOnly = (answer: string, ...calls: string[]): Row[] => calls.map(call => [call, U, U, U, answer, U, U]);

const services = contextWith({
  invokeLambda: async (_arn, event) => `{"event":${event}}`,
  getDynamodbItem: async (table, key) => JSON.stringify([table, ...key.map(({ value }) => value)]),
  getRegistryData: async () => '"thing"',
  getSecret: async () => ({ secretString: '{"x":"secret"}' }),
  getThingShadow: async () => '"shadow"',
  predict: async (_model, _role, record) => JSON.stringify(record),
});

const sha = (algorithm: string, digits: string): Row[] => [
  [`length(${algorithm}(?))`, U, U, digits, digits, digits, digits],
];

const rows: Readonly<Record<string, readonly Row[]>> = {
  abs: number('abs(?)'),
  accountid: [],
  acos: number('acos(?)'),
  asin: number('asin(?)'),
  atan: number('atan(?)'),
  atan2: number('atan2(?, 1)', 'atan2(1, ?)'),
  aws_lambda: [
    ...stringOnly('{"event":1}', 'aws_lambda(?, 1)'),
    [
      "aws_lambda('arn', ?)",
      U,
      '{"event":null}',
      '{"event":true}',
      '{"event":"x"}',
      '{"event":[1]}',
      '{"event":{"k":1}}',
    ],
  ],
  bitand: number('bitand(?, 1)', 'bitand(1, ?)'),
  bitnot: number('bitnot(?)'),
  bitor: number('bitor(?, 1)', 'bitor(1, ?)'),
  bitxor: number('bitxor(?, 1)', 'bitxor(1, ?)'),
  ceil: number('ceil(?)'),
  chr: number('chr(?)'),
  clientid: [],
  concat: [
    ['concat(?)', U, NULL, T, '"x"', '[1]', '{"k":1}'],
    ["concat('a', ?)", U, U, '"atrue"', '"ax"', '["a",1]', '"a{\\"k\\":1}"'],
    ['concat(2, ?)', U, U, U, '"2x"', '[2,1]', U],
  ],
  cos: number('cos(?)'),
  cosh: number('cosh(?)'),
  decode: [["decode(?, 'base64')", U, U, '"\ufffd\ufffd\ufffd"', NULL, NULL, NULL]],
  encode: [["encode(?, 'base64')", U, U, '"dHJ1ZQ=="', '"eA=="', '"WzFd"', '"eyJrIjoxfQ=="']],
  endswith: [
    ["endswith(?, 'x')", U, U, F, T, F, F],
    ["endswith('x', ?)", U, U, F, T, F, F],
  ],
  exp: number('exp(?)'),
  floor: number('floor(?)'),
  get: [
    ['get(?, 0)', U, U, U, '"x"', '1', U],
    ["get(?, 'k')", U, U, U, U, U, '1'],
    ["get({'x': 7}, ?)", U, U, U, '7', U, U],
    ['get([7], ?)', U, U, U, U, U, U],
  ],
  get_dynamodb: [
    ...stringOnly('["x","1"]', "get_dynamodb(?, 'id', 1, 'role')"),
    ...stringOnly('["t","1"]', "get_dynamodb('t', ?, 1, 'role')", "get_dynamodb('t', 'id', 1, ?)"),
    ["get_dynamodb('t', 'id', ?, 'role')", U, U, '["t","true"]', '["t","x"]', '["t","[1]"]', '["t","{\\"k\\":1}"]'],
    ...stringOnly('["t","1","2"]', "get_dynamodb('t', 'id', 1, ?, 2, 'role')"),
    [
      "get_dynamodb('t', 'id', 1, 's', ?, 'role')",
      U,
      U,
      '["t","1","true"]',
      '["t","1","x"]',
      '["t","1","[1]"]',
      '["t","1","{\\"k\\":1}"]',
    ],
  ],
  get_mqtt_property: [['get_mqtt_property(?)', U, U, U, U, U, U]],
  get_or_default: [
    ["get_or_default(?, 'd')", '"d"', '"d"', T, '"x"', '[1]', '{"k":1}'],
    ['get_or_default(missing, ?)', U, NULL, T, '"x"', '[1]', '{"k":1}'],
    ['get_or_default(?)', U, U, T, '"x"', '[1]', '{"k":1}'],
  ],
  get_registry_data: stringOnly(
    '"thing"',
    "get_registry_data('DescribeThing', ?, 'role')",
    "get_registry_data('DescribeThing', 't', ?)",
  ),
  get_secret: [
    ...stringOnly('{"x":"secret"}', "get_secret(?, 'SecretString', 'role')", "get_secret('id', 'SecretString', ?)"),
    ["get_secret('id', 'SecretString', ?, 'role')", U, U, U, '"secret"', U, U],
  ],
  get_thing_shadow: stringOnly(
    '"shadow"',
    "get_thing_shadow(?, 'role')",
    "get_thing_shadow('t', ?)",
    "get_thing_shadow('t', ?, 'role')",
  ),
  get_user_properties: [['get_user_properties(?)', U, U, U, U, U, U]],
  indexof: [
    ["indexof(?, 'x')", U, U, '-1', '0', '-1', '-1'],
    ["indexof('x', ?)", U, U, '-1', '0', '-1', '-1'],
  ],
  isnull: [['isNull(?)', F, T, F, F, F, F]],
  isundefined: [['isUndefined(?)', T, F, F, F, F, F]],
  length: [['length(?)', U, U, '4', '1', '3', '7']],
  ln: number('ln(?)'),
  log: number('log(?)'),
  lower: [['lower(?)', U, U, '"true"', '"x"', '"[1]"', '"{\\"k\\":1}"']],
  lpad: [['lpad(?, 1)', U, U, '" true"', '" x"', '" [1]"', '" {\\"k\\":1}"'], ...number("lpad('a', ?)")],
  ltrim: [['ltrim(?)', U, U, '"true"', '"x"', '"[1]"', '"{\\"k\\":1}"']],
  machinelearning_predict: [
    ...stringOnly(
      '{"a":"1"}',
      "machinelearning_predict(?, 'role', {'a': 1})",
      "machinelearning_predict('m', ?, {'a': 1})",
    ),
    ["machinelearning_predict('m', 'role', ?)", U, U, U, U, U, '{"k":"1"}'],
  ],
  md2: sha('md2', '32'),
  md5: sha('md5', '32'),
  mod: number('mod(?, 1)', 'mod(1, ?)'),
  nanvl: [
    ["nanvl(?, 'd')", '"d"', '"d"', T, '"x"', '[1]', '{"k":1}'],
    ['nanvl(NULL, ?)', U, NULL, T, '"x"', '[1]', '{"k":1}'],
  ],
  newuuid: [],
  numbytes: [['numbytes(?)', U, U, '4', '1', '3', '7']],
  parse_time: [
    ['parse_time(?, 0)', U, U, U, '"1970"', '"[1]"', '"{\\"24\\":1}"'],
    ...number("parse_time('yyyy', ?)"),
    ["parse_time('yyyy', 0, ?)", U, U, U, U, U, U],
  ],
  power: number('power(?, 1)', 'power(1, ?)'),
  principal: [],
  rand: [],
  regexp_matches: [
    ["regexp_matches(?, 'x')", U, U, F, T, F, F],
    ["regexp_matches('x', ?)", U, U, F, T, F, U],
  ],
  regexp_replace: [
    ["regexp_replace(?, '1|x', 'y')", U, U, '"true"', '"y"', '"[y]"', '"{\\"k\\":y}"'],
    ["regexp_replace('x1', ?, 'y')", U, U, '"x1"', '"y1"', '"xy"', U],
    ["regexp_replace('a', 'a', ?)", U, U, '"true"', '"x"', '"[1]"', '"{\\"k\\":1}"'],
  ],
  regexp_substr: [
    ["regexp_substr(?, '1|x')", U, U, U, '"x"', '"1"', '"1"'],
    ["regexp_substr('x1', ?)", U, U, U, '"x"', '"1"', U],
  ],
  remainder: number('remainder(?, 1)', 'remainder(1, ?)'),
  replace: [
    ["replace(?, '1', '2')", U, U, '"true"', '"x"', '"[2]"', '"{\\"k\\":2}"'],
    ["replace('x', ?, 'y')", U, U, '"x"', '"y"', '"x"', '"x"'],
    ["replace('a', 'a', ?)", U, U, '"true"', '"x"', '"[1]"', '"{\\"k\\":1}"'],
  ],
  round: number('round(?)'),
  rpad: [['rpad(?, 1)', U, U, '"true "', '"x "', '"[1] "', '"{\\"k\\":1} "'], ...number("rpad('a', ?)")],
  rtrim: [['rtrim(?)', U, U, '"true"', '"x"', '"[1]"', '"{\\"k\\":1}"']],
  sha1: sha('sha1', '40'),
  sha224: sha('sha224', '56'),
  sha256: sha('sha256', '64'),
  sha384: sha('sha384', '96'),
  sha512: sha('sha512', '128'),
  sign: number('sign(?)'),
  sin: number('sin(?)'),
  sinh: number('sinh(?)'),
  sourceip: [],
  sql_version: [],
  sqrt: number('sqrt(?)'),
  startswith: [
    ["startswith(?, 'x')", U, U, F, T, F, F],
    ["startswith('x', ?)", U, U, F, T, F, F],
  ],
  substring: [
    ['substring(?, 0, 1)', U, U, '"t"', '"x"', '"["', '"{"'],
    ...number("substring('abc', ?)", "substring('abc', 0, ?)"),
  ],
  tan: number('tan(?)'),
  tanh: number('tanh(?)'),
  time_to_epoch: [
    ["time_to_epoch(?, 'yyyy')", U, U, U, U, U, U],
    ["time_to_epoch('2021-01-01', ?)", U, U, U, U, U, U],
  ],
  timestamp: [],
  topic: number('topic(?)'),
  traceid: [],
  transform: [
    ["transform(?, {'a': 1}, [{}])", U, U, U, U, U, U],
    ["transform('enrichArray', ?, [{}])", U, U, U, U, U, '[{"k":1}]'],
    ["transform('enrichArray', {'a': 1}, ?)", U, U, U, U, '[1]', U],
  ],
  trim: [['trim(?)', U, U, '"true"', '"x"', '"[1]"', '"{\\"k\\":1}"']],
  trunc: number('trunc(?, 1)', 'trunc(1.5, ?)'),
  upper: [['upper(?)', U, U, '"TRUE"', '"X"', '"[1]"', '"{\\"K\\":1}"']],
};

async function value(call: string): Promise<string> {
  return (await runAsync(`SELECT VALUE (${call}) FROM 'a/#'`, {}, { context: services })) || U;
}

describe.each(Object.entries(rows).filter(([, calls]) => calls.length > 0))('%s', (_, calls) => {
  for (const [call, ...results] of calls) {
    test.each(kinds.map((kind, index) => [call.replace('?', kind), results[index]!] as const))(
      '%s',
      async (filled, result) => {
        expect(await value(filled)).toBe(result);
      },
    );
  }
});

test('every function stands in the table, and only those without arguments have no rows', () => {
  expect(Object.keys(rows).sort()).toEqual(functionNames);
  const withoutRows = functionNames.filter(name => rows[name]?.length === 0);
  expect(withoutRows).toEqual(functionNames.filter(name => findFunction(name, '2016-03-23')!.arity[1] === 0));
});

describe('a wrong number of arguments is Undefined', () => {
  const constants: Readonly<Record<string, string>> = {
    encode: "'a', 'base64', 1",
    decode: "'a', 'base64', 1",
    get_secret: "'a', 'SecretString'",
    get_registry_data: "'DescribeThing'",
  };
  const atMost = (name: string) => constants[name] ?? Array.from({ length: 9 }, () => 1).join(', ');

  test.each(functionNames.filter(name => name !== 'concat'))('%s', async name => {
    expect(await value(`${name}(${atMost(name)})`)).toBe(U);
  });

  test('concat()', async () => {
    expect(await value('concat()')).toBe(U);
  });
});
