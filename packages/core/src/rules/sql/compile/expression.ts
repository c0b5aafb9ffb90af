/** Expressions to closures: each node once, when the rule is made, so that a message costs only calls. */
import type { Expression } from '../syntax/ast.ts';
import { cast } from '../value/cast.ts';
import { equals } from '../value/equality.ts';
import { setMember, Undefined, type Value } from '../value/value.ts';
import { compileCall } from './call.ts';
import type { Closure, Scope } from './closure.ts';
import { compileBinary, negate, not } from './operators.ts';
import { compileField, compileMember, compileStar } from './path.ts';
import { compileExists, compileSubselect } from './select.ts';

export function compileExpression(node: Expression, scope: Scope): Closure {
  const { arithmetic } = scope;
  switch (node.kind) {
    case 'number':
    case 'string':
    case 'boolean': {
      const { value } = node;
      return () => value;
    }
    case 'null':
      return () => null;
    case 'star':
      return compileStar(scope);
    case 'field':
      return compileField(node.name, scope.query);
    case 'variable': {
      const index = scope.variables.indexOf(node.name);
      return evaluation => evaluation.variables[index] ?? Undefined;
    }
    case 'member':
      return compileMember(compileExpression(node.object, scope), node.name);
    case 'call':
      return compileCall(node, scope);
    case 'cast': {
      const value = compileExpression(node.value, scope);
      return evaluation => cast(value(evaluation), node.type, arithmetic);
    }
    case 'case':
      return compileCase(node, scope);
    case 'exists':
      return compileExists(node.query, scope);
    case 'subselect':
      return compileSubselect(node, scope);
    case 'not': {
      const value = compileExpression(node.value, scope);
      return evaluation => not(value(evaluation));
    }
    case 'negate': {
      const value = compileExpression(node.value, scope);
      return evaluation => negate(value(evaluation), arithmetic);
    }
    case 'binary':
      return compileBinary(
        node.operator,
        compileExpression(node.left, scope),
        compileExpression(node.right, scope),
        arithmetic,
      );
    case 'object':
      return compileObject(node, scope);
    case 'array': {
      const items = node.items.map(item => compileExpression(item, scope));
      return evaluation => items.map(item => item(evaluation));
    }
  }
}

/** The first WHEN equal to the value; an Undefined value is equal to none and does not take ELSE either. */
function compileCase(node: Extract<Expression, { kind: 'case' }>, scope: Scope): Closure {
  const value = compileExpression(node.value, scope);
  const matches = node.whens.map(({ match }) => compileExpression(match, scope));
  const results = node.whens.map(({ result }) => compileExpression(result, scope));
  const otherwise = node.otherwise === undefined ? undefined : compileExpression(node.otherwise, scope);
  return evaluation => {
    const subject = value(evaluation);
    if (subject === Undefined) return Undefined;
    for (let index = 0; index < matches.length; index++) {
      if (equals(subject, matches[index]!(evaluation)) === true) return results[index]!(evaluation);
    }
    return otherwise === undefined ? Undefined : otherwise(evaluation);
  };
}

function compileObject(node: Extract<Expression, { kind: 'object' }>, scope: Scope): Closure {
  const members = node.members.map(({ key, value }) => ({ key, value: compileExpression(value, scope) }));
  return evaluation => {
    const object: Record<string, Value> = {};
    for (const { key, value } of members) {
      const computed = value(evaluation);
      if (computed !== Undefined) setMember(object, key, computed);
    }
    return object;
  };
}
