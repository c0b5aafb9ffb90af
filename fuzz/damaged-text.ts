/** Texts made from sound ones by cutting, repeating and replacing: what a fuzz test of a parser feeds it. */
import fc from 'fast-check';

/** `fragments` are the pieces that mean something to the parser under test. */
export function damagedText(texts: readonly string[], fragments: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(20),
    insert: fc.oneof(fragments, fc.string({ maxLength: 4 })),
    repeat: fc.integer({ min: 0, max: 3 }),
  });
  return fc.tuple(fc.constantFrom(...texts), fc.array(edit, { maxLength: 4 })).map(([text, edits]) =>
    edits.reduce((result, { at, cut, insert, repeat }) => {
      const start = Math.floor(at * result.length);
      return result.slice(0, start) + insert.repeat(repeat) + result.slice(start + cut);
    }, text),
  );
}
