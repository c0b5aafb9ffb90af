/** Statements to functions of a message. */
import { EvaluationError } from '../evaluation-error.ts';
import { asksServices, holdsSecret } from '../functions/index.ts';
import type { RuleMessage } from '../message.ts';
import { type Output, SelectedValue, WholeMessage } from '../output.ts';
import type { EvaluationContext } from '../services.ts';
import type { Expression, Projection, Statement } from '../syntax/ast.ts';
import { expressionsOf } from '../syntax/walk.ts';
import { jsonText } from '../value/convert.ts';
import { RawPayload } from '../value/scalar.ts';
import { isArray, Undefined, type Value } from '../value/value.ts';
import { arithmeticOf, isFirstVersion, type SqlVersion } from '../version.ts';
import type { Closure, Scope } from './closure.ts';
import { Evaluation } from './evaluation.ts';
import { compileExpression } from './expression.ts';
import { type Journal, replay } from './journal.ts';
import { compileProjection, isOnlyStar, isTrue } from './select.ts';

export interface CompiledStatement {
  readonly version: SqlVersion;
  /** What FROM names; `undefined` when only Basic Ingest reaches the rule. */
  readonly topicFilter: string | undefined;
  /** Names of the variables SET assigns, without `@`: what templates of the rule may refer to. */
  readonly variables: readonly string[];
  /** Whether an external function occurs, so that `evaluate` returns a promise. */
  readonly isAsynchronous: boolean;
  /**
   * Evaluates SET, WHERE and SELECT in this order, the last only if WHERE lets the message pass. Whether the topic matches FROM
   * is not asked. Fails with `EvaluationError` (thrown, or as rejection) and with nothing else.
   */
  evaluate(message: RuleMessage, context: EvaluationContext): Result | Promise<Result>;
  /** The values of SET alone, in the order of `variables`. Fails with `EvaluationError`. */
  assign(message: RuleMessage, context: EvaluationContext): readonly Value[] | Promise<readonly Value[]>;
  readonly secrets: SecretParts;
}

/** What of a statement's result may give a secret away, because of how it is made. */
export interface SecretParts {
  readonly variables: ReadonlySet<string>;
  readonly where: boolean;
  readonly output: boolean;
}

/** `matched` and `output` say what to do; the values of the clauses say why. */
export interface Result {
  readonly matched: boolean;
  /** Present if and only if `matched`. */
  readonly output: Output | undefined;
  /** What WHERE came to; true without one. */
  readonly where: Value;
  /** The values of SET, in the order of `CompiledStatement.variables`. */
  readonly variables: readonly Value[];
}

/** Of statements without SET, which are many: never written to. */
const noVariables: Value[] = [];

/** JSON text of one variable, and of all of them. */
const MAX_VARIABLE_BYTES = 128 * 1024;

export function compileStatement(statement: Statement): CompiledStatement {
  const { version, topicFilter } = statement;
  const names = statement.variables.map(({ name }) => name);
  const scope: Scope = { version, arithmetic: arithmeticOf(version), variables: names, query: undefined };
  const variables = statement.variables.map(({ value }) => compileExpression(value, scope));
  const where = statement.where === undefined ? undefined : compileExpression(statement.where, scope);
  const select = compileOutput(statement.select, scope);
  const isAsynchronous = expressionsIn(statement).some(expression => asksServices(expression, version));

  const begin = (message: RuleMessage, context: EvaluationContext, journal: Journal | undefined): Evaluation => {
    const evaluation = new Evaluation(message, context, version, variables.length > 0 ? [] : noVariables, journal);
    if (variables.length > 0) assign(variables, evaluation);
    return evaluation;
  };
  const run = (message: RuleMessage, context: EvaluationContext, journal: Journal | undefined): Result => {
    const evaluation = begin(message, context, journal);
    const passes = where === undefined ? true : where(evaluation);
    const matched = isTrue(passes);
    const output = matched ? select(evaluation) : undefined;
    return { matched, output, where: passes, variables: evaluation.variables };
  };
  return {
    version,
    topicFilter,
    variables: names,
    isAsynchronous,
    evaluate: isAsynchronous
      ? (message, context) => replay(journal => run(message, context, journal))
      : (message, context) => run(message, context, undefined),
    assign: isAsynchronous
      ? (message, context) => replay(journal => begin(message, context, journal).variables)
      : (message, context) => begin(message, context, undefined).variables,
    secrets: secretParts(statement),
  };
}

function secretParts({ version, variables, where, select }: Statement): SecretParts {
  const secretVariables = new Set<string>();
  const isSecret = (expression: Expression): boolean => holdsSecret(expression, version, secretVariables);
  for (const { name, value } of variables) if (isSecret(value)) secretVariables.add(name);
  return {
    variables: secretVariables,
    where: where !== undefined && isSecret(where),
    output: expressionsOf(select).some(isSecret),
  };
}

function compileOutput(select: Projection, scope: Scope): (evaluation: Evaluation) => Output {
  if (isOnlyStar(select)) return ({ message, version }) => new WholeMessage(message, version);
  const compiled = compileProjection(select, scope);
  if (select.kind === 'columns' || !isFirstVersion(scope.version)) {
    return evaluation => new SelectedValue(compiled(evaluation));
  }
  return evaluation => {
    const value = compiled(evaluation);
    return new SelectedValue(isArray(value) ? Undefined : value); // 2015-10-08 selects no array (AWS: "SELECT clause")
  };
}

function assign(variables: readonly Closure[], evaluation: Evaluation): void {
  let total = 0;
  for (const variable of variables) {
    const value = variable(evaluation);
    total += sizeOf(value);
    if (total > MAX_VARIABLE_BYTES) throw new EvaluationError('SET', 'the variables hold more than 128 KiB');
    // Bytes must pass through `encode` or `decode` first (AWS: "SET clause").
    evaluation.variables.push(value instanceof RawPayload ? Undefined : value);
  }
}

/** Bytes of JSON text, or an estimate from above if that is enough to see that it is short. */
function sizeOf(value: Value): number {
  if (typeof value !== 'object' && typeof value !== 'string') return 5;
  if (value instanceof RawPayload) return 0;
  return Buffer.byteLength(jsonText(value));
}

const expressionsIn = ({ variables, select, where }: Statement): readonly Expression[] => [
  ...variables.map(({ value }) => value),
  ...expressionsOf(select),
  ...(where === undefined ? [] : [where]),
];
