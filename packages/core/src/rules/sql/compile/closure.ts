/** What expressions are compiled to, and what their compiler knows of the place they stand in. */
import type { Arithmetic } from '../value/numbers.ts';
import type { Value } from '../value/value.ts';
import type { SqlVersion } from '../version.ts';
import type { Evaluation } from './evaluation.ts';

export type Closure = (evaluation: Evaluation) => Value;

/** The names an expression sees: those of the sub-selects around it, from the innermost, then those of the payload. */
export interface Scope {
  readonly version: SqlVersion;
  readonly arithmetic: Arithmetic;
  /** Names of SET in the order of their values. */
  readonly variables: readonly string[];
  /** The innermost sub-select; `undefined` outside of any. */
  readonly query: QueryScope | undefined;
}

export interface QueryScope {
  /** What its element is called, if it has a name. */
  readonly alias: string | undefined;
  /** Where its element is found in `Evaluation.elements`. */
  readonly depth: number;
  readonly outer: QueryScope | undefined;
}
