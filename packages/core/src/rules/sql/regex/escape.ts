/** Escapes of Java's patterns that mean one character, or a class of them. */
import { type PatternReader, unsupported } from './pattern-reader.ts';

/** A character that stands for itself, wherever it is put. */
export const literal = (character: string): string =>
  /^[A-Za-z0-9_]$/.test(character) ? character : `\\u{${character.codePointAt(0)!.toString(16)}}`;

const HORIZONTAL = '[ \\t\\u00A0\\u1680\\u180E\\u2000-\\u200A\\u202F\\u205F\\u3000]';
const VERTICAL = '[\\n\\x0B\\f\\r\\u0085\\u2028\\u2029]';
const SPACE = '[ \\t\\n\\x0B\\f\\r]';

const classes: Readonly<Record<string, string>> = {
  d: '\\d',
  D: '\\D',
  w: '\\w',
  W: '\\W',
  s: SPACE,
  S: negated(SPACE),
  h: HORIZONTAL,
  H: negated(HORIZONTAL),
  v: VERTICAL,
  V: negated(VERTICAL),
};

const posix: Readonly<Record<string, string>> = {
  Lower: '[a-z]',
  Upper: '[A-Z]',
  ASCII: '[\\x00-\\x7F]',
  Alpha: '[A-Za-z]',
  Digit: '[0-9]',
  Alnum: '[A-Za-z0-9]',
  Punct: '[\\x21-\\x2F\\x3A-\\x40\\x5B-\\x60\\x7B-\\x7E]',
  Graph: '[\\x21-\\x7E]',
  Print: '[\\x20-\\x7E]',
  Blank: '[ \\t]',
  Cntrl: '[\\x00-\\x1F\\x7F]',
  XDigit: '[0-9A-Fa-f]',
  Space: SPACE,
  javaLowerCase: '\\p{Lowercase}',
  javaUpperCase: '\\p{Uppercase}',
  javaWhitespace: '\\s',
};

/** `\d`, `\p{Alpha}` and their like, after the backslash; `undefined` if there is none here. */
export function escapedClass(reader: PatternReader): string | undefined {
  const property = reader.takeMatch(/([pP])(?:\{([A-Za-z_=]+)\}|([A-Z]))/y);
  if (property !== undefined) {
    const source = propertyClass(property[2] ?? property[3]!);
    return property[1] === 'P' ? `[^${source}]` : source;
  }
  const known = classes[reader.peek()];
  if (known !== undefined) reader.takeCharacter();
  return known;
}

function propertyClass(name: string): string {
  const known = posix[name];
  if (known !== undefined) return known;
  const plain = name.replace(/^Is/, '');
  for (const property of [plain, `Script=${plain}`]) {
    if (isProperty(property)) return `\\p{${property}}`;
  }
  throw unsupported(`an unknown property \`${name}\``);
}

function isProperty(name: string): boolean {
  try {
    new RegExp(`\\p{${name}}`, 'v');
    return true;
  } catch {
    return false;
  }
}

const controls: Readonly<Record<string, string>> = {
  t: '\t',
  n: '\n',
  r: '\r',
  f: '\f',
  a: '\u0007',
  e: '\u001b',
};

/** The character that an escape means, after the backslash. Letters without a meaning are refused, as Java does. */
export function escapedLiteral(reader: PatternReader): string {
  const hex = reader.takeMatch(/x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})/y);
  if (hex !== undefined) return codePoint(Number.parseInt(hex[1] ?? hex[2] ?? hex[3]!, 16));
  const octal = reader.takeMatch(/0([0-3]?[0-7]{1,2})/y);
  if (octal !== undefined) return codePoint(Number.parseInt(octal[1]!, 8));
  const control = reader.takeMatch(/c([@-_])/y);
  if (control !== undefined) return codePoint(control[1]!.charCodeAt(0) ^ 64);
  const character = reader.takeCharacter();
  if (!/[A-Za-z0-9]/.test(character)) return character;
  const known = controls[character];
  if (known === undefined) throw unsupported(`an unknown escape \`\\${character}\``);
  return known;
}

function codePoint(code: number): string {
  if (code > 0x10ffff) throw unsupported('a character beyond Unicode');
  return String.fromCodePoint(code);
}

function negated(source: string): string {
  return `[^${source.slice(1)}`;
}
