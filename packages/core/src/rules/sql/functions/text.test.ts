/** What functions of strings and of collections make of what they are meant for. */
import { describe, expect, test } from 'vitest';
import { evaluate } from '../fixtures.ts';
import '../index.ts';

const U = 'Undefined';

describe.each([
  ['chr(65)', '"A"'],
  ['chr(65.9)', '"A"'],
  ["chr('49')", '"1"'],
  ['chr(127)', '"\x7f"'],
  ['chr(128)', U],
  ['chr(-1)', U],
  ['concat(1)', '"1"'],
  ["concat('a', 'b', 1.5, true)", '"ab1.5true"'],
  ['concat([1, 2], 3)', '[1,2,3]'],
  ["concat('hello', [1], [[2]])", '["hello",1,[2]]'],
  ['concat([1], missing)', '[1,null]'],
  ['concat(1, 2)', U],
  ["endswith('cat', 'at')", 'true'],
  ["endswith('cat', '')", 'true'],
  ["startswith('ranger', 'ran')", 'true'],
  ["startswith('ranger', 'an')", 'false'],
  ["startswith(12, '1')", 'true'],
  ["indexof('abcd', 'cd')", '2'],
  ["indexof('abcd', 'x')", '-1'],
  ["indexof('abcd', '')", '0'],
  ["length('hi')", '2'],
  ["length('')", '0'],
  ['length(false)', '5'],
  ["length('😀é')", '2'],
  ["numbytes('hi')", '2'],
  ["numbytes('é')", '2'],
  ["numbytes('😀')", '4'],
  ["lower('HELLO Ü')", '"hello ü"'],
  ["upper('hello ü')", '"HELLO Ü"'],
  ["lpad('hello', 2)", '"  hello"'],
  ["lpad('x', -1)", '"x"'],
  ["lpad('x', 1.9)", '" x"'],
  ["length(lpad('x', 5000))", '1001'],
  ["rpad(2, '3')", '"2   "'],
  ["ltrim(' \t h i ')", '"h i "'],
  ["ltrim('\nx')", '"\\nx"'],
  ["rtrim(' h i \t ')", '" h i"'],
  ["rtrim('x\n')", '"x\\n"'],
  ["trim(' \t\n hi \n')", '"hi"'],
  ["replace('a.b.c', '.', '-')", '"a-b-c"'],
  ["replace('abc', '', '-')", '"abc"'],
  ["replace('aaa', 'aa', 'b')", '"ba"'],
  ["replace('abc', 'b', '$1')", '"a$1c"'],
  ['replace(100, 0, 1)', '"111"'],
  ["substring('012345', 2.7)", '"2345"'],
  ['substring(123, 2)', '"3"'],
  ["substring('012345', -1)", '"012345"'],
  ["substring('012345', 1, 9)", '"12345"'],
  ["substring('012345', 3, 2)", '""'],
  ["substring('012345', '1', '3')", '"12"'],
  ["substring('012345', 9)", '""'],
  ["substring('012345', 0, -1)", '""'],
  ["substring('012345', 1e30)", '""'],
  ["md2('abc')", '"da853b0d3f88d99b30283a69e6ded6bb"'],
  ["md5('abc')", '"900150983cd24fb0d6963f7d28e17f72"'],
  ["sha1('abc')", '"a9993e364706816aba3e25717850c26c9cd0d89d"'],
  ["sha224('abc')", '"23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"'],
  ["sha256('abc')", '"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"'],
  ["substring(sha384('abc'), 0, 16)", '"cb00753f45a35e8b"'],
  ["substring(sha512('abc'), 0, 16)", '"ddaf35a193617aba"'],
  ["md2('')", '"8350e5a3e24c153df2275c9f80692773"'],
  [
    "md2('12345678901234567890123456789012345678901234567890123456789012345678901234567890')",
    '"d5976f79d83d3a0dc9806c3c66f3efd8"',
  ],
  ["md5('é')", '"66ddcd97cfdeabb2f6fb8a999b4bc76f"'],

  ["get(['a', 'b'], 1)", '"b"'],
  ["get(['a', 'b'], '1')", '"b"'],
  ["get(['a', 'b'], 0.6)", '"b"'],
  ["get(['a'], 1)", U],
  ["get(['a'], -1)", U],
  ['get([NULL], 0)', 'null'],
  ["get('abc', 1)", '"b"'],
  ["get('abc', 3)", U],
  ["get({'a-b': 1}, 'a-b')", '1'],
  ["get({'1': 1}, 1)", U],
  ["get({}, 'toString')", U],
  ['get([1], 1e30)', U],
  ["get_or_default(1 / 0, 'none')", '"none"'],
  ["transform('enrichArray', {'a': 9, 'g': 1}, [{'a': 2}, 3])", '[{"a":9,"g":1},3]'],
  ["transform('enrichArray', {}, [])", '[]'],

  ["encode('a', 'base64')", '"YQ=="'],
  ["encode(12, 'base64')", '"MTI="'],
  ["encode('', 'base64')", '""'],
  ["decode('ODA=', 'base64')", '80'],
  ["decode('ODA', 'base64')", '80'],
  ["decode('YQ==', 'base64')", '"a"'],
  ["decode('eyJhIjpbMV19', 'base64').a", '[1]'],
  ["decode('', 'base64')", '""'],
  ["decode('Y Q=', 'base64')", 'null'],
  ["decode('A', 'base64')", 'null'],
])('%s', (expression, expected) => {
  test(`is ${expected}`, () => {
    expect(evaluate(expression)).toBe(expected);
  });
});

describe('strings that would fill the memory are Undefined', () => {
  const payload = { s: 'x'.repeat(100_000), long: 'y'.repeat(1000) };
  test.each([
    ["replace(s, 'x', long)"],
    ['concat(s, s, s, s, s, s, s, s, s, s, s)'],
    ['s + s + s + s + s + s + s + s + s + s + s'],
  ])('%s', expression => {
    expect(evaluate(expression, payload)).toBe(U);
  });
});

test('`transform` fails beyond 128 KiB', () => {
  const payload = { o: { s: 'x'.repeat(1000) }, r: Array.from({ length: 200 }, () => ({})) };
  expect(() => evaluate("transform('enrichArray', o, r)", payload)).toThrow(/more than 128 KiB/);
});

test('trimming takes time in proportion to the text, also where the blanks are not at its end', () => {
  expect(evaluate('length(rtrim(s)) + length(ltrim(s)) + length(trim(s))', { s: `x${' '.repeat(100_000)}x` })).toBe(
    '300006',
  );
});
