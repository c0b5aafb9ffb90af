/** Paths into the payload and into the elements of nested queries. */
import type { Expression } from '../syntax/ast.ts';
import { Decimal } from '../value/decimal.ts';
import { RawPayload } from '../value/scalar.ts';
import { isObject, member, type Value } from '../value/value.ts';
import { type Code, literal, type Program } from './code.ts';
import { expressionCode } from './expression.ts';
import type { QueryScope, Scope } from './scope.ts';

/** The payload, or the element of the innermost sub-select. */
export const starCode = ({ query, message, version, program }: Scope): Code =>
  query?.element ?? program.prepared(`${message}.body(${literal(version)})`);

type Path = Extract<Expression, { kind: 'field' | 'member' }>;

export const pathCode = (path: Path, scope: Scope): Code =>
  path.kind === 'field'
    ? fieldCode(path.name, scope, scope.query)
    : memberCode(expressionCode(path.object, scope), path.name, scope.program);

/**
 * The first name of a path. In a sub-select it is the element, if that is the element's name, else a member of it, and if it
 * has no such member, whatever the name means outside.
 */
function fieldCode(name: string, scope: Scope, query: QueryScope | undefined): Code {
  const { program } = scope;
  if (query === undefined) return memberCode(starCode({ ...scope, query }), name, program);
  const { alias, element, outer } = query;
  if (alias === name) return element;
  const outside = fieldCode(name, scope, outer);
  const inside = memberCode(element, name, program);
  if (!isSafe(name)) return `(${program.call(hasMember, element, program.constant(name))} ? ${inside} : ${outside})`;
  const found = program.variable();
  return `((${found} = ${inside}) === undefined ? ${outside} : ${found})`;
}

const hasMember = (value: Value, name: string): boolean => isObject(value) && Object.hasOwn(value, name);

/** Nearly every name is safe to ask anything for; `length`, `scale` or `constructor` need the careful way. */
function memberCode(object: Code, name: string, program: Program): Code {
  return isSafe(name) ? `${object}?.[${literal(name)}]` : program.call(member, object, program.constant(name));
}

/** A value of each kind, with no member of its own. */
const empty = [{}, [], '', 0, false, new Decimal(0n, 0), new RawPayload(new Uint8Array())].map(Object);

/** Whether only an object's own members can answer to the name. Numbers are the places of arrays and strings. */
const isSafe = (name: string): boolean => !/^\d/.test(name) && !empty.some(value => name in value);
