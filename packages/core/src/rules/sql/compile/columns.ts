/** Columns of a projection: the members of the object it makes. */
import { type Column, nameOf, type Projection } from '../syntax/ast.ts';
import { RawPayload } from '../value/scalar.ts';
import { isObject, member, setMember, type Value } from '../value/value.ts';
import { type Code, literal, type Program, sequence } from './code.ts';
import { expressionCode, membersCode, setCode } from './expression.ts';
import { starCode } from './path.ts';
import type { Scope } from './scope.ts';

/** The member that holds what `*` is, if it is no object, next to other columns. AWS does not say where it goes. */
const PAYLOAD = 'payload';

/** An object that is being made, and what is known of its members. */
interface Target {
  /** The object, which is made when it is needed first. */
  readonly code: Code;
  /** Objects that columns such as `AS state.desired` and `AS state.reported` meet in, and columns: those may have been Undefined. */
  readonly members: Map<string, Target | 'column'>;
  /** Whether it may have other members than those. */
  isCopy: boolean;
}

export function columnsCode(columns: readonly Column[], scope: Scope): Code {
  const { program } = scope;
  if (columns.every(isPlain)) {
    return membersCode(
      columns.map(column => [pathOf(column)[0]!, expressionCode(column.value, scope)]),
      program,
    );
  }
  const output: Target = { code: program.variable(), members: new Map(), isCopy: isStar(columns[0]!) };
  // `*` in front, its usual place, is copied as a whole: a third of the time it takes member by member (`bench/rules`).
  const start = output.isCopy ? program.call(copyOf, starCode(scope)) : '{}';
  const steps = columns.slice(output.isCopy ? 1 : 0).map(column => columnCode(column, output, scope));
  return sequence(`${output.code} = ${start}`, ...steps, output.code);
}

function columnCode(column: Column, output: Target, scope: Scope): Code {
  if (isStar(column)) {
    output.members.clear();
    output.isCopy = true;
    return scope.program.call(addAll, output.code, starCode(scope));
  }
  const path = pathOf(column);
  const target = path.slice(0, -1).reduce((outer, name) => within(outer, name, scope.program), output);
  target.members.set(path.at(-1)!, 'column');
  return setCode(target.code, path.at(-1)!, expressionCode(column.value, scope), scope.program);
}

/** The object that is a member of another. What is there already may be the payload's own, so it is copied. */
function within(outer: Target, name: string, program: Program): Target {
  const known = outer.members.get(name);
  if (typeof known === 'object') return known;
  const isCopy = outer.isCopy || known === 'column' || name === '__proto__';
  const object = program.variable();
  const made = isCopy
    ? program.call(copyWithin, outer.code, program.constant(name))
    : `${outer.code}[${literal(name)}] = {}`;
  const target: Target = { code: `(${object} ??= ${made})`, members: new Map(), isCopy };
  outer.members.set(name, target);
  return target;
}

/** Where the column goes: the name of a member, behind those of the objects it is in. */
const pathOf = ({ alias, value }: Column): readonly string[] => alias ?? [nameOf(value)!];

const isPlain = (column: Column): boolean => !isStar(column) && pathOf(column).length === 1;

const isStar = ({ value, alias }: Column): boolean => value.kind === 'star' && alias === undefined;

/** `SELECT *` and nothing else. */
export const isOnlyStar = (select: Projection): boolean =>
  select.kind === 'columns' && select.columns.length === 1 && isStar(select.columns[0]!);

/** Puts a copy of the object that a member is in its place, or a new one where there is none. */
function copyWithin(outer: Record<string, Value>, name: string): Record<string, Value> {
  const existing = member(outer, name);
  const copy: Record<string, Value> = isObject(existing) ? { ...existing } : {};
  setMember(outer, name, copy);
  return copy;
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
    for (const key of Object.keys(value)) setMember(object, key, value[key]);
  } else if (value !== undefined && !(value instanceof RawPayload && value.bytes.length === 0)) {
    setMember(object, PAYLOAD, value);
  }
}
