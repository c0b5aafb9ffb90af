/** Function calls. */
import { EvaluationError } from '../evaluation-error.ts';
import { functionFor } from '../functions/index.ts';
import type { ExternalFunction, PureFunction } from '../functions/sql-function.ts';
import type { RuleMessage } from '../message.ts';
import { regexOf } from '../regex/regex.ts';
import type { EvaluationContext } from '../services.ts';
import type { Expression } from '../syntax/ast.ts';
import { toText } from '../value/convert.ts';
import { RawPayload } from '../value/scalar.ts';
import type { Value } from '../value/value.ts';
import { type Code, literal, type Program } from './code.ts';
import { expressionCode } from './expression.ts';
import type { Journal } from './journal.ts';
import type { Scope } from './scope.ts';

type Call = Extract<Expression, { kind: 'call' }>;

export function callCode({ name, args }: Call, scope: Scope): Code {
  const { program, version, message, context, journal } = scope;
  const called = functionFor(name, args, version);
  const [least, most] = called.arity;
  if (args.length < least || args.length > most) return 'undefined';
  switch (called.kind) {
    case 'pure':
      return program.call(called.apply, ...argumentCodes(args, called, scope));
    case 'text':
      return ofTextsCode(called.apply, textsOf(args, scope), program);
    case 'pattern': {
      const [text, pattern, ...others] = textsOf(args, scope);
      return ofTextsCode(called.apply, [text!, regexFrom(pattern!, args[1]!, program), ...others], program);
    }
    case 'message':
      return program.call(called.apply, message, ...argumentCodes(args, {}, scope));
    case 'context': {
      const answer = program.call(called.apply, context, literal(version));
      return journal === undefined ? answer : `${journal}.once(() => ${answer})`;
    }
    case 'external': {
      const values = `[${argumentCodes(args, called, scope).join(', ')}]`;
      return program.call(ask, journal!, context, literal(name), program.constant(called), values);
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

/** An argument in the form a function takes it in. */
interface Converted {
  readonly name: Code;
  /** Computes it, and is `undefined` if that cannot be; constants need none. */
  readonly step?: Code;
}

const textsOf = (args: readonly Expression[], scope: Scope): Converted[] =>
  args.map(arg => {
    if (arg.kind === 'string') return { name: literal(arg.value) };
    const name = scope.program.variable();
    return { name, step: `${name} = ${scope.program.call(toText, expressionCode(arg, scope))}` };
  });

/** A pattern that is written out is made ready here. */
function regexFrom({ name, step }: Converted, pattern: Expression, program: Program): Converted {
  if (pattern.kind === 'string') {
    const regex = regexOf(pattern.value);
    return regex === undefined ? { name: 'undefined', step: 'undefined' } : { name: program.constant(regex) };
  }
  const regex = program.variable();
  return { name: regex, step: `(${step}) === undefined ? undefined : ${regex} = ${program.call(regexOf, name)}` };
}

function ofTextsCode(apply: (...args: never[]) => Value, args: readonly Converted[], program: Program): Code {
  const called = program.call(apply, ...args.map(({ name }) => name));
  const steps = args.flatMap(({ step }) => step ?? []);
  const isMissing = steps.map(step => `(${step}) === undefined`).join(' || ');
  return steps.length === 0 ? called : `(${isMissing} ? undefined : ${called})`;
}

const bytesOf = ({ payload }: RuleMessage): Value => new RawPayload(payload);

function ask(
  journal: Journal,
  { services }: EvaluationContext,
  name: string,
  asked: ExternalFunction,
  values: readonly Value[],
): Value {
  return journal.await(async () => {
    try {
      return await asked.ask(services, ...values);
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
  const evaluate = program.lambda([], () => expressionCode(expression!, scope));
  const otherwise = fallback === undefined ? 'undefined' : expressionCode(fallback, scope);
  return `(${program.call(attempt, evaluate)} ?? ${otherwise})`;
}

function attempt(evaluate: () => Value): Value {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof EvaluationError) return undefined;
    throw error;
  }
}
