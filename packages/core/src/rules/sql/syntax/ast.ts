/** The shape of a statement, as the parser makes it, the compiler reads it and `print.ts` writes it back. */
import type { CastType } from '../value/cast.ts';
import type { Numeric } from '../value/value.ts';
import type { SqlVersion } from '../version.ts';

export interface Statement {
  readonly version: SqlVersion;
  /** `SET @a = …, @b = …`, in the order of evaluation. */
  readonly variables: readonly Assignment[];
  readonly select: Projection;
  /** Absent in a rule that only Basic Ingest reaches. */
  readonly topicFilter: string | undefined;
  readonly where: Expression | undefined;
}

export interface Assignment {
  /** Without the `@`. */
  readonly name: string;
  readonly value: Expression;
}

/** What stands after SELECT: `VALUE expression`, or columns. */
export type Projection =
  | { readonly kind: 'value'; readonly value: Expression }
  | { readonly kind: 'columns'; readonly columns: readonly Column[] };

export interface Column {
  readonly value: Expression;
  /** `AS state.desired` is `['state', 'desired']`. */
  readonly alias: readonly string[] | undefined;
}

/** `SELECT … FROM source AS alias WHERE …` inside of an expression. */
export interface Subselect {
  readonly kind: 'subselect';
  readonly select: Projection;
  readonly source: Expression;
  readonly alias: string | undefined;
  readonly where: Expression | undefined;
}

export type BinaryOperator = 'OR' | 'AND' | '=' | '<>' | '<' | '<=' | '>' | '>=' | 'IN' | '+' | '-' | '*' | '/' | '%';

export type Expression =
  | { readonly kind: 'number'; readonly value: Numeric }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  /** `*`: the payload, or the element of the sub-select it stands in. */
  | { readonly kind: 'star' }
  /** A name that starts a path: a member of the payload, or what the sub-selects around it make of it. */
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'member'; readonly object: Expression; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'cast'; readonly value: Expression; readonly type: CastType }
  | {
      readonly kind: 'case';
      readonly value: Expression;
      readonly whens: readonly When[];
      readonly otherwise: Expression | undefined;
    }
  | { readonly kind: 'exists'; readonly query: Subselect }
  | Subselect
  | { readonly kind: 'not'; readonly value: Expression }
  | { readonly kind: 'negate'; readonly value: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'object'; readonly members: readonly ObjectMember[] }
  | { readonly kind: 'array'; readonly items: readonly Expression[] };

export interface When {
  readonly match: Expression;
  readonly result: Expression;
}

export interface ObjectMember {
  readonly key: string;
  readonly value: Expression;
}

/** How tightly an operator binds; ordinary SQL precedence. What is not an operator binds tightest. */
export const precedence = {
  OR: 1,
  AND: 2,
  NOT: 3,
  '=': 4,
  '<>': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  IN: 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
  negate: 7,
  member: 8,
  primary: 9,
} as const;

/** The name a column without alias gets: the last name of a path, the function of a call; `undefined` for anything else. */
export function nameOf(value: Expression): string | undefined {
  switch (value.kind) {
    case 'field':
    case 'variable':
    case 'member':
    case 'call':
      return value.name;
    case 'cast':
      return 'cast';
    default:
      return undefined;
  }
}
