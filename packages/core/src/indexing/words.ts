/** How text becomes what is searched: words in lower case, and numbers where the text is one. Pure. */

/**
 * White space as Java's `Character.isWhitespace` has it: no-break spaces do not part words.
 * *AWS: Query syntax, notes*.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Java counts the separators U+001C to U+001F as white space
const whiteSpace = /[\t-\r\x1c-\x20\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]+/;

/**
 * The words of a text, in lower case: search is case insensitive. Text without any word is the one empty word, so that the field is
 * known to exist. What a database cannot hold as text (NUL, half a surrogate pair) becomes U+FFFD.
 */
export function wordsOf(text: string): string[] {
  if (plainWord.test(text)) return [text.toLowerCase()];
  const words = splitWords(text).filter(word => word !== '');
  return words.length === 0 ? [''] : words;
}

/** Most values: the rest of the work is left out for them. */
const plainWord = /^[!-~]+$/;

/** The same with an empty word at each end that is white space, for text that is only a part of one. */
export const splitWords = (text: string): string[] => storable(text).toLowerCase().split(whiteSpace);

export const storable = (text: string): string =>
  plainWord.test(text) ? text : text.toWellFormed().replaceAll('\0', '\ufffd');

/** A number as JSON writes it. *AWS: Manage thing indexing, "Numeric values"*. */
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const integer = /^-?\d+$/;

/** The number that text is, where a double holds it: an integer from -2^53 to 2^53-1, or one with a fraction or an exponent. */
export function numberOf(text: string): number | undefined {
  if (!jsonNumber.test(text)) return undefined;
  const number = Number(text);
  const fits = integer.test(text) ? number >= -(2 ** 53) && number < 2 ** 53 : Number.isFinite(number);
  return fits ? number : undefined;
}

/** Compares as databases compare bytes: by code point, not by UTF-16 unit. */
export const compareWords = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
