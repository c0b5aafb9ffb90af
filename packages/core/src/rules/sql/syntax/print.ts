/** Writes statements and expressions as text that parses to the same; a trace shows clauses this way. */
import { numberText } from '../value/numbers.ts';
import { type Expression, type Projection, precedence, type Statement, type Subselect } from './ast.ts';

export function printStatement(statement: Statement): string {
  const variables = statement.variables.map(({ name, value }) => `@${name} = ${printExpression(value)}`);
  return [
    variables.length > 0 ? `SET ${variables.join(', ')} ` : '',
    `SELECT ${printProjection(statement.select)}`,
    statement.topicFilter === undefined ? '' : ` FROM ${quote(statement.topicFilter)}`,
    printWhere(statement.where),
  ].join('');
}

export function printExpression(node: Expression): string {
  switch (node.kind) {
    case 'number':
      return numberText(node.value);
    case 'string':
      return quote(node.value);
    case 'boolean':
      return node.value ? 'TRUE' : 'FALSE';
    case 'null':
      return 'NULL';
    case 'star':
      return '*';
    case 'field':
      return node.name;
    case 'variable':
      return `@${node.name}`;
    case 'member':
      return `${operand(node.object, precedence.member)}.${node.name}`;
    case 'call':
      return `${node.name}(${node.args.map(printExpression).join(', ')})`;
    case 'cast':
      return `CAST(${printExpression(node.value)} AS ${node.type})`;
    case 'case':
      return printCase(node);
    case 'exists':
      return `EXISTS ${printExpression(node.query)}`;
    case 'subselect':
      return `(${printSubselect(node)})`;
    case 'not':
      return `NOT ${operand(node.value, precedence.NOT)}`;
    case 'negate':
      return `-${operand(node.value, precedence.negate)}`;
    case 'binary': {
      const own = precedence[node.operator];
      const isChain = own !== precedence['='];
      return `${operand(node.left, isChain ? own : own + 1)} ${node.operator} ${operand(node.right, own + 1)}`;
    }
    case 'object':
      return `{${node.members.map(({ key, value }) => `${quote(key)}: ${printExpression(value)}`).join(', ')}}`;
    case 'array':
      return `[${node.items.map(printExpression).join(', ')}]`;
  }
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** In parentheses where it binds less tightly than the operator around it. */
function operand(node: Expression, least: number): string {
  return precedenceOf(node) < least ? `(${printExpression(node)})` : printExpression(node);
}

function precedenceOf(node: Expression): number {
  switch (node.kind) {
    case 'binary':
      return precedence[node.operator];
    case 'not':
      return precedence.NOT;
    case 'negate':
      return precedence.negate;
    default:
      return precedence.primary;
  }
}

function printCase({ value, whens, otherwise }: Extract<Expression, { kind: 'case' }>): string {
  const branches = whens.map(({ match, result }) => `WHEN ${printExpression(match)} THEN ${printExpression(result)} `);
  const last = otherwise === undefined ? '' : `ELSE ${printExpression(otherwise)} `;
  return `CASE ${printExpression(value)} ${branches.join('')}${last}END`;
}

function printSubselect({ select, source, alias, where }: Subselect): string {
  const name = alias === undefined ? '' : ` AS ${alias}`;
  return `SELECT ${printProjection(select)} FROM ${printExpression(source)}${name}${printWhere(where)}`;
}

const printWhere = (where: Expression | undefined): string =>
  where === undefined ? '' : ` WHERE ${printExpression(where)}`;

function printProjection(select: Projection): string {
  if (select.kind === 'value') return `VALUE ${operand(select.value, precedence.member)}`;
  return select.columns
    .map(({ value, alias }) => printExpression(value) + (alias === undefined ? '' : ` AS ${alias.join('.')}`))
    .join(', ');
}
