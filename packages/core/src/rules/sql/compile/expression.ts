/** Expressions to JavaScript: each node once, when the rule is made. */
import type { BinaryOperator, Expression } from '../syntax/ast.ts';
import { cast } from '../value/cast.ts';
import { toBoolean } from '../value/convert.ts';
import { isUndefined, setMember, Undefined } from '../value/value.ts';
import { arithmeticOf } from '../version.ts';
import { callCode } from './call.ts';
import { type Code, literal, type Program } from './code.ts';
import { equal, not, operatorsOf } from './operators.ts';
import { pathCode, starCode } from './path.ts';
import type { Scope } from './scope.ts';
import { existsCode, subselectCode } from './select.ts';

type Node<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

export function expressionCode(node: Expression, scope: Scope): Code {
  const { program, version } = scope;
  switch (node.kind) {
    case 'number':
    case 'string':
    case 'boolean':
      return program.constant(node.value);
    case 'null':
      return program.constant(null);
    case 'star':
      return starCode(scope);
    case 'field':
    case 'member':
      return pathCode(node, scope);
    case 'variable':
      return scope.variables.get(node.name) ?? program.constant(Undefined);
    case 'call':
      return callCode(node, scope);
    case 'cast':
      return program.call(
        cast,
        expressionCode(node.value, scope),
        program.constant(node.type),
        program.constant(arithmeticOf(version)),
      );
    case 'case':
      return caseCode(node, scope);
    case 'exists':
      return existsCode(node.query, scope);
    case 'subselect':
      return subselectCode(node, scope);
    case 'not':
      return program.call(not, booleanCode(node.value, scope));
    case 'negate':
      return program.call(operatorsOf(version).negate, expressionCode(node.value, scope));
    case 'binary':
      return binaryCode(node, scope);
    case 'object':
      return objectCode(node, scope);
    case 'array':
      return `[${node.items.map(item => expressionCode(item, scope)).join(', ')}]`;
  }
}

function binaryCode(node: Node<'binary'>, scope: Scope): Code {
  const { operator, left, right } = node;
  if (operator === 'AND' || operator === 'OR') return connectiveCode(node, operator, scope);
  if (operator === 'IN' && right.kind === 'array') return isInListCode(left, right.items, scope);
  const compute = operatorsOf(scope.version)[operator];
  return scope.program.call(compute, expressionCode(left, scope), expressionCode(right, scope));
}

/**
 * The first operand that decides; those after it are not evaluated. AWS's table makes any operand that is not Boolean Undefined,
 * and is silent about a left side that decides alone; it does here, so that `isUndefined(x) OR x > 5` means what its author means.
 */
function connectiveCode(node: Node<'binary'>, operator: 'AND' | 'OR', scope: Scope): Code {
  const value = scope.program.variable();
  const undecided = operator === 'AND';
  const tests = operandsOf(node, operator).map(
    operand => `(${value} = ${booleanCode(operand, scope)}) === ${undecided}`,
  );
  return `(${tests.join(' && ')}, ${value})`;
}

/** Of `a AND b AND c` all three. */
function operandsOf(node: Expression, operator: BinaryOperator): readonly Expression[] {
  const operands: Expression[] = [];
  let rest = node;
  while (rest.kind === 'binary' && rest.operator === operator) {
    operands.unshift(rest.right);
    rest = rest.left;
  }
  return [rest, ...operands];
}

/** `IN` a list that is written out: it need not be made. */
function isInListCode(value: Expression, items: readonly Expression[], scope: Scope): Code {
  const { program } = scope;
  const found = program.variable();
  const isMissing = program.call(isUndefined, `${found} = ${expressionCode(value, scope)}`);
  const tests = items.map(item => `${program.call(equal, found, expressionCode(item, scope))} === true`);
  return `(${isMissing} ? ${program.constant(Undefined)} : ${tests.join(' || ') || false})`;
}

const booleanKinds: ReadonlySet<Expression['kind']> = new Set(['boolean', 'not', 'exists']);
const booleanOperators: ReadonlySet<BinaryOperator> = new Set(['AND', 'OR', '=', '<>', '<', '<=', '>', '>=', 'IN']);

/** What operators of Booleans take: a Boolean or Undefined, into which text is converted. Much is one from the start. */
function booleanCode(node: Expression, scope: Scope): Code {
  const isBoolean = node.kind === 'binary' ? booleanOperators.has(node.operator) : booleanKinds.has(node.kind);
  return isBoolean ? expressionCode(node, scope) : scope.program.call(toBoolean, expressionCode(node, scope));
}

/** The first WHEN equal to the value; an Undefined value is equal to none and does not take ELSE either. */
function caseCode({ value, whens, otherwise }: Node<'case'>, scope: Scope): Code {
  const { program } = scope;
  const nothing = program.constant(Undefined);
  const subject = program.variable();
  const branches = whens.map(({ match, result }) => {
    const isEqual = program.call(equal, subject, expressionCode(match, scope));
    return `${isEqual} === true ? ${expressionCode(result, scope)} : `;
  });
  const last = otherwise === undefined ? nothing : expressionCode(otherwise, scope);
  const isMissing = program.call(isUndefined, `${subject} = ${expressionCode(value, scope)}`);
  return `(${isMissing} ? ${nothing} : ${branches.join('')}${last})`;
}

function objectCode({ members }: Node<'object'>, scope: Scope): Code {
  const object = scope.program.variable();
  const sets = members.map(({ key, value }) => setCode(object, key, expressionCode(value, scope), scope.program));
  return `(${[`${object} = {}`, ...sets, object].join(', ')})`;
}

/** Sets a member, unless the value is Undefined. */
export function setCode(object: Code, name: string, value: Code, program: Program): Code {
  const found = program.variable();
  const set =
    name === '__proto__'
      ? program.call(setMember, object, program.constant(name), found)
      : `${object}[${literal(name)}] = ${found}`;
  return `(${program.call(isUndefined, `${found} = ${value}`)} || (${set}))`;
}
