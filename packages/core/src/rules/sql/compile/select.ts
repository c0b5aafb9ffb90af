/** Projections: the one of the statement, and those of nested queries (AWS: "SELECT clause", "Nested object queries"). */
import { type Column, nameOf, type Projection, type Subselect } from '../syntax/ast.ts';
import { RawPayload } from '../value/scalar.ts';
import { isArray, isObject, member, setMember, Undefined, type Value } from '../value/value.ts';
import type { Closure, Scope } from './closure.ts';
import type { Evaluation } from './evaluation.ts';
import { compileExpression } from './expression.ts';
import { compileStar } from './path.ts';

/** The member that holds what `*` is, if it is no object, next to other columns. AWS does not say where it goes. */
const PAYLOAD = 'payload';

export function compileProjection(select: Projection, scope: Scope): Closure {
  if (select.kind === 'value') return compileExpression(select.value, scope);
  if (isOnlyStar(select)) return compileStar(scope);
  const columns = select.columns.map(column => ({
    path: isStar(column) ? undefined : (column.alias ?? [nameOf(column.value)!]),
    value: compileExpression(column.value, scope),
  }));
  // `*` in front, its usual place, is copied as a whole: a third of the time it takes member by member (`bench/rules`).
  const star = columns[0]!.path === undefined ? columns.shift()!.value : undefined;
  return evaluation => {
    const object: Record<string, Value> = star === undefined ? {} : copyOf(star(evaluation));
    for (const { path, value } of columns) {
      const computed = value(evaluation);
      if (path === undefined) addAll(object, computed);
      else if (computed !== Undefined) setPath(object, path, computed);
    }
    return object;
  };
}

const isStar = ({ value, alias }: Column): boolean => value.kind === 'star' && alias === undefined;

/** `SELECT *` and nothing else. */
export const isOnlyStar = (select: Projection): boolean =>
  select.kind === 'columns' && select.columns.length === 1 && isStar(select.columns[0]!);

/** Columns with the same first name meet in one object. What is there may be the payload's own, so it is copied. */
function setPath(object: Record<string, Value>, path: readonly string[], value: Value): void {
  let inner = object;
  for (let depth = 0; depth < path.length - 1; depth++) {
    const existing = member(inner, path[depth]!);
    const next: Record<string, Value> = isObject(existing) ? { ...existing } : {};
    setMember(inner, path[depth]!, next);
    inner = next;
  }
  setMember(inner, path.at(-1)!, value);
}

/** What `*` is as an object that other columns are added to. */
function copyOf(value: Value): Record<string, Value> {
  if (isObject(value)) return { ...value };
  const object: Record<string, Value> = {};
  addAll(object, value);
  return object;
}

function addAll(object: Record<string, Value>, value: Value): void {
  if (isObject(value)) {
    for (const key of Object.keys(value)) setMember(object, key, value[key]!);
  } else if (value !== Undefined && !(value instanceof RawPayload && value.bytes.length === 0)) {
    setMember(object, PAYLOAD, value);
  }
}

/**
 * From an array, the array of what its elements yield; from an object, what it yields itself — but `FROM *` makes an array of
 * one of it (observed on AWS). From anything else, Undefined.
 */
export function compileSubselect(query: Subselect, scope: Scope): Closure {
  const source = compileExpression(query.source, scope);
  const depth = scope.query === undefined ? 0 : scope.query.depth + 1;
  const inside: Scope = { ...scope, query: { alias: query.alias, depth, outer: scope.query } };
  const select = compileProjection(query.select, inside);
  const where = query.where === undefined ? undefined : compileExpression(query.where, inside);
  const wrapsObject = query.source.kind === 'star';

  const visit = (evaluation: Evaluation, element: Value): Value => {
    evaluation.visit(depth, element);
    return where === undefined || isTrue(where(evaluation)) ? select(evaluation) : Undefined;
  };
  return evaluation => {
    const value = source(evaluation);
    if (isObject(value) && !wrapsObject) return visit(evaluation, value);
    if (!isArray(value) && !isObject(value)) return Undefined;
    const results: Value[] = [];
    for (const element of isArray(value) ? value : [value]) {
      const result = visit(evaluation, element);
      if (result !== Undefined) results.push(result);
    }
    return results;
  };
}

export function compileExists(query: Subselect, scope: Scope): Closure {
  const select = compileSubselect(query, scope);
  return evaluation => {
    const result = select(evaluation);
    return isArray(result) ? result.length > 0 : result !== Undefined;
  };
}

/** Whether WHERE lets pass: true, or text that says so. */
export const isTrue = (value: Value): boolean =>
  value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
