/** All functions of the language, by name and version. */
import type { Expression } from '../syntax/ast.ts';
import { someExpression } from '../syntax/walk.ts';
import { type Arithmetic, droppingZeros, keepingZeros } from '../value/numbers.ts';
import { isFirstVersion, type SqlVersion } from '../version.ts';
import { collectionFunctions } from './collection.ts';
import { encodingFunctions } from './encoding.ts';
import { externalFunctions } from './external.ts';
import { hashFunctions } from './hash.ts';
import { messageFunctions } from './message.ts';
import { numericFunctions } from './numeric.ts';
import { regexFunctions } from './regex.ts';
import type { FunctionTable, SingleFunction, SqlFunction } from './sql-function.ts';
import { textFunctions } from './text.ts';
import { timeFunctions } from './time.ts';

const families = [
  numericFunctions,
  textFunctions,
  regexFunctions,
  hashFunctions,
  collectionFunctions,
  messageFunctions,
  encodingFunctions,
  timeFunctions,
  externalFunctions,
];

const tableOf = (arithmetic: Arithmetic): FunctionTable =>
  Object.assign(Object.create(null), ...families.map(family => family(arithmetic)));

const current = tableOf(droppingZeros);
const first = Object.fromEntries(Object.entries(tableOf(keepingZeros)).filter(([, { since }]) => since === undefined));

export const functionNames: readonly string[] = Object.keys(current).sort();

/** The function of that name, in any case of letters, if the version has it. */
export function findFunction(name: string, version: SqlVersion): SqlFunction | undefined {
  const table = isFirstVersion(version) ? first : current;
  const key = name.toLowerCase();
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** The function a call means. The parser has refused names that there are not. */
export function functionFor(name: string, args: readonly Expression[], version: SqlVersion): SingleFunction {
  const found = findFunction(name, version)!;
  return found.kind === 'overloaded' ? found.choose(args) : found;
}

/** Whether evaluating the expression calls an external function, and so takes time. */
export function asksServices(expression: Expression, version: SqlVersion): boolean {
  return someExpression(
    expression,
    node => node.kind === 'call' && functionFor(node.name, node.args, version).kind === 'external',
  );
}

/** Whether the expression's value may give a secret away: it asks for one, or reads one of the variables that do. */
export function holdsSecret(
  expression: Expression,
  version: SqlVersion,
  secretVariables: ReadonlySet<string>,
): boolean {
  return someExpression(expression, node => {
    if (node.kind === 'variable') return secretVariables.has(node.name);
    if (node.kind !== 'call') return false;
    const called = functionFor(node.name, node.args, version);
    return called.kind === 'external' && called.answersSecret === true;
  });
}
