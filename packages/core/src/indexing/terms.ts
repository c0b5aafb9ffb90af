/** A document as the rows its index holds, and what changes between two versions of it. Pure. */
import type { IndexDocument, Place } from './document.ts';
import { fieldValuesOf, isSearchable } from './fields.ts';
import { storable, wordsOf } from './words.ts';

/** One word of one value: what a query is matched against. */
export interface TermRow {
  readonly field: string;
  /** Words of one value follow each other without a gap; between values there is one. */
  readonly position: number;
  /** Empty where nobody can search for it. */
  readonly word: string;
  /** Of a value that is a number. */
  readonly number: number | undefined;
  /** The whole value as it was written, at its first word: what aggregations count. */
  readonly value: string | undefined;
}

/** Words longer than this many bytes cannot be looked up, and so are left out. PostgreSQL's index rows end at 2,704 bytes. */
const longestWord = 1024;

export function termsOf(document: IndexDocument): TermRow[] {
  const rows: TermRow[] = [];
  const positions = new Map<string, number>();
  for (const { field, text, number } of fieldValuesOf(document)) {
    let position = positions.get(field) ?? 0;
    // Versions change whenever anything does: without a word they have no place in the index by words that would change with them.
    const words = isSearchable(field) ? wordsOf(text) : [''];
    for (const [index, word] of words.entries()) {
      const value = index === 0 ? storable(text) : undefined;
      if (Buffer.byteLength(word) <= longestWord) rows.push({ field, position, word, number, value });
      position += 1;
    }
    positions.set(field, position + 1);
  }
  return rows;
}

export const placesOf = (document: IndexDocument): readonly Place[] =>
  document.kind === 'thing' ? (document.places ?? []) : [];

export interface Difference<T> {
  readonly removed: readonly T[];
  readonly added: readonly T[];
  /** Under the same key, but not the same. */
  readonly changed: readonly { readonly before: T; readonly after: T }[];
}

export function differenceOf<T extends object>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (row: T) => string,
): Difference<T> {
  const gone = new Map(before.map(row => [keyOf(row), row]));
  const added: T[] = [];
  const changed: { before: T; after: T }[] = [];
  for (const row of after) {
    const key = keyOf(row);
    const present = gone.get(key);
    gone.delete(key);
    if (present === undefined) added.push(row);
    else if (!isSame(present, row)) changed.push({ before: present, after: row });
  }
  return { removed: [...gone.values()], added, changed };
}

const isSame = <T extends object>(a: T, b: T): boolean =>
  (Object.keys(b) as (keyof T)[]).every(member => a[member] === b[member]);
