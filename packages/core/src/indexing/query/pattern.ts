/** Words with wildcards: what they begin with, and what they match. Pure. */
import { ANY_CHARACTER, ANY_RUN, compileWildcard, matchesWildcard, type Wildcard } from '../../policy/wildcard.ts';
import { compareWords } from '../words.ts';
import type { Bound, Pattern } from './query.ts';

/** The word, if there is no wildcard in it. */
export function literalOf(pattern: Pattern): string | undefined {
  return pattern.every(part => typeof part === 'string') ? pattern.join('') : undefined;
}

/** What every word that matches begins with; empty where a wildcard leads. */
export function prefixOf(pattern: Pattern): string {
  const [first] = pattern;
  return typeof first === 'string' ? first : '';
}

/** The least text above all that begin with `prefix`, in the order of code points; undefined where there is none. */
export function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, character => character.codePointAt(0) as number);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last < 0x10ffff) {
      const next = last === 0xd7ff ? 0xe000 : last + 1;
      return String.fromCodePoint(...points, next);
    }
  }
  return undefined;
}

export function matchesPattern(pattern: Pattern, word: string): boolean {
  const literal = literalOf(pattern);
  if (literal !== undefined) return literal === word;
  return matchesWildcard(wildcardOf(pattern), word);
}

const wildcards = new WeakMap<Pattern, Wildcard>();

/** Not as a regular expression: whoever asks chooses the pattern, and a few `*` would have one try for minutes. */
function wildcardOf(pattern: Pattern): Wildcard {
  let wildcard = wildcards.get(pattern);
  if (wildcard === undefined) {
    wildcard = compileWildcard(
      pattern.map(part => (typeof part === 'string' ? part : part.wildcard === '*' ? ANY_RUN : ANY_CHARACTER)),
    );
    wildcards.set(pattern, wildcard);
  }
  return wildcard;
}

/** Whether a value lies within bounds; an absent bound is none. */
export function isWithin<T extends string | number>(
  value: T,
  lower: Bound<T> | undefined,
  upper: Bound<T> | undefined,
): boolean {
  return isBeyond(value, lower, 1) && isBeyond(value, upper, -1);
}

function isBeyond<T extends string | number>(value: T, bound: Bound<T> | undefined, sign: 1 | -1): boolean {
  if (bound === undefined) return true;
  const order =
    typeof value === 'number' ? value - (bound.value as number) : compareWords(value, bound.value as string);
  return bound.inclusive ? order * sign >= 0 : order * sign > 0;
}
