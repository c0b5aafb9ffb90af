/** A reader of line protocol that takes nothing but what InfluxDB's documentation allows: what the tests hold lines to. */

export type FieldValue =
  | { readonly integer: bigint }
  | { readonly unsigned: bigint }
  | { readonly float: number }
  | { readonly boolean: boolean }
  | { readonly string: string };

export interface Point {
  readonly table: string;
  readonly tags: readonly (readonly [string, string])[];
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly timestamp: bigint;
}

/** Throws for a text that is not line protocol from its first character to its last. */
export function parseLines(text: string): Point[] {
  const points: Point[] = [];
  let at = 0;
  const fail = (what: string): never => {
    throw new Error(`expected ${what} at ${at} of ${JSON.stringify(text)}`);
  };
  const expect = (sign: string): void => {
    if (text[at] !== sign) fail(JSON.stringify(sign));
    at += 1;
  };
  /** Up to a sign that ends it; a backslash takes the meaning from one of `escapable`. */
  const name = (ends: string, escapable: string): string => {
    let read = '';
    while (at < text.length && !ends.includes(text[at]!)) {
      if (text[at] === '\n') fail('no line break');
      if (text[at] === '\\' && escapable.includes(text[at + 1] ?? '\n')) at += 1;
      read += text[at];
      at += 1;
    }
    return read === '' ? fail('a name') : read;
  };
  const match = (pattern: RegExp): string | undefined => {
    const sticky = new RegExp(pattern, 'y');
    sticky.lastIndex = at;
    const found = sticky.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const value = (): FieldValue => {
    if (text[at] === '"') {
      const literal = match(/"(?:[^"\\]|\\["\\])*"/) ?? fail('a string');
      return { string: literal.slice(1, -1).replace(/\\(["\\])/g, '$1') };
    }
    const word = match(/[^, \n]+/) ?? fail('a value');
    if (/^[tf]$/.test(word)) return { boolean: word === 't' };
    if (/^-?\d+i$/.test(word)) return { integer: BigInt(word.slice(0, -1)) };
    if (/^\d+u$/.test(word)) return { unsigned: BigInt(word.slice(0, -1)) };
    if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(word)) return { float: Number(word) };
    return fail('a value');
  };
  while (at < text.length) {
    const table = name(', ', ', ');
    const tags: [string, string][] = [];
    while (text[at] === ',') {
      at += 1;
      const tag = name('=', ',= ');
      expect('=');
      tags.push([tag, name(', ', ',= ')]);
    }
    expect(' ');
    const fields: [string, FieldValue][] = [];
    do {
      if (fields.length > 0) expect(',');
      const field = name('=', ',= ');
      expect('=');
      fields.push([field, value()]);
    } while (text[at] === ',');
    expect(' ');
    const timestamp = BigInt(match(/-?\d{1,19}/) ?? fail('a timestamp'));
    if (at < text.length) expect('\n');
    points.push({ table, tags, fields: Object.fromEntries(fields), timestamp });
  }
  return points;
}
