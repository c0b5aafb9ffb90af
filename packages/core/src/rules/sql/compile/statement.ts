/** Statements to functions of a message. */
import { asksServices, holdsSecret } from '../functions/index.ts';
import type { RuleMessage } from '../message.ts';
import { noValues, type Output, type Result, SelectedValue, WholeMessage } from '../output.ts';
import type { EvaluationContext } from '../services.ts';
import type { Expression, Projection, Statement } from '../syntax/ast.ts';
import { expressionsOf } from '../syntax/walk.ts';
import { isArray, type Value } from '../value/value.ts';
import { isFirstVersion, type SqlVersion } from '../version.ts';
import { type Code, literal, sequence } from './code.ts';
import { isOnlyStar } from './columns.ts';
import { compile } from './compile.ts';
import { booleanCode, expressionCode } from './expression.ts';
import { type Journal, replay } from './journal.ts';
import type { Scope } from './scope.ts';
import { projectionCode } from './select.ts';
import { assignmentCode } from './variables.ts';

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

export function compileStatement(statement: Statement): CompiledStatement {
  const { version, topicFilter } = statement;
  const names = statement.variables.map(({ name }) => name);
  const isAsynchronous = expressionsIn(statement).some(expression => asksServices(expression, version));
  const compiled = <T>(write: (scope: Scope) => Code) =>
    isAsynchronous
      ? replayed(compile<Replayed<T>>(version, ['message', 'context', 'journal'], write))
      : compile<(message: RuleMessage, context: EvaluationContext) => T>(version, ['message', 'context'], write);
  return {
    version,
    topicFilter,
    variables: names,
    isAsynchronous,
    evaluate: compiled<Result>(scope => evaluationCode(statement, scope)),
    assign: compiled<readonly Value[]>(scope => assignedCode(statement, scope)),
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

type Replayed<T> = (message: RuleMessage, context: EvaluationContext, journal: Journal) => T;

const replayed =
  <T>(evaluate: Replayed<T>) =>
  (message: RuleMessage, context: EvaluationContext): Promise<T> =>
    replay(journal => evaluate(message, context, journal));

function evaluationCode({ variables, where, select }: Statement, outer: Scope): Code {
  const { program } = outer;
  const { steps, values, scope } = assignmentCode(variables, outer);
  if (where === undefined) return sequence(...steps, program.call(matched, values, 'true', outputCode(select, scope)));
  const found = program.variable();
  const condition = `(${found} = ${expressionCode(where, scope)})`;
  const output = program.block(() => outputCode(select, scope));
  const passed = program.call(matched, values, found, output);
  const heldBack = program.call(notMatched, values, found);
  return sequence(...steps, `${booleanCode(where, scope, condition)} === true ? ${passed} : ${heldBack}`);
}

function assignedCode({ variables }: Statement, scope: Scope): Code {
  const { steps, values } = assignmentCode(variables, scope);
  return sequence(...steps, values);
}

const matched = (variables: readonly Value[], where: Value, output: Output & Result): Result =>
  variables === noValues && where === true ? output : { matched: true, output, where, variables };

const notMatched = (variables: readonly Value[], where: Value): Result =>
  variables === noValues && where === false ? refused : { matched: false, output: undefined, where, variables };

/** The result of most evaluations. */
const refused: Result = { matched: false, output: undefined, where: false, variables: noValues };

function outputCode(select: Projection, scope: Scope): Code {
  const { program, version, message } = scope;
  if (isOnlyStar(select)) return program.call(wholeMessage, message, literal(version));
  const made = select.kind === 'value' && isFirstVersion(version) ? selectedNoArray : selected;
  return program.call(made, projectionCode(select, scope));
}

const wholeMessage = (message: RuleMessage, version: SqlVersion) => new WholeMessage(message, version);

const selected = (value: Value) => new SelectedValue(value);

/** 2015-10-08 selects no array (AWS: "SELECT clause"). */
const selectedNoArray = (value: Value) => new SelectedValue(isArray(value) ? undefined : value);

const expressionsIn = ({ variables, select, where }: Statement): readonly Expression[] => [
  ...variables.map(({ value }) => value),
  ...expressionsOf(select),
  ...(where === undefined ? [] : [where]),
];
