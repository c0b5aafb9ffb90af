/**
 * The text of a `Resource` or of a condition's value, with its wildcards and `${…}` variables told apart once, when the
 * policy is compiled (AWS: IAM policy elements, "Variables and tags").
 */
import { ANY_CHARACTER, ANY_RUN, type Token, tokenize } from './wildcard.ts';

export interface Variable {
  /** As written, for example `iot:Connection.Thing.ThingName`. */
  readonly name: string;
  /** The `'…'` of `${name, '…'}`: what stands in when the name has no value. */
  readonly fallback: string | undefined;
  /** All of it, `${…}`: the text that stays when there is no value. */
  readonly source: string;
}

export interface Template {
  readonly source: string;
  readonly parts: readonly (Token | Variable)[];
}

/** The value to put in a variable's place, or undefined to leave its text as it stands. */
export type Substitution = (variable: Variable) => string | undefined;

/** Reads wildcards, variables, and the escapes `${*}`, `${?}`, `${$}`. Any text is a template; a `${` without end is text. */
export function parseTemplate(source: string): Template {
  const parts: (Token | Variable)[] = [];
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf('${', at);
    const close = open < 0 ? -1 : source.indexOf('}', open);
    if (close < 0) break;
    parts.push(...tokenize(source.slice(at, open)), readVariable(source.slice(open, close + 1)));
    at = close + 1;
  }
  parts.push(...tokenize(source.slice(at)));
  return { source, parts };
}

/** How templates read in documents of a version: the older language has wildcards but no variables. */
export function templateReader(version: '2012-10-17' | '2008-10-17'): (source: string) => Template {
  return version === '2012-10-17' ? parseTemplate : source => ({ source, parts: tokenize(source) });
}

export const isVariable = (part: Token | Variable): part is Variable => typeof part === 'object';

export const variablesOf = (template: Template): Variable[] => template.parts.filter(isVariable);

/** Puts values in the places of variables. A value is literal text: a client id `*` is an asterisk, not a wildcard. */
export function substitute(template: Template, valueFor: Substitution): Token[] {
  return template.parts.map(part => (isVariable(part) ? (valueFor(part) ?? part.source) : part));
}

/** Tokens as the text they were written as; where wildcards have no meaning, this is their meaning. */
export function textOf(tokens: readonly Token[]): string {
  let text = '';
  for (const token of tokens) text += token === ANY_RUN ? '*' : token === ANY_CHARACTER ? '?' : token;
  return text;
}

/** Writes text so that a template reads it back as that text and nothing else. */
export function escapeTemplate(text: string): string {
  return text.replaceAll('${', '${$}{').replaceAll('*', '${*}').replaceAll('?', '${?}');
}

function readVariable(source: string): Variable | string {
  const inner = source.slice(2, -1).trim();
  if (inner === '*' || inner === '?' || inner === '$') return inner;
  // A thing attribute's name may hold a comma, so the one before a default stands after the bracket.
  const comma = inner.indexOf(',', inner.lastIndexOf(']') + 1);
  if (comma < 0) return { name: inner, fallback: undefined, source };
  const fallback = inner.slice(comma + 1).trim();
  if (fallback.length < 2 || !fallback.startsWith("'") || !fallback.endsWith("'")) {
    return { name: inner, fallback: undefined, source };
  }
  return { name: inner.slice(0, comma).trim(), fallback: fallback.slice(1, -1), source };
}
