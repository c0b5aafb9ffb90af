/** Whether one document matches a query: the language's meaning in the plainest form, which the search by SQL must agree with. */
import type { IndexDocument, Place } from '../document.ts';
import { isFieldOrMember, isSearchable, isSearchedByBareTerms } from '../fields.ts';
import { placesOf, type TermRow, termsOf } from '../terms.ts';
import { isInArea } from './area.ts';
import { isWithin, matchesPattern } from './pattern.ts';
import type { Match, Query, Term } from './query.ts';

/** ```ts
 * matches(parseQuery('attributes.model:bulb-2 NOT connectivity.connected:true'), document)
 * ``` */
export const matches = (query: Query, document: IndexDocument): boolean => matcherOf(document)(query);

/** The same for one document and many queries: the document is taken apart once. */
export function matcherOf(document: IndexDocument): (query: Query) => boolean {
  const indexed = { terms: termsOf(document), places: placesOf(document) };
  return query => evaluate(query, indexed);
}

interface Indexed {
  readonly terms: readonly TermRow[];
  readonly places: readonly Place[];
}

function evaluate(query: Query, indexed: Indexed): boolean {
  switch (query.kind) {
    case 'all':
      return true;
    case 'and':
      return query.queries.every(part => evaluate(part, indexed));
    case 'or':
      return query.queries.some(part => evaluate(part, indexed));
    case 'not':
      return !evaluate(query.query, indexed);
    case 'term':
      return evaluateTerm(query, indexed);
  }
}

function evaluateTerm({ field, match }: Term, { terms, places }: Indexed): boolean {
  if (match.kind === 'distance' || match.kind === 'box') {
    return places.some(place => (field === undefined || place.field === field) && isInArea(match, place));
  }
  return terms.some((row, index) => isLookedAt(row.field, field, match) && matchesAt(match, terms, index));
}

function isLookedAt(name: string, field: string | undefined, match: Match): boolean {
  if (field === undefined) return isSearchedByBareTerms(name);
  if (!isSearchable(name)) return false;
  return match.kind === 'exists' ? isFieldOrMember(name, field) : name === field;
}

function matchesAt(
  match: Exclude<Match, { kind: 'distance' | 'box' }>,
  terms: readonly TermRow[],
  index: number,
): boolean {
  const { field, position, word, number } = terms[index] as TermRow;
  switch (match.kind) {
    case 'exists':
      return true;
    case 'words':
      if (match.number !== undefined && match.number === number) return true;
      return match.words.every((pattern, offset) => {
        const next = terms[index + offset];
        return next?.field === field && next.position === position + offset && matchesPattern(pattern, next.word);
      });
    case 'wordRange':
      return isWithin(word, match.lower, match.upper);
    case 'numberRange':
      return number !== undefined && isWithin(number, match.lower, match.upper);
  }
}
