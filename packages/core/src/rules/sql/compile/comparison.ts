/**
 * Comparisons (AWS: "Operators"). What devices send is compared where it stands: the operators are asked about anything else.
 */
import type { Expression } from '../syntax/ast.ts';
import { type Code, sequence } from './code.ts';
import { expressionCode } from './expression.ts';
import { equal, not, operatorsOf } from './operators.ts';
import type { Scope } from './scope.ts';

export function orderCode(operator: '<' | '<=' | '>' | '>=', left: Expression, right: Expression, scope: Scope): Code {
  const { program, version } = scope;
  const steps: Code[] = [];
  const tests: Code[] = [];
  const operand = (node: Expression): Code => {
    if (node.kind === 'number' && typeof node.value === 'number') return expressionCode(node, scope);
    const name = program.variable();
    steps.push(`${name} = ${expressionCode(node, scope)}`);
    tests.push(`typeof ${name} === 'number'`);
    return name;
  };
  const [a, b] = [operand(left), operand(right)];
  const order = program.call(operatorsOf(version)[operator], a, b);
  const short = `${tests.join(' && ')} ? ${a} ${operator} ${b} : ${order}`;
  return sequence(...steps, tests.length === 0 ? order : short);
}

export function equalityCode(operator: '=' | '<>', left: Expression, right: Expression, scope: Scope): Code {
  const { program } = scope;
  const [node, match] = isExact(left) ? [right, left] : [left, right];
  if (!isExact(match)) {
    const isEqual = program.call(equal, expressionCode(left, scope), expressionCode(right, scope));
    return operator === '=' ? isEqual : program.call(not, isEqual);
  }
  const name = program.variable();
  const test = `${name} ${operator === '=' ? '===' : '!=='} ${expressionCode(match, scope)}`;
  return `((${name} = ${expressionCode(node, scope)}) === undefined ? undefined : ${test})`;
}

/** Whether the value of that name is equal to another, which may be Undefined. */
export function isEqualCode(name: Code, match: Expression, scope: Scope): Code {
  const code = expressionCode(match, scope);
  return isExact(match) ? `${name} === ${code}` : `${scope.program.call(equal, name, code)} === true`;
}

/** Whether only the same JavaScript value is equal to it: numbers and objects may have others. */
const isExact = ({ kind }: Expression): boolean => kind === 'string' || kind === 'boolean' || kind === 'null';

/** `IN` a list that is written out: it need not be made. */
export function isInListCode(value: Expression, items: readonly Expression[], scope: Scope): Code {
  const name = scope.program.variable();
  const tests = items.map(item => isEqualCode(name, item, scope));
  return `((${name} = ${expressionCode(value, scope)}) === undefined ? undefined : ${tests.join(' || ') || false})`;
}
