/** Function calls. */
import { EvaluationError } from '../evaluation-error.ts';
import { functionFor } from '../functions/index.ts';
import type { ContextFunction, ExternalFunction, PureFunction } from '../functions/sql-function.ts';
import type { Expression } from '../syntax/ast.ts';
import { RawPayload } from '../value/scalar.ts';
import { Undefined, type Value } from '../value/value.ts';
import type { Closure, Scope } from './closure.ts';
import { compileExpression } from './expression.ts';

type Call = Extract<Expression, { kind: 'call' }>;

export function compileCall({ name, args }: Call, scope: Scope): Closure {
  const sqlFunction = functionFor(name, args, scope.version);
  const [least, most] = sqlFunction.arity;
  if (args.length < least || args.length > most) return () => Undefined;
  switch (sqlFunction.kind) {
    case 'pure':
      return compilePure(sqlFunction, compileArguments(args, sqlFunction.starAsBytes, scope));
    case 'context':
      return compileContext(sqlFunction, compileArguments(args, undefined, scope));
    case 'external':
      return compileExternal(name, sqlFunction, args, scope);
    case 'fallback':
      return compileFallback(compileArguments(args, undefined, scope));
  }
}

function compileArguments(args: readonly Expression[], starAsBytes: true | undefined, scope: Scope): Closure[] {
  return args.map(arg => {
    if (!starAsBytes || arg.kind !== 'star' || scope.query !== undefined) return compileExpression(arg, scope);
    return evaluation => new RawPayload(evaluation.message.published.payload);
  });
}

function compileContext({ apply }: ContextFunction, [argument]: readonly Closure[]): Closure {
  return argument === undefined
    ? evaluation => apply(evaluation)
    : evaluation => apply(evaluation, argument(evaluation));
}

function compilePure({ apply }: PureFunction, args: readonly Closure[]): Closure {
  const [first, second, third] = args;
  switch (args.length) {
    case 1:
      return evaluation => apply(first!(evaluation));
    case 2:
      return evaluation => apply(first!(evaluation), second!(evaluation));
    case 3:
      return evaluation => apply(first!(evaluation), second!(evaluation), third!(evaluation));
    default:
      return evaluation => apply(...args.map(arg => arg(evaluation)));
  }
}

function compileExternal(
  name: string,
  { ask, starAsBytes }: ExternalFunction,
  args: readonly Expression[],
  scope: Scope,
): Closure {
  const compiled = compileArguments(args, starAsBytes, scope);
  return evaluation => {
    const values = compiled.map(arg => arg(evaluation));
    return evaluation.await(async () => {
      try {
        const answer = await ask(evaluation.context.services, ...values);
        return answer === undefined ? Undefined : answer;
      } catch (error) {
        throw failure(name, error);
      }
    });
  };
}

function failure(name: string, error: unknown): EvaluationError {
  if (error instanceof EvaluationError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new EvaluationError(name, `\`${name}\` failed: ${reason}`, { cause: error });
}

/** The value, or the default if it is Undefined, Null or fails. */
function compileFallback([expression, fallback]: readonly Closure[]): Closure {
  return evaluation => {
    const value = attempt(() => expression!(evaluation));
    if (value !== Undefined && value !== null) return value;
    return fallback === undefined ? Undefined : fallback(evaluation);
  };
}

function attempt(evaluate: () => Value): Value {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof EvaluationError) return Undefined;
    throw error;
  }
}
