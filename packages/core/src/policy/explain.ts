/** Why a decision fell as it did: who allowed, who denied, what came close, what was missing, and what would have helped. */
import type { CompiledPolicy, CompiledStatement } from './compile.ts';
import { type CompiledCondition, conditionHolds, wantedValues } from './condition.ts';
import type { PolicyContext } from './context.ts';
import type { Decision } from './evaluate.ts';
import { matchesAction, matchesResource, statementMatches } from './statement.ts';
import { escapeTemplate, textOf, variablesOf } from './template.ts';
import { substituteFrom, valueOfVariable } from './variables.ts';

export interface StatementReference {
  readonly policyName: string;
  /** Its place in the document, from 0. */
  readonly statementIndex: number;
  readonly sid: string | undefined;
}

export interface MatchedStatement extends StatementReference {
  readonly effect: 'Allow' | 'Deny';
}

/** A statement that would have allowed the request but for one of its parts. */
export interface NearMiss extends StatementReference {
  readonly reason: 'action' | 'resource' | 'condition';
  /** What the statement asks for and what it found, in words. */
  readonly detail: string;
}

export interface VariableValue {
  readonly name: string;
  /** What was put in; undefined if the text stayed as it stands. */
  readonly value: string | undefined;
}

export interface Explanation {
  readonly action: string;
  readonly resource: string;
  readonly decision: Decision;
  readonly matched: readonly MatchedStatement[];
  /** Names of the policies, as `TestAuthorization` divides them; those of `implicitDeny` have nothing to say. */
  readonly policies: {
    readonly allowed: readonly string[];
    readonly explicitDeny: readonly string[];
    readonly implicitDeny: readonly string[];
  };
  /** The variables of the statements that speak of the action. */
  readonly variables: readonly VariableValue[];
  /** Names of keys and variables that those statements read and that have no value. */
  readonly missingContextValues: readonly string[];
  readonly nearMisses: readonly NearMiss[];
  /** A statement that would have allowed it, as JSON; empty if it was allowed, or if a deny stands that no allow can lift. */
  readonly suggestion: string;
}

/** Evaluates every statement from the start; `context` is the one for the action. */
export function explainDecision(
  policies: readonly CompiledPolicy[],
  context: PolicyContext,
  action: string,
  resource: string,
): Explanation {
  const statements = policies.flatMap(policy => policy.statements);
  const matching = statements.filter(statement => statementMatches(statement, context, action, resource));
  const speaking = statements.filter(statement => matchesAction(statement, action));
  const decision = decisionOf(matching);
  return {
    action,
    resource,
    decision,
    matched: matching.map(statement => ({ ...referenceTo(statement), effect: statement.effect })),
    policies: divide(policies, matching),
    variables: variablesIn(speaking, context),
    missingContextValues: missingIn(speaking, context),
    nearMisses: statements.flatMap(statement => nearMiss(statement, context, action, resource) ?? []),
    suggestion: decision === 'implicitDeny' ? suggestStatement(action, resource) : '',
  };
}

/** A statement that allows this one request. */
export function suggestStatement(action: string, resource: string): string {
  // The resource `*` is the one that actions without resource are decided on, not an asterisk.
  return JSON.stringify({
    Effect: 'Allow',
    Action: action,
    Resource: resource === '*' ? resource : escapeTemplate(resource),
  });
}

function decisionOf(matching: readonly CompiledStatement[]): Decision {
  if (matching.some(statement => statement.effect === 'Deny')) return 'explicitDeny';
  return matching.length > 0 ? 'allowed' : 'implicitDeny';
}

function divide(policies: readonly CompiledPolicy[], matching: readonly CompiledStatement[]): Explanation['policies'] {
  const having = (effect: 'Allow' | 'Deny') =>
    policies.filter(({ statements }) => matching.some(it => it.effect === effect && statements.includes(it)));
  const names = (some: readonly CompiledPolicy[]) => some.map(policy => policy.name);
  return {
    allowed: names(having('Allow')),
    explicitDeny: names(having('Deny')),
    implicitDeny: names(policies.filter(({ statements }) => !statements.some(it => matching.includes(it)))),
  };
}

const referenceTo = ({ policyName, index, sid }: CompiledStatement): StatementReference => ({
  policyName,
  statementIndex: index,
  sid,
});

function variablesIn(statements: readonly CompiledStatement[], context: PolicyContext): VariableValue[] {
  const values = new Map<string, string | undefined>();
  for (const { resources, conditions } of statements) {
    const templates = [...resources.templates, ...conditions.flatMap(condition => condition.values)];
    for (const variable of templates.flatMap(variablesOf)) {
      values.set(variable.name, valueOfVariable(variable, context));
    }
  }
  return [...values].map(([name, value]) => ({ name, value }));
}

function missingIn(statements: readonly CompiledStatement[], context: PolicyContext): string[] {
  const unresolved = variablesIn(statements, context).filter(({ value }) => value === undefined);
  const conditions = statements.flatMap(statement => statement.conditions);
  const absent = conditions.filter(({ key }) => (context.get(key) ?? []).length === 0);
  return [...new Set([...unresolved.map(({ name }) => name), ...absent.map(({ key }) => key)])];
}

function nearMiss(
  statement: CompiledStatement,
  context: PolicyContext,
  action: string,
  resource: string,
): NearMiss | undefined {
  if (statement.effect === 'Deny') return undefined;
  const actionMatches = matchesAction(statement, action);
  const resourceMatches = matchesResource(statement, context, resource);
  const failing = statement.conditions.filter(condition => !conditionHolds(condition, context));
  const miss = (reason: NearMiss['reason'], detail: string) => ({ ...referenceTo(statement), reason, detail });

  if (!actionMatches) {
    return resourceMatches && failing.length === 0 ? miss('action', actionDetail(statement, action)) : undefined;
  }
  if (!resourceMatches) return miss('resource', resourceDetail(statement, context));
  if (failing.length > 0) return miss('condition', failing.map(it => conditionDetail(it, context)).join('; '));
  return undefined;
}

function actionDetail({ actions }: CompiledStatement, action: string): string {
  const list = quoted(actions.names);
  return actions.negated ? `it is for all actions but ${list}` : `it is for ${list}, not for \`${action}\``;
}

function resourceDetail(statement: CompiledStatement, context: PolicyContext): string {
  const { templates, negated } = statement.resources;
  const list = quoted(templates.map(template => textOf(substituteFrom(template, context))));
  return negated ? `it is for all resources but ${list}` : `it is for ${list}`;
}

function conditionDetail(condition: CompiledCondition, context: PolicyContext): string {
  const found = context.get(condition.key) ?? [];
  const wanted = condition.values.length === 0 ? 'nothing' : quoted(wantedValues(condition, context));
  const has = found.length === 0 ? 'has no value' : `is ${quoted(found)}`;
  return `\`${condition.operatorName}\` asks \`${condition.key}\` for ${wanted}, which ${has}`;
}

const quoted = (values: readonly string[]): string => values.map(value => `\`${value}\``).join(', ');
