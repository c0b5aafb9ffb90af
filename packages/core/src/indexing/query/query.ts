/** A query as a tree. *AWS: Query syntax*. */

export type Query =
  /** `*`: everything. */
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly queries: readonly Query[] }
  | { readonly kind: 'not'; readonly query: Query }
  | Term;

export interface Term {
  readonly kind: 'term';
  /** Undefined is every field that a bare term looks into. */
  readonly field: string | undefined;
  readonly match: Match;
}

export type Match =
  /** The field, or one below it, has a value. */
  | { readonly kind: 'exists' }
  /** These words in a row, within one value. A single word may also stand for a number. */
  | { readonly kind: 'words'; readonly words: readonly Pattern[]; readonly number: number | undefined }
  | { readonly kind: 'wordRange'; readonly lower: Bound<string> | undefined; readonly upper: Bound<string> | undefined }
  | {
      readonly kind: 'numberRange';
      readonly lower: Bound<number> | undefined;
      readonly upper: Bound<number> | undefined;
    }
  | Area;

/** `*` is any run of characters, none included; `?` is exactly one. */
export type PatternPart = { readonly wildcard: '*' | '?' } | string;

/** A word in lower case, with its wildcards. */
export type Pattern = readonly PatternPart[];

export interface Bound<T> {
  readonly value: T;
  readonly inclusive: boolean;
}

export interface Point {
  /** Degrees. */
  readonly latitude: number;
  readonly longitude: number;
}

/** Where a geoquery looks. */
export type Area =
  | { readonly kind: 'distance'; readonly centre: Point; readonly metres: number }
  /** `east` may be less than `west`: the box then lies across the 180th meridian. */
  | {
      readonly kind: 'box';
      readonly north: number;
      readonly south: number;
      readonly west: number;
      readonly east: number;
    };
