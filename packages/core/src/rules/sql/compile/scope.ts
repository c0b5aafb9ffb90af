/** What the compiler of an expression knows of the place it stands in. */
import type { SqlVersion } from '../version.ts';
import type { Code, Program } from './code.ts';

/** The names an expression sees: those of the sub-selects around it, from the innermost, then those of the payload. */
export interface Scope {
  readonly program: Program;
  readonly version: SqlVersion;
  /** The `RuleMessage`. */
  readonly message: Code;
  /** The `EvaluationContext`. */
  readonly context: Code;
  /** The `Journal` of an asynchronous evaluation. */
  readonly journal: Code | undefined;
  /** Values of SET by their names. */
  readonly variables: ReadonlyMap<string, Code>;
  /** The innermost sub-select; `undefined` outside of any. */
  readonly query: QueryScope | undefined;
}

export interface QueryScope {
  /** What its element is called, if it has a name. */
  readonly alias: string | undefined;
  /** The element it stands at. */
  readonly element: Code;
  readonly outer: QueryScope | undefined;
}
