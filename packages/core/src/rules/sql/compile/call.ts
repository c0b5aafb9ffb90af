/** Function calls. */
import { EvaluationError } from '../evaluation-error.ts';
import { functionFor } from '../functions/index.ts';
import type { ExternalFunction, PureFunction, TextFunction } from '../functions/sql-function.ts';
import type { RuleMessage } from '../message.ts';
import type { Expression } from '../syntax/ast.ts';
import { toText } from '../value/convert.ts';
import { RawPayload } from '../value/scalar.ts';
import { isUndefined, Undefined, type Value } from '../value/value.ts';
import type { Code } from './code.ts';
import type { Evaluation } from './evaluation.ts';
import { expressionCode } from './expression.ts';
import type { Scope } from './scope.ts';

type Call = Extract<Expression, { kind: 'call' }>;

export function callCode({ name, args }: Call, scope: Scope): Code {
  const { program, version, evaluation } = scope;
  const called = functionFor(name, args, version);
  const [least, most] = called.arity;
  if (args.length < least || args.length > most) return program.constant(Undefined);
  switch (called.kind) {
    case 'pure':
      return program.call(called.apply, ...argumentCodes(args, called, scope));
    case 'text':
      return textCode(called, args, scope);
    case 'context':
      return program.call(called.apply, evaluation(), ...argumentCodes(args, {}, scope));
    case 'external': {
      const values = `[${argumentCodes(args, called, scope).join(', ')}]`;
      return program.call(ask, evaluation(), program.constant(name), program.constant(called), values);
    }
    case 'fallback':
      return fallbackCode(args, scope);
  }
}

function argumentCodes(
  args: readonly Expression[],
  { starAsBytes }: Pick<PureFunction | ExternalFunction, 'starAsBytes'>,
  scope: Scope,
): Code[] {
  const isBytes = ({ kind }: Expression) => starAsBytes === true && kind === 'star' && scope.query === undefined;
  return args.map(arg => (isBytes(arg) ? scope.program.call(bytesOf, scope.message) : expressionCode(arg, scope)));
}

function textCode({ apply }: TextFunction, args: readonly Expression[], scope: Scope): Code {
  const { program } = scope;
  const nothing = program.constant(Undefined);
  const texts = args.map(() => program.variable());
  const conversions = args.map((arg, at) => `${texts[at]} = ${program.call(toText, expressionCode(arg, scope))}`);
  const lacksText = conversions.map(conversion => program.call(isUndefined, conversion)).join(' || ');
  return `(${lacksText} ? ${nothing} : ${program.call(apply, ...texts)})`;
}

const bytesOf = ({ payload }: RuleMessage): Value => new RawPayload(payload);

function ask(evaluation: Evaluation, name: string, asked: ExternalFunction, values: readonly Value[]): Value {
  return evaluation.await(async () => {
    try {
      const answer = await asked.ask(evaluation.context.services, ...values);
      return answer === undefined ? Undefined : answer;
    } catch (error) {
      throw failure(name, error);
    }
  });
}

function failure(name: string, error: unknown): EvaluationError {
  if (error instanceof EvaluationError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new EvaluationError(name, `\`${name}\` failed: ${reason}`, { cause: error });
}

/** The value, or the default if it is Undefined, Null or fails. */
function fallbackCode([expression, fallback]: readonly Expression[], scope: Scope): Code {
  const { program } = scope;
  const [value, nothing] = [program.variable(), program.constant(Undefined)];
  const attempted = program.call(
    attempt,
    program.lambda([], () => expressionCode(expression!, scope)),
  );
  const otherwise = fallback === undefined ? nothing : expressionCode(fallback, scope);
  const isMissing = program.call(isUndefined, `${value} = ${attempted}`);
  return `(${isMissing} || ${value} === null ? ${otherwise} : ${value})`;
}

function attempt(evaluate: () => Value): Value {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof EvaluationError) return Undefined;
    throw error;
  }
}
