/** Visits an expression and everything inside of it. */
import type { Expression, Projection } from './ast.ts';

export function expressionsOf(select: Projection): readonly Expression[] {
  return select.kind === 'value' ? [select.value] : select.columns.map(({ value }) => value);
}

/** Whether the test holds for the expression or for any inside of it. */
export function someExpression(node: Expression, test: (node: Expression) => boolean): boolean {
  return test(node) || childrenOf(node).some(child => someExpression(child, test));
}

function childrenOf(node: Expression): readonly Expression[] {
  switch (node.kind) {
    case 'number':
    case 'string':
    case 'boolean':
    case 'null':
    case 'star':
    case 'field':
    case 'variable':
      return [];
    case 'member':
      return [node.object];
    case 'call':
      return node.args;
    case 'cast':
    case 'not':
    case 'negate':
      return [node.value];
    case 'case':
      return [
        node.value,
        ...node.whens.flatMap(({ match, result }) => [match, result]),
        ...(node.otherwise === undefined ? [] : [node.otherwise]),
      ];
    case 'exists':
      return [node.query];
    case 'subselect':
      return [node.source, ...expressionsOf(node.select), ...(node.where === undefined ? [] : [node.where])];
    case 'binary':
      return [node.left, node.right];
    case 'object':
      return node.members.map(({ value }) => value);
    case 'array':
      return node.items;
  }
}
