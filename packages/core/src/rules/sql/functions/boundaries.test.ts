/**
 * Every function at the edges of what it takes: nothing in it, the first and the last place, one beyond, the largest and the smallest
 * number. Wrong kinds of arguments are in arguments.test.ts, the rest in the tests of the families.
 */
import { describe, expect, test } from 'vitest';
import { contextWith, runAsync } from '../fixtures.ts';
import { findFunction, functionNames } from './index.ts';

const U = 'Undefined';
const largest = '9.999999999999999999999999999999999E999';

const services = contextWith({
  invokeLambda: async (arn, event) => (arn === 'null' ? 'null' : JSON.stringify([arn, event])),
  getDynamodbItem: async (table, key) =>
    JSON.stringify([table, ...key.map(({ value, isNumber }) => [value, isNumber])]),
  getRegistryData: async (...args) => JSON.stringify(args),
  getSecret: async id => ({ secretString: id === '' ? '' : '{"":"no name","n":null}' }),
  getThingShadow: async (...args) => JSON.stringify(args),
  predict: async (_model, _role, record) => JSON.stringify(record),
});

type Row = readonly [call: string, result: string];

const rows: Readonly<Record<string, readonly Row[]>> = {
  abs: [
    [`abs(-${largest})`, largest],
    ['abs(-0)', '0'],
    ['abs(1E-999)', '1E-999'],
  ],
  acos: [['acos(-1)', '3.141592653589793']],
  asin: [['asin(1)', '1.5707963267948966']],
  atan: [['atan(1E999)', '1.5707963267948966']],
  atan2: [['atan2(0, -1)', '3.141592653589793']],
  aws_lambda: [
    ["aws_lambda('', '')", '["","\\"\\""]'],
    ["aws_lambda('f', {})", '["f","{}"]'],
    ["aws_lambda('null', *)", 'null'],
  ],
  bitand: [
    ['bitand(-1, 0)', '0'],
    ['bitand(0.9, 1)', '0'],
  ],
  bitnot: [['bitnot(0)', '-1']],
  bitor: [['bitor(-1, 1)', '-1']],
  bitxor: [['bitxor(-1, -1)', '0']],
  ceil: [
    ['ceil(-0.5)', '0'],
    [`ceil(${largest})`, largest],
  ],
  chr: [
    ['chr(0)', '"\\u0000"'],
    ['chr(127.9)', '"\x7f"'],
    ['chr(-0.5)', U],
  ],
  concat: [
    ["concat('', '')", '""'],
    ['concat([], [])', '[]'],
  ],
  cos: [['cos(1E999)', U]],
  cosh: [
    ['cosh(710)', '1.1169973830808557e+308'],
    ['cosh(711)', U],
  ],
  decode: [
    ["decode('====', 'base64')", 'null'],
    ["decode('bnVsbA==', 'base64')", 'null'],
  ],
  encode: [["encode({}, 'base64')", '"e30="']],
  endswith: [
    ["endswith('', '')", 'true'],
    ["endswith('', 'a')", 'false'],
  ],
  exp: [
    ['exp(709)', '8.218407461554972e+307'],
    ['exp(710)', U],
    ['exp(-1E999)', '0'],
  ],
  floor: [
    ['floor(-0.5)', '-1'],
    ['floor(1E-999)', '0'],
  ],
  get: [
    ["get('', 0)", U],
    ['get([], 0)', U],
    ["get({'': 1}, '')", '1'],
    ['get([1], -0.5)', U],
  ],
  get_dynamodb: [
    ["get_dynamodb('', '', '', '')", '["",["",false]]'],
    ["get_dynamodb('t', 'id', 0, 'r')", '["t",["0",true]]'],
    ["get_dynamodb('t', 'id', '0', 's', 12345678901234567890, 'r')", '["t",["0",false],["12345678901234567890",true]]'],
  ],
  get_mqtt_property: [["get_mqtt_property('')", U]],
  get_or_default: [
    ["get_or_default('', 1)", '""'],
    ['get_or_default(0, 1)', '0'],
    ['get_or_default(false, 1)', 'false'],
    ['get_or_default([], 1)', '[]'],
  ],
  get_registry_data: [["get_registry_data('DescribeThing', '', '')", '["DescribeThing","",""]']],
  get_secret: [
    ["get_secret('', 'SecretString', '')", '""'],
    ["get_secret('i', 'SecretString', '', 'r')", '"no name"'],
    ["get_secret('i', 'SecretString', 'n', 'r')", 'null'],
  ],
  get_thing_shadow: [["get_thing_shadow('', '', '')", '["","",""]']],
  get_user_properties: [["get_user_properties('')", U]],
  indexof: [
    ["indexof('', '')", '0'],
    ["indexof('', 'a')", '-1'],
  ],
  isnull: [
    ["isNull('')", 'false'],
    ['isNull(0)', 'false'],
  ],
  isundefined: [
    ["isUndefined('')", 'false'],
    ['isUndefined([])', 'false'],
  ],
  length: [["length('😀')", '1']],
  ln: [
    ['ln(1E-999)', U],
    ['ln(9E999)', U],
  ],
  log: [['log(1E-999)', U]],
  lower: [["lower('')", '""']],
  lpad: [
    ["lpad('', 1)", '" "'],
    ["lpad('x', 0)", '"x"'],
    ["length(lpad('', 1000.9))", '1000'],
  ],
  ltrim: [["ltrim(' \t ')", '""']],
  machinelearning_predict: [["machinelearning_predict('', '', {})", '{}']],
  md2: [["md2('')", '"8350e5a3e24c153df2275c9f80692773"']],
  md5: [["md5('')", '"d41d8cd98f00b204e9800998ecf8427e"']],
  mod: [
    ['mod(5, 0.0)', U],
    ['mod(1E999, 7)', '6'],
    ['mod(-1, 3)', '-1'],
  ],
  nanvl: [
    ['nanvl(0, 1)', '0'],
    ["nanvl('', 1)", '""'],
  ],
  numbytes: [["numbytes('')", '0']],
  parse_time: [
    ["parse_time('yyyy', -62135596800001)", '"0000"'],
    ["parse_time('SSS', -1)", '"999"'],
  ],
  power: [
    ['power(0, 0)', '1'],
    ['power(10, 308)', '1e+308'],
    ['power(10, 309)', U],
    ['power(-8, 1 / 3)', U],
  ],
  regexp_matches: [
    ["regexp_matches('', '')", 'true'],
    ["regexp_matches('', '.')", 'false'],
  ],
  regexp_replace: [
    ["regexp_replace('', '', 'x')", '"x"'],
    ["regexp_replace('abc', '', '')", '"abc"'],
  ],
  regexp_substr: [["regexp_substr('', '')", '""']],
  remainder: [
    ['remainder(0, 1)', '0'],
    ['remainder(-5.5, -2)', '-1.5'],
  ],
  replace: [
    ["replace('', 'a', 'b')", '""'],
    ["replace('aaa', 'a', '')", '""'],
  ],
  round: [
    ['round(0.5)', '1'],
    ['round(-0.5)', '-1'],
    ['round(0.4999999999999999999999999999999999)', '0'],
    ['round(0.49999999999999999999999999999999999)', '1'], // 35 digits are read as 34: 0.5
  ],
  rpad: [
    ["length(rpad('', 1000000))", '1000'],
    ["rpad('x', 0)", '"x"'],
  ],
  rtrim: [["rtrim(' \t ')", '""']],
  sha1: [["sha1('')", '"da39a3ee5e6b4b0d3255bfef95601890afd80709"']],
  sha224: [["sha224('')", '"d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f"']],
  sha256: [["sha256('')", '"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"']],
  sha384: [["substring(sha384(''), 0, 16)", '"38b060a751ac9638"']],
  sha512: [["substring(sha512(''), 0, 16)", '"cf83e1357eefb8bd"']],
  sign: [
    ['sign(-1E-999)', '-1'],
    ['sign(9E999)', '1'],
  ],
  sin: [['sin(1E999)', U]],
  sinh: [
    ['sinh(-710)', '-1.1169973830808557e+308'],
    ['sinh(711)', U],
  ],
  sqrt: [
    ['sqrt(0)', '0'],
    ['sqrt(9E999)', U],
  ],
  startswith: [
    ["startswith('', '')", 'true'],
    ["startswith('a', 'ab')", 'false'],
  ],
  substring: [
    ["substring('', 0)", '""'],
    ["substring('abc', 3)", '""'],
    ["substring('abc', 0, 0)", '""'],
    ["substring('abc', 2.9, 3.9)", '"c"'],
  ],
  tan: [['tan(0)', '0']],
  tanh: [['tanh(-1E999)', '-1']],
  time_to_epoch: [
    ["time_to_epoch('', '')", U],
    ["time_to_epoch('1970-01-01', 'yyyy-MM-dd')", '0'],
    ["time_to_epoch('1969-12-31 23:59:59.999', 'yyyy-MM-dd HH:mm:ss.SSS')", '-1'],
  ],
  topic: [
    ['topic(1)', '"a"'],
    ['topic(3.9)', '"c"'],
    ['topic(0.9)', U],
    ['topic(4)', U],
  ],
  transform: [
    ["transform('enrichArray', {}, [{}])", '[{}]'],
    ["transform('enrichArray', {'a': 1}, [])", '[]'],
  ],
  trim: [["trim('')", '""']],
  trunc: [
    ['trunc(1.5, 34)', '1.5'],
    ['trunc(-0.001, 2)', '0'],
    ['trunc(9.999999999999999999999999999999999, 34)', '9.999999999999999999999999999999999'],
  ],
  upper: [["upper('ß')", '"SS"']],
};

describe.each(Object.entries(rows))('%s', (_, calls) => {
  test.each(calls)('%s is %s', async (call, result) => {
    expect((await runAsync(`SELECT VALUE (${call}) FROM 'a/#'`, {}, { context: services })) || U).toBe(result);
  });
});

test('every function that takes arguments stands in the table', () => {
  const takesArguments = (name: string): boolean => findFunction(name, '2016-03-23')!.arity[1] > 0;
  expect(Object.keys(rows)).toEqual(functionNames.filter(takesArguments));
});
