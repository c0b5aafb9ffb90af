/** What a function of the language is: a record in the table of its family. */
import type { RuleMessage } from '../message.ts';
import type { Regex } from '../regex/regex.ts';
import type { EvaluationContext, ExternalServices } from '../services.ts';
import type { Expression } from '../syntax/ast.ts';
import type { Arithmetic } from '../value/numbers.ts';
import type { Value } from '../value/value.ts';
import type { SqlVersion } from '../version.ts';

interface Signature {
  /** The first version that has it; by default all have. */
  readonly since?: '2016-03-23';
  /** Fewest and most arguments. With any other number the call is Undefined. */
  readonly arity: readonly [number, number];
  /** What is wrong with these arguments as they are written, if anything: it refuses the statement. */
  check?(args: readonly Expression[], site: CallSite): string | undefined;
  /** The most calls of it one statement may have. */
  readonly atMost?: number;
}

/** Where a call stands. */
export interface CallSite {
  /** In a substitution template, rather than in a statement. */
  readonly isTemplate: boolean;
  /** Whether evaluating the expression calls an external function. */
  asksServices(expression: Expression): boolean;
}

/** Made of its arguments alone. */
export interface PureFunction extends Signature {
  readonly kind: 'pure';
  apply(...args: Value[]): Value;
  /** `*` among the arguments means the payload's bytes, even if they are JSON. */
  readonly starAsBytes?: true;
}

/** Made of its arguments' texts alone; Undefined if one of them has none (see `toText`). */
export interface TextFunction extends Signature {
  readonly kind: 'text';
  apply(...texts: string[]): Value;
}

/** The same with a pattern in second place, which is made ready but once where it is written out; Undefined if it is none. */
export interface PatternFunction extends Signature {
  readonly kind: 'pattern';
  apply(text: string, regex: Regex, ...texts: string[]): Value;
}

/** Reads the message. */
export interface MessageFunction extends Signature {
  readonly kind: 'message';
  apply(message: RuleMessage, ...args: Value[]): Value;
}

/** Reads the clock, chance, or what else is around the message. Where the evaluation is repeated, the first answer stays. */
export interface ContextFunction extends Signature {
  readonly kind: 'context';
  readonly arity: readonly [0, 0];
  apply(context: EvaluationContext, version: SqlVersion): Value;
}

/** Asks a service. The evaluation that meets one is asynchronous; where it fails, it fails with an `EvaluationError`. */
export interface ExternalFunction extends Signature {
  readonly kind: 'external';
  /** `undefined` when there is nothing to ask because of the arguments: the call is Undefined. */
  ask(services: ExternalServices, ...args: Value[]): Promise<Value> | undefined;
  readonly starAsBytes?: true;
  /** The answer is to be shown and stored nowhere. */
  readonly answersSecret?: true;
}

/** `get_or_default`, which alone evaluates its arguments itself, because one of them may fail. */
export interface FallbackFunction extends Signature {
  readonly kind: 'fallback';
}

/** A name for two functions, told apart by their arguments as they are written. */
export interface OverloadedFunction extends Signature {
  readonly kind: 'overloaded';
  choose(args: readonly Expression[]): SingleFunction;
}

export type SingleFunction =
  | PureFunction
  | TextFunction
  | PatternFunction
  | MessageFunction
  | ContextFunction
  | ExternalFunction
  | FallbackFunction;
export type SqlFunction = SingleFunction | OverloadedFunction;

/** Functions by name in lower case. Those of numbers are made anew for each version's arithmetic. */
export type FunctionTable = Readonly<Record<string, SqlFunction>>;
export type FunctionFamily = (arithmetic: Arithmetic) => FunctionTable;

/** A check that an argument is one of these words, written out: `'base64'`, `"DescribeThing"`. */
export function isOneOf(arg: Expression | undefined, ...words: readonly string[]): boolean {
  return arg?.kind === 'string' && words.includes(arg.value);
}
