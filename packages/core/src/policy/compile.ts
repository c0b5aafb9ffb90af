/** A policy made ready for evaluation: patterns cut at their wildcards and variables, what depends on nobody bound for all. */
import { type ArnPattern, compileArnPattern } from './arn-pattern.ts';
import { type CompiledCondition, compileCondition, keysOf, readsConnect, readsTime } from './condition.ts';
import type { PolicyDocument, PolicyStatement } from './document.ts';
import { substitute, type Template, templateReader, variablesOf } from './template.ts';
import { isConnectKey, isTimeKey } from './variables.ts';
import { compileWildcard, tokenize, type Wildcard } from './wildcard.ts';

export interface CompiledPolicy {
  readonly name: string;
  readonly document: PolicyDocument;
  readonly statements: readonly CompiledStatement[];
}

export interface CompiledStatement {
  readonly policyName: string;
  /** Its place in the document, from 0. */
  readonly index: number;
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: CompiledActions;
  readonly resources: CompiledResources;
  readonly conditions: readonly CompiledCondition[];
  /** Names of the keys and variables it reads. */
  readonly keys: readonly string[];
  /** Whether it reads the time, so that it must be evaluated for each decision. */
  readonly readsTime: boolean;
  /** Whether it reads what only the decision about `iot:Connect` sees. */
  readonly readsConnect: boolean;
}

export interface CompiledActions {
  readonly negated: boolean;
  /** As written. */
  readonly names: readonly string[];
  /** In lower case: the case of actions does not matter. */
  readonly patterns: readonly Wildcard[];
}

export interface CompiledResources {
  readonly negated: boolean;
  readonly templates: readonly Template[];
  /** The templates without variables, which read the same for everyone; undefined where there is a variable. */
  readonly fixed: readonly (ArnPattern | undefined)[];
}

/** Compiles a policy once, for every connection it applies to. `name` is what explanations call it. */
export function compilePolicy(name: string, document: PolicyDocument): CompiledPolicy {
  const statements = document.statements.map((statement, index) =>
    compileStatement(name, index, statement, document.version),
  );
  return { name, document, statements };
}

function compileStatement(
  policyName: string,
  index: number,
  statement: PolicyStatement,
  version: PolicyDocument['version'],
): CompiledStatement {
  const read = templateReader(version);
  const templates = statement.resources.patterns.map(read);
  const conditions = statement.conditions.map(({ operatorName, key, values }) =>
    compileCondition(operatorName, key, values.map(read)),
  );
  const variables = templates.flatMap(template => variablesOf(template).map(variable => variable.name));
  return {
    policyName,
    index,
    sid: statement.sid,
    effect: statement.effect,
    actions: {
      negated: statement.actions.negated,
      names: statement.actions.patterns,
      patterns: statement.actions.patterns.map(pattern => compileWildcard(tokenize(pattern.toLowerCase()))),
    },
    resources: { negated: statement.resources.negated, templates, fixed: templates.map(compileFixed) },
    conditions,
    keys: [...new Set([...variables, ...conditions.flatMap(keysOf)])],
    readsTime: variables.some(isTimeKey) || conditions.some(readsTime),
    readsConnect: variables.some(isConnectKey) || conditions.some(readsConnect),
  };
}

function compileFixed(template: Template): ArnPattern | undefined {
  return variablesOf(template).length > 0 ? undefined : compileArnPattern(substitute(template, () => undefined));
}
