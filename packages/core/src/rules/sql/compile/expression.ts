/** Expressions to JavaScript: each node once, when the rule is made. */
import type { BinaryOperator, Expression } from '../syntax/ast.ts';
import { cast } from '../value/cast.ts';
import { toBoolean } from '../value/convert.ts';
import { setMember, type Value } from '../value/value.ts';
import { arithmeticOf } from '../version.ts';
import { callCode } from './call.ts';
import { type Code, literal, type Program, sequence } from './code.ts';
import { equalityCode, isEqualCode, isInListCode, orderCode } from './comparison.ts';
import { not, operatorsOf } from './operators.ts';
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
      return scope.variables.get(node.name) ?? 'undefined';
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
  switch (operator) {
    case 'AND':
    case 'OR':
      return connectiveCode(node, operator, scope);
    case '=':
    case '<>':
      return equalityCode(operator, left, right, scope);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return orderCode(operator, left, right, scope);
    default: {
      if (operator === 'IN' && right.kind === 'array') return isInListCode(left, right.items, scope);
      const compute = operatorsOf(scope.version)[operator];
      return scope.program.call(compute, expressionCode(left, scope), expressionCode(right, scope));
    }
  }
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

const booleanKinds: ReadonlySet<Expression['kind']> = new Set(['boolean', 'not', 'exists']);
const booleanOperators: ReadonlySet<BinaryOperator> = new Set(['AND', 'OR', '=', '<>', '<', '<=', '>', '>=', 'IN']);

/** Whether its value is a Boolean or Undefined. */
const isBoolean = (node: Expression): boolean =>
  node.kind === 'binary' ? booleanOperators.has(node.operator) : booleanKinds.has(node.kind);

/** What operators of Booleans and WHERE take: a Boolean or Undefined, into which text is converted. */
export const booleanCode = (node: Expression, scope: Scope, value = expressionCode(node, scope)): Code =>
  isBoolean(node) ? value : scope.program.call(toBoolean, value);

/** The first WHEN equal to the value; an Undefined value is equal to none and does not take ELSE either. */
function caseCode({ value, whens, otherwise }: Node<'case'>, scope: Scope): Code {
  const subject = scope.program.variable();
  const branches = whens.map(
    ({ match, result }) => `${isEqualCode(subject, match, scope)} ? ${expressionCode(result, scope)} : `,
  );
  const last = otherwise === undefined ? 'undefined' : expressionCode(otherwise, scope);
  return `((${subject} = ${expressionCode(value, scope)}) === undefined ? undefined : ${branches.join('')}${last})`;
}

const objectCode = ({ members }: Node<'object'>, scope: Scope): Code =>
  membersCode(
    members.map(({ key, value }) => [key, expressionCode(value, scope)]),
    scope.program,
  );

/** An object of the members that are not Undefined. Nearly always none is, so that it can be made at once. */
export function membersCode(members: readonly (readonly [name: string, value: Code])[], program: Program): Code {
  const names = members.map(([name]) => name);
  const found = members.map(() => program.variable());
  const steps = members.map(([, value], index) => `${found[index]} = ${value}`);
  const isAnyMissing = found.map(value => `${value} === undefined`).join(' || ') || 'false';
  const those = program.call(presentMembers, program.constant(names), `[${found.join(', ')}]`);
  const all = names.map((name, index) => `${keyCode(name)}: ${found[index]}`);
  return sequence(...steps, `(${isAnyMissing} ? ${those} : { ${all.join(', ')} })`);
}

/** In front of a colon, this one name means something else. */
const keyCode = (name: string): Code => (name === '__proto__' ? '["__proto__"]' : literal(name));

function presentMembers(names: readonly string[], values: readonly Value[]): Value {
  const object: Record<string, Value> = {};
  for (const [index, value] of values.entries()) if (value !== undefined) setMember(object, names[index]!, value);
  return object;
}

/** Sets a member, unless the value is Undefined. */
export function setCode(object: Code, name: string, value: Code, program: Program): Code {
  const found = program.variable();
  const set =
    name === '__proto__'
      ? program.call(setMember, object, literal(name), found)
      : `${object}[${literal(name)}] = ${found}`;
  return `((${found} = ${value}) === undefined || (${set}))`;
}
