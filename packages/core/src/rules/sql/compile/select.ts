/** Projections: the one of the statement, and those of nested queries (AWS: "SELECT clause", "Nested object queries"). */
import { EvaluationError } from '../evaluation-error.ts';
import type { Projection, Subselect } from '../syntax/ast.ts';
import { isArray, isObject, type Value } from '../value/value.ts';
import type { Code } from './code.ts';
import { columnsCode, isOnlyStar } from './columns.ts';
import { booleanCode, expressionCode } from './expression.ts';
import { starCode } from './path.ts';
import type { Scope } from './scope.ts';

export function projectionCode(select: Projection, scope: Scope): Code {
  if (select.kind === 'value') return expressionCode(select.value, scope);
  return isOnlyStar(select) ? starCode(scope) : columnsCode(select.columns, scope);
}

/**
 * From an array, the array of what its elements yield; from an object, what it yields itself — but `FROM *` makes an array of
 * one of it (observed on AWS). From anything else, Undefined.
 */
export function subselectCode(query: Subselect, scope: Scope): Code {
  const select = query.source.kind === 'star' ? selectAll : selectFrom;
  return scope.program.call(select, ...visitCodes(query, scope));
}

export const existsCode = (query: Subselect, scope: Scope): Code =>
  scope.program.call(exists, ...visitCodes(query, scope));

/** Elements all nested queries of one evaluation may visit: queries inside of queries multiply. */
const MAX_VISITED = 1_000_000;

class Visits {
  #count = 0;

  begin(): void {
    if (++this.#count <= MAX_VISITED) return;
    throw new EvaluationError('SELECT', `nested queries visited more than ${MAX_VISITED} elements`);
  }
}

/** What an element yields; Undefined if WHERE does not let it pass. */
type Visit = (element: Value) => Value;

/** What `selectFrom`, `selectAll` and `exists` take. */
function visitCodes({ source, alias, where, select }: Subselect, scope: Scope): readonly Code[] {
  const { program } = scope;
  const element = program.parameter();
  const inside: Scope = { ...scope, query: { alias, element, outer: scope.query } };
  const visit = program.lambda([element], () => {
    const selected = projectionCode(select, inside);
    return where === undefined ? selected : `${booleanCode(where, inside)} === true ? ${selected} : undefined`;
  });
  return [expressionCode(source, scope), program.prepared(`new ${program.constant(Visits)}()`), visit];
}

function selectFrom(source: Value, visits: Visits, visit: Visit): Value {
  if (!isObject(source)) return selectAll(source, visits, visit);
  visits.begin();
  return visit(source);
}

function selectAll(source: Value, visits: Visits, visit: Visit): Value {
  const elements = elementsOf(source);
  if (elements === undefined) return undefined;
  const results: Value[] = [];
  for (const element of elements) {
    visits.begin();
    const result = visit(element);
    if (result !== undefined) results.push(result);
  }
  return results;
}

function exists(source: Value, visits: Visits, visit: Visit): boolean {
  for (const element of elementsOf(source) ?? []) {
    visits.begin();
    if (visit(element) !== undefined) return true;
  }
  return false;
}

function elementsOf(source: Value): readonly Value[] | undefined {
  if (isArray(source)) return source;
  return isObject(source) ? [source] : undefined;
}
