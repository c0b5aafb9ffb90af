/** Regular expressions beside those of a Java 17: the rows are what its `Matcher` answered. */
import { describe, expect, test } from 'vitest';
import '../index.ts';
import { evaluate } from '../fixtures.ts';

/** Text, pattern, replacement, first match, and all matches replaced; `undefined` where there is none or Java refuses. */
const rows: readonly [string, string, string, string | undefined, string | undefined][] = [
  ['sensor-12', '\\d+', '<$0>', '12', 'sensor-<12>'],
  ['sensor-12', '[a-z]+-(\\d)(\\d)', '$2$1', 'sensor-12', '21'],
  ['aaa', 'a++a', 'x', undefined, 'aaa'],
  ['aaab', 'a*+b', 'x', 'aaab', 'x'],
  ['aaab', '(?>a+)b', '[$0]', 'aaab', '[aaab]'],
  ['ABC abc', '(?i)abc', 'x', 'ABC', 'x x'],
  ['xABC', 'x(?i)abc|d', 'y', 'xABC', 'y'],
  ['xD', 'x(?i)abc|d', 'y', 'D', 'xy'],
  ['aB', '(a(?i)b)c|aB', 'y', 'aB', 'y'],
  ['a1b2', '(?<letter>[a-z])(?<digit>\\d)', '${digit}${letter}', 'a1', '1a2b'],
  ['hello', 'l{2}', '$', 'll', undefined],
  ['hello', 'l', '\\$', 'l', 'he$$o'],
  ['hello', 'l', '$1', 'l', undefined],
  ['hello', '(l)', '$12', 'l', 'hel2l2o'],
  ['hello', '(', 'x', undefined, undefined],
  ['hello', '[', 'x', undefined, undefined],
  ['hello', '*a', 'x', undefined, undefined],
  ['tel: +49-30', '\\p{Digit}+', '#', '49', 'tel: +#-#'],
  ['Über straße', '\\p{L}+', 'w', 'Über', 'w w'],
  ['Über straße', '\\w+', 'w', 'ber', 'Üw wßw'],
  ['Über', '\\p{Alpha}+', 'w', 'ber', 'Üw'],
  ['Über', '\\p{IsAlphabetic}+', 'w', 'Über', 'w'],
  ['Über', '\\p{Lu}', 'w', 'Ü', 'wber'],
  ['αβγ abc', '\\p{IsGreek}+', 'g', 'αβγ', 'g abc'],
  ['a b\tc', '\\s', '_', ' ', 'a_b_c'],
  ['a b\tc', '\\h', '_', ' ', 'a_b_c'],
  ['line1\nline2', '^line2', 'x', undefined, 'line1\nline2'],
  ['line1\nline2', '(?m)^line\\d$', 'x', 'line1', 'x\nx'],
  ['line1\n', 'line1$', 'x', 'line1', 'x\n'],
  ['line1\n', 'line1\\z', 'x', undefined, 'line1\n'],
  ['line1\n', 'line1\\Z', 'x', 'line1', 'x\n'],
  ['line1\nline2', '\\Aline2', 'x', undefined, 'line1\nline2'],
  ['line1\nline2', 'line1.line2', 'x', undefined, 'line1\nline2'],
  ['line1\nline2', '(?s)line1.line2', 'x', 'line1\nline2', 'x'],
  ['a.b', '\\Q.\\E', '-', '.', 'a-b'],
  ['a.b', '\\Q.b', '-', '.b', 'a-'],
  ['a+b', '[+]', '-', '+', 'a-b'],
  ['a+b', '[a&&b]', '-', undefined, 'a+b'],
  ['hello world', '[a-z&&[^aeiou]]+', '-', 'h', '-e-o -o-'],
  ['hello world', '[a-f[m-p]]+', '-', 'e', 'h-ll- w-rl-'],
  ['hello world', '[^a-y]', '-', ' ', 'hello-world'],
  ['x-y', '[x-]', '.', 'x', '..y'],
  ['x-y', '[-y]', '.', '-', 'x..'],
  ['a]b', '[]]', '.', ']', 'a.b'],
  ['a]b', ']', '.', ']', 'a.b'],
  ['a}b', '}', '.', '}', 'a.b'],
  ['a{b', '{', '.', undefined, undefined],
  ['a{b', '\\{', '.', '{', 'a.b'],
  ['abab', '(ab)\\1', 'x', 'abab', 'x'],
  ['abab', '(?<p>ab)\\k<p>', 'x', 'abab', 'x'],
  ['abab', '(ab)\\2', 'x', undefined, 'abab'],
  ['aa', '(a)(?=a)', '<$1>', 'a', '<a>a'],
  ['foobar', '(?<=foo)bar', 'x', 'bar', 'foox'],
  ['foobar', '(?<!foo)bar', 'x', undefined, 'foobar'],
  ['foobar', '(?!foo)...', 'x', 'oob', 'fxar'],
  ['😀x', '.', 'y', '😀', 'yy'],
  ['😀x', '^.x', 'y', '😀x', 'y'],
  ['😀x', '[😀]', 'y', '😀', 'yx'],
  ['abc', '\\u0062', 'x', 'b', 'axc'],
  ['abc', '\\x62', 'x', 'b', 'axc'],
  ['abc', '\\x{62}', 'x', 'b', 'axc'],
  ['abc', '\\0142', 'x', 'b', 'axc'],
  ['abc', '\\y', 'x', undefined, undefined],
  ['abc', '\\-', 'x', undefined, 'abc'],
  ['a-c', '\\-', 'x', '-', 'axc'],
  ['a_c', '\\_', 'x', '_', 'axc'],
  ['abc', 'b??', '-', '', '-a-b-c-'],
  ['abc', '', '-', '', '-a-b-c-'],
  ['abc', 'z*', '-', '', '-a-b-c-'],
  ['abc', '(z)*', '[$1]', '', '[]a[]b[]c[]'],
  ['abc', '(a)|(b)', '[$1$2]', 'a', '[a][b]c'],
  ['a,b;c', '[,;]', '|', ',', 'a|b|c'],
  ['a/b/c', '/', '.', '/', 'a.b.c'],
  ['2021-03-05T12:00', '(\\d{4})-(\\d{2})-(\\d{2}).*', '$3.$2.$1', '2021-03-05T12:00', '05.03.2021'],
  ['aXbX', 'X', '\\\\', 'X', 'a\\b\\'],
  ['aXbX', 'X', '\\', 'X', undefined],
  ['aXb', 'X', '${no}', 'X', undefined],
  ['aXb', 'X', '$', 'X', undefined],
  ['aXb', 'X', '$x', 'X', undefined],
  ['aaa', 'a{2}', 'b', 'aa', 'ba'],
  ['aaa', 'a{2,}', 'b', 'aaa', 'b'],
  ['aaa', 'a{,2}', 'b', undefined, undefined],
  ['aaa', 'a{1,2}+a', 'b', 'aaa', 'b'],
  ['aaa', 'a{3}?', 'b', 'aaa', 'b'],
  ['ab12', '\\D+', 'x', 'ab', 'x12'],
  ['ab12', '\\W', 'x', undefined, 'ab12'],
  ['ab 12', '\\S+', 'x', 'ab', 'x x'],
  ['ab', 'a\\Bb', 'x', 'ab', 'x'],
  ['ab cd', '\\bcd', 'x', 'cd', 'ab x'],
  ['abc', '[\\d\\D]', 'x', 'a', 'xxx'],
  ['a^b', '[\\^]', 'x', '^', 'axb'],
  ['a^b', '[b^]', 'x', '^', 'axx'],
  ['a\\b', '\\\\', '/', '\\', 'a/b'],
  ['a b', '[ ]', 'x', ' ', 'axb'],
  ['a"b', '"', "'", '"', "a'b"],
  ['a#b&c~d', '[#&~]', 'x', '#', 'axbxcxd'],
  ['a&&b', '[&]', 'x', '&', 'axxb'],
  ['ab', '(?:a)(b)', '$1', 'ab', 'b'],
  ['ab', '(?i:A)b', 'x', 'ab', 'x'],
  ['aB', '(?i:A)b', 'x', undefined, 'aB'],
  ['abc', '(?-i)b', 'x', 'b', 'axc'],
  ['abc', 'a(?i)B(?-i)c', 'x', 'abc', 'x'],
  ['test123', '^[A-Za-z]+\\d{3}$', 'ok', 'test123', 'ok'],
  ['23.5', '^-?\\d+(\\.\\d+)?$', 'n', '23.5', 'n'],
  ['dev/abc/x', '^dev/[^/]+/x$', 'ok', 'dev/abc/x', 'ok'],
  ['aaaa', '(a)(a)(a)(a)(?<z>b)?', '$4${z}', 'aaaa', 'a'],
  ['abcdefghijk', '(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)', '$11-$1', 'abcdefghijk', 'k-a'],
  ['abcdefghijk', '(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)', '$12', 'abcdefghijk', 'a2'],
];

