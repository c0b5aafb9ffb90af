import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ANY_CHARACTER, ANY_RUN, compileWildcard, matchesWildcard, type Token, tokenize } from './wildcard.ts';

const matches = (pattern: string, text: string) => matchesWildcard(compileWildcard(tokenize(pattern)), text);

test.each([
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['*', 'a/b', true],
  ['**', 'a', true],
  ['a', 'a', true],
  ['a', 'A', false],
  ['a', 'ab', false],
  ['a*', 'a', true],
  ['a*', 'a/b/c', true],
  ['a*', 'ba', false],
  ['*a', 'ba', true],
  ['*a', 'ab', false],
  ['a*b', 'ab', true],
  ['a*b', 'a/x/b', true],
  ['aba*aba', 'aba', false],
  ['aba*aba', 'ababa', false],
  ['aba*aba', 'abaaba', true],
  ['a*b*c', 'a-c-b-c', true],
  ['a*b*c', 'acb', false],
  ['a*b*b*', 'ab', false],
  ['?', '/', true],
  ['?', '', false],
  ['?', 'ab', false],
  ['?', '💡', true],
  ['??', '💡', false],
  ['*??', '💡', false],
  ['💡*?', '💡💡', true],
  ['a?c*', 'abcd', true],
  ['*?a', 'a', false],
  ['*?a', 'aa', true],
  ['+', 'a', false],
  ['a/#', 'a/b', false],
])('the pattern %j and the text %j: %s', (pattern, text, expected) => {
  expect(matches(pattern, text)).toBe(expected);
});

/** What `*` and `?` mean, said as plainly as it goes. */
function naive(tokens: readonly Token[], text: readonly string[]): boolean {
  const [first, ...rest] = tokens;
  if (first === undefined) return text.length === 0;
  if (first === ANY_RUN) return naive(rest, text) || (text.length > 0 && naive(tokens, text.slice(1)));
  if (first === ANY_CHARACTER) return text.length > 0 && naive(rest, text.slice(1));
  const literal = Array.from(first);
  return literal.every((character, index) => text[index] === character) && naive(rest, text.slice(literal.length));
}

const letters = fc.string({ unit: fc.constantFrom('a', 'b', '/', '💡'), maxLength: 10 });
const tokens = fc.array(
  fc.oneof(
    fc.constant<Token>(ANY_RUN),
    fc.constant<Token>(ANY_CHARACTER),
    fc.string({ unit: fc.constantFrom('a', 'b', '/', '💡'), maxLength: 3 }),
  ),
  { maxLength: 7 },
);
const tokensWithoutCharacter = tokens.map(list => list.filter(token => token !== ANY_CHARACTER));

test('matching agrees with a naive matcher', () => {
  fc.assert(
    fc.property(fc.oneof(tokens, tokensWithoutCharacter), letters, (pattern, text) => {
      expect(matchesWildcard(compileWildcard(pattern), text)).toBe(naive(pattern, Array.from(text)));
    }),
    { numRuns: 2000 },
  );
});

test('a pattern whose wildcards are replaced by text matches that text', () => {
  fc.assert(
    fc.property(tokens, letters, (pattern, run) => {
      const text = pattern.map(token => (token === ANY_RUN ? run : token === ANY_CHARACTER ? 'x' : token)).join('');
      expect(matchesWildcard(compileWildcard(pattern), text)).toBe(true);
    }),
  );
});

test.each([
  ['pieces', `${'a*'.repeat(500)}b`],
  ['steps', `${'a*'.repeat(500)}?b`],
  ['long pieces', `*${'a'.repeat(500)}b*${'a'.repeat(500)}b`],
  ['long steps', `*${'a?'.repeat(250)}b*${'a?'.repeat(250)}b`],
])('a pattern made to be slow (%s) costs no more than pattern × text', (_, pattern) => {
  const started = performance.now();
  expect(matches(pattern, 'a'.repeat(20_000))).toBe(false);
  // 20 million steps at the most; a matcher that retries every star would not come back.
  expect(performance.now() - started).toBeLessThan(5000);
});
