/** Character classes: unions as in `[a-c[x-z]]` and intersections as in `[a-z&&[^aeiou]]`. */
import { escapedClass, escapedLiteral, literal } from './escape.ts';
import { type PatternReader, unsupported } from './pattern-reader.ts';

const MAX_DEPTH = 20;

/** Reads a class, whose `[` is next, and writes it for flag `v`. */
export function readClass(reader: PatternReader, depth = 0): string {
  if (depth > MAX_DEPTH) throw unsupported('too many levels of nesting');
  reader.take('[');
  const sign = reader.take('^') ? '^' : '';
  const operands = [''];
  let isEmpty = true;
  for (;;) {
    if (reader.atEnd) throw unsupported('a class that is not closed');
    if (!isEmpty && reader.take(']')) break;
    if (reader.take('&&')) operands.push('');
    else operands.push(operands.pop()! + readItem(reader, depth));
    isEmpty = false;
  }
  const kept = operands.filter(operand => operand !== '');
  if (kept.length === 0) throw unsupported('an empty class');
  return kept.length === 1 ? `[${sign}${kept[0]}]` : `[${sign}${kept.map(operand => `[${operand}]`).join('&&')}]`;
}

function readItem(reader: PatternReader, depth: number): string {
  if (reader.at('[')) return readClass(reader, depth + 1);
  const first = readMember(reader);
  if (typeof first !== 'string') return first.source;
  if (reader.takeMatch(/-(?![\][]|&&)/y) === undefined) return literal(first);
  const last = readMember(reader);
  if (typeof last !== 'string' || last.codePointAt(0)! < first.codePointAt(0)!)
    throw unsupported('a range without end');
  return `${literal(first)}-${literal(last)}`;
}

/** One character, or a class that an escape names. */
function readMember(reader: PatternReader): string | { readonly source: string } {
  if (!reader.take('\\')) return reader.takeCharacter();
  const source = escapedClass(reader);
  return source === undefined ? escapedLiteral(reader) : { source };
}