const written = (value: string | undefined): string => (value === undefined ? 'Undefined' : JSON.stringify(value));

describe('as in Java', () => {
  test.each(rows)('%j by %j to %j', (text, pattern, replacement, first, replaced) => {
    const payload = { text, pattern, replacement };
    expect(evaluate('regexp_substr(text, pattern)', payload)).toBe(written(first));
    expect(evaluate('regexp_replace(text, pattern, replacement)', payload)).toBe(written(replaced));
    const isPattern = first !== undefined || replaced !== undefined;
    const matches = evaluate('regexp_matches(text, pattern)', payload);
    expect(matches).toBe(isPattern || matches !== 'Undefined' ? String(first !== undefined) : 'Undefined');
  });
});

describe('what Java has and this does not is Undefined', () => {
  test.each(['\\p{InGreek}', '(?x) a', '(?q)a', '\\Ga', '\\N{LATIN SMALL LETTER A}'])('%s', pattern => {
    expect(evaluate('regexp_matches(text, pattern)', { text: 'a', pattern })).toBe('Undefined');
  });
});

test('patterns nested without end are none', () => {
  for (const pattern of ['('.repeat(5000), '['.repeat(5000), `${'(?:'.repeat(200)}a${')'.repeat(200)}`]) {
    expect(evaluate('regexp_matches(text, pattern)', { text: 'a', pattern })).toBe('Undefined');
  }
});

test.each([
  ['(a+)+$', `${'a'.repeat(60)}b`],
  ['(a|aa)+$', `${'a'.repeat(80)}b`],
  ['.*x.*x.*y', 'x'.repeat(20_000)],
])('a match by %s that would take for ever fails the evaluation', (pattern, text) => {
  expect(() => evaluate('regexp_matches(text, pattern)', { text, pattern })).toThrow(/took longer than 100 ms/);
});

test('a replacement that would fill the memory is Undefined', () => {
  const payload = { text: 'a'.repeat(10_000), replacement: 'x'.repeat(1000) };
  expect(evaluate("regexp_replace(text, 'a', replacement)", payload)).toBe('Undefined');
});

test('patterns that come with messages do not pile up', () => {
  for (let index = 0; index < 1500; index++) {
    expect(evaluate('regexp_substr(text, pattern)', { text: `n${index}`, pattern: `n${index}$` })).toBe(`"n${index}"`);
  }
});
