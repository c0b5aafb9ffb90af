/** One condition of a statement, `{"<operator>": {"<key>": [<values>]}}`, compiled and evaluated. */
import type { PolicyContext } from './context.ts';
import { type Operator, operators, type Test } from './operators.ts';
import { type Template, textOf, variablesOf } from './template.ts';
import { isConnectKey, isTimeKey, substituteFrom } from './variables.ts';

/** Over several values of one key: all of them must hold, or one of them. */
export type SetQuantifier = 'ForAllValues' | 'ForAnyValue';

export interface OperatorName {
  readonly name: string;
  readonly quantifier: SetQuantifier | undefined;
  readonly ifExists: boolean;
}

export interface CompiledCondition {
  /** As written, for example `ForAllValues:StringEqualsIfExists`. */
  readonly operatorName: string;
  readonly operator: Operator;
  readonly asksPresence: boolean;
  readonly quantifier: SetQuantifier | undefined;
  readonly ifExists: boolean;
  readonly key: string;
  readonly values: readonly Template[];
  /** Tests of values without variables, which are the same for everyone; undefined where one has a variable. */
  readonly tests: readonly Test[] | undefined;
}

/** Takes `ForAllValues:StringEqualsIfExists` apart; undefined if there is no such operator. Names are exact, as in IAM. */
export function parseOperatorName(text: string): OperatorName | undefined {
  const colon = text.indexOf(':');
  const quantifier = colon < 0 ? undefined : text.slice(0, colon);
  if (quantifier !== undefined && quantifier !== 'ForAllValues' && quantifier !== 'ForAnyValue') return undefined;
  const rest = text.slice(colon + 1);
  const ifExists = rest.endsWith('IfExists');
  const name = ifExists ? rest.slice(0, -'IfExists'.length) : rest;
  // Whether a key is there is one question, for one answer.
  if (!operators.has(name) || (name === 'Null' && (ifExists || quantifier !== undefined))) return undefined;
  return { name, quantifier, ifExists };
}

/** `operatorName` is one that `parseOperatorName` knows. */
export function compileCondition(operatorName: string, key: string, values: readonly Template[]): CompiledCondition {
  const { name, quantifier, ifExists } = parseOperatorName(operatorName)!;
  const operator = operators.get(name)!;
  const fixed = values.every(value => variablesOf(value).length === 0);
  return {
    operatorName,
    operator,
    asksPresence: name === 'Null',
    quantifier,
    ifExists,
    key,
    values,
    tests: fixed ? testsOf(operator, values, noContext) : undefined,
  };
}

/**
 * Whether the condition holds. A key without values makes it false, true where the operator is negated, `…IfExists` or
 * `ForAllValues` (AWS: IAM, "Creating a condition with multiple keys or values").
 */
export function conditionHolds(condition: CompiledCondition, context: PolicyContext): boolean {
  const { operator, quantifier } = condition;
  const present = context.get(condition.key) ?? [];
  const tests = condition.tests ?? testsOf(operator, condition.values, context);
  if (condition.asksPresence) return passes(String(present.length === 0), tests);
  if (present.length === 0)
    return quantifier === 'ForAllValues' || condition.ifExists || (operator.negated && !quantifier);

  const holds = (value: string) => passes(value, tests) !== operator.negated;
  if (quantifier === 'ForAllValues') return present.every(holds);
  if (quantifier === 'ForAnyValue') return present.some(holds);
  // Without a quantifier a set is asked as one value would be: does it hold what is wanted, or none of it?
  return operator.negated ? present.every(holds) : present.some(holds);
}

/** Names of the keys and variables the condition reads. */
export const keysOf = (condition: CompiledCondition): string[] => [
  condition.key,
  ...condition.values.flatMap(value => variablesOf(value).map(variable => variable.name)),
];

export const readsTime = (condition: CompiledCondition): boolean => keysOf(condition).some(isTimeKey);

export const readsConnect = (condition: CompiledCondition): boolean => keysOf(condition).some(isConnectKey);

/** What the condition asks for with the context's values put in, for messages. */
export const wantedValues = (condition: CompiledCondition, context: PolicyContext): string[] =>
  condition.values.map(value => textOf(substituteFrom(value, context)));

const noContext: PolicyContext = { get: () => undefined };

const passes = (value: string, tests: readonly Test[]): boolean => tests.some(test => test(value));

/** A value that makes no sense once its variables are put in passes nothing. */
function testsOf(operator: Operator, values: readonly Template[], context: PolicyContext): Test[] {
  return values.flatMap(value => operator.prepare(substituteFrom(value, context)) ?? []);
}
