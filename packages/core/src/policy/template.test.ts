import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeTemplate, parseTemplate, substitute, templateReader, textOf, variablesOf } from './template.ts';
import { ANY_CHARACTER, ANY_RUN, compileWildcard, matchesWildcard } from './wildcard.ts';

const bound = (source: string, values: Readonly<Record<string, string>> = {}) =>
  substitute(parseTemplate(source), ({ name, fallback }) => values[name] ?? fallback);

test.each([
  ['a/*/?', ['a/', ANY_RUN, '/', ANY_CHARACTER]],
  ['a${x}b', ['a', '${x}', 'b']],
  ['${*}${?}${$}', ['*', '?', '$']],
  ['${$}{x}', ['$', '{x}']],
  ['$aws/things', ['$aws/things']],
  ['$(x)', ['$(x)']],
  ['a${x', ['a${x']],
  ['${x*}', ['${x*}']],
])('%s without values reads as %j', (source, tokens) => {
  expect(bound(source)).toEqual(tokens);
});

test.each([
  ['${x}', '*', ['*']],
  ['${ x }', 'v', ['v']],
  ["${x, 'd'}", 'v', ['v']],
  ["${x,'*'}", undefined, ['*']],
  ["${x, ''}", undefined, ['']],
  ['${x, d}', undefined, ['${x, d}']],
  ["${x, '}", undefined, ["${x, '}"]],
])('%s with x = %j reads as %j', (source, value, tokens) => {
  expect(bound(source, value === undefined ? {} : { x: value })).toEqual(tokens);
});

test('a comma in the name of a thing attribute is no default', () => {
  const [variable] = variablesOf(parseTemplate("${iot:Connection.Thing.Attributes[a,b], 'c'}"));
  expect(variable).toMatchObject({ name: 'iot:Connection.Thing.Attributes[a,b]', fallback: 'c' });
});

test('the older language has wildcards and no variables', () => {
  expect(templateReader('2008-10-17')('${x}/*').parts).toEqual(['${x}/', ANY_RUN]);
});

test('escaped text reads back as itself and matches itself alone', () => {
  const text = fc.string({ unit: fc.constantFrom('$', '{', '}', '*', '?', 'a', ',', "'") });
  fc.assert(
    fc.property(text, text, (original, other) => {
      const tokens = bound(escapeTemplate(original));
      expect(textOf(tokens)).toBe(original);
      expect(matchesWildcard(compileWildcard(tokens), other)).toBe(original === other);
    }),
  );
});
