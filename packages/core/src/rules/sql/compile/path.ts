/** Paths into the payload and into the elements of nested queries. */
import { Decimal } from '../value/decimal.ts';
import { RawPayload } from '../value/scalar.ts';
import { isObject, member, Undefined, type Value } from '../value/value.ts';
import type { Closure, QueryScope, Scope } from './closure.ts';

/** The payload, or the element of the innermost sub-select. */
export function compileStar({ query }: Scope): Closure {
  if (query === undefined) return evaluation => evaluation.body;
  const { depth } = query;
  return evaluation => evaluation.elements[depth]!;
}

/**
 * The first name of a path. In a sub-select it is the element, if that is the element's name, else a member of it, and if it
 * has no such member, whatever the name means outside.
 */
export function compileField(name: string, query: QueryScope | undefined): Closure {
  if (query === undefined) {
    if (impostors.some(impostor => name in impostor)) return evaluation => member(evaluation.body, name);
    return evaluation => memberOf(evaluation.body, name);
  }
  const { alias, depth, outer } = query;
  if (alias === name) return evaluation => evaluation.elements[depth]!;
  const outside = compileField(name, outer);
  return evaluation => {
    const element = evaluation.elements[depth]!;
    return isObject(element) && Object.hasOwn(element, name) ? element[name]! : outside(evaluation);
  };
}

/** Things that could answer to a name which is not a member of theirs. */
const impostors = [{}, [], new Decimal(0n, 0), new RawPayload(new Uint8Array())];

/** Nearly every name is safe to ask any object for; `length`, `scale` or `constructor` need the careful way. */
export function compileMember(object: Closure, name: string): Closure {
  if (impostors.some(impostor => name in impostor)) return evaluation => member(object(evaluation), name);
  return evaluation => memberOf(object(evaluation), name);
}

function memberOf(value: Value, name: string): Value {
  if (typeof value !== 'object' || value === null) return Undefined;
  const found = (value as { readonly [key: string]: Value | undefined })[name];
  return found === undefined ? Undefined : found;
}
