/** Whether one statement applies to a request, worked out from the start in a given context. */

import { namesOfAction } from './actions.ts';
import { type ArnPattern, compileArnPattern, matchesArn } from './arn-pattern.ts';
import type { CompiledStatement } from './compile.ts';
import { conditionHolds, readsTime } from './condition.ts';
import type { PolicyContext } from './context.ts';
import { substituteFrom } from './variables.ts';
import { matchesWildcard } from './wildcard.ts';

export function statementMatches(
  statement: CompiledStatement,
  context: PolicyContext,
  action: string,
  resource: string,
): boolean {
  return (
    matchesAction(statement, action) &&
    matchesResource(statement, context, resource) &&
    statement.conditions.every(condition => conditionHolds(condition, context))
  );
}

/** In any case of letters, and under any of the action's names. */
export function matchesAction(statement: CompiledStatement, action: string): boolean {
  const { negated, patterns } = statement.actions;
  const names = namesOfAction(action).map(name => name.toLowerCase());
  return patterns.some(pattern => names.some(name => matchesWildcard(pattern, name))) !== negated;
}

export function matchesResource(statement: CompiledStatement, context: PolicyContext, resource: string): boolean {
  const patterns = bindResources(statement, context);
  return patterns.some(pattern => matchesArn(pattern, resource)) !== statement.resources.negated;
}

/** The statement's resources with the context's values put in. */
export function bindResources({ resources }: CompiledStatement, context: PolicyContext): ArnPattern[] {
  return resources.templates.map(
    (template, index) => resources.fixed[index] ?? compileArnPattern(substituteFrom(template, context)),
  );
}

/** Whether those of its conditions hold that keep their answer for the life of the context. */
export function timelessConditionsHold(statement: CompiledStatement, context: PolicyContext): boolean {
  return statement.conditions.every(condition => readsTime(condition) || conditionHolds(condition, context));
}
