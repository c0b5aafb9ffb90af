import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonError, parseJson } from './json.ts';

test('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 10 }), text => {
      expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

test('refuses what JSON.parse refuses, and nothing else but doubled keys and deep nesting', () => {
  const fragment = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"b"',
    '"\\u00e9"',
    '"\\x"',
    '1',
    '-',
    '01',
    '1e5',
    'true',
    'nul',
    ' ',
    '\n',
    '"',
  );
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 8 }), fragments => {
      const text = fragments.join('');
      const native = attempt(() => JSON.parse(text));
      const own = attempt(() => parseJson(text));
      if (own instanceof Error && own.message.endsWith('twice in one object')) return;
      expect(own instanceof JsonError).toBe(native instanceof Error);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ['', 1, 1, 'the text ends too soon'],
  ['{', 1, 2, 'expected a key in double quotes'],
  ['{"a":1,}', 1, 8, 'expected a key in double quotes'],
  ['{\n  "a" 1}', 2, 7, 'expected `:`'],
  ['[1\n2]', 2, 1, 'expected `,` or `]`'],
  ['{"a":1 "b":2}', 1, 8, 'expected `,` or `}`'],
  ['"a', 1, 1, 'a string is not closed'],
  ['"a\\', 1, 1, 'a string is not closed'],
  ['"\\q"', 1, 1, 'a string holds an unknown `\\` escape'],
  ['"a\nb"', 1, 3, 'a string holds a control character; write it as `\\u00…`'],
  ['{} x', 1, 4, 'nothing may follow the document'],
  ['-', 1, 1, 'not a number'],
  ['falsy', 1, 1, 'expected a value'],
  ['{"a":1,\n"a":2}', 2, 1, '`a` stands twice in one object'],
  ['['.repeat(50), 1, 34, 'too many levels of nesting'],
])('%j is refused at line %i column %i: %s', (text, line, column, message) => {
  expect(attempt(() => parseJson(text))).toMatchObject({ line, column, message });
});

test('`__proto__` is a key like any other', () => {
  expect(Object.keys(parseJson('{"__proto__":1,"toString":2}') as object)).toEqual(['__proto__', 'toString']);
});

function attempt(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
