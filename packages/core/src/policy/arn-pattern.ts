/**
 * Patterns over ARNs. Of `arn:partition:service:region:account:resource` each of the first five fields is compared by
 * itself, so that a `*` for the account cannot run on into the resource: otherwise `arn:aws:iot:*:*:topic/a` would also
 * allow the topic `x:topic/a`. A pattern with fewer fields, such as `*` or `arn:aws:iot:*`, is matched against the text as
 * a whole (AWS: IAM JSON policy elements, "Resource" and "ARN condition operators").
 */
import { compileWildcard, matchesWildcard, type Token, type Wildcard } from './wildcard.ts';

const HEADER_FIELDS = 5;

export interface ArnPattern {
  /** One pattern for each of the five fields before the resource; undefined if the pattern has fewer fields. */
  readonly header: readonly Wildcard[] | undefined;
  /** What follows the fifth colon; all of the pattern if it has no header. */
  readonly resource: readonly Token[];
  readonly resourceWildcard: Wildcard;
}

export function compileArnPattern(tokens: readonly Token[]): ArnPattern {
  const { fields, rest } = splitFields(tokens);
  const complete = fields.length === HEADER_FIELDS && !fields.some(holdsSlash);
  const resource = complete ? rest : tokens;
  return {
    header: complete ? fields.map(compileWildcard) : undefined,
    resource,
    resourceWildcard: compileWildcard(resource),
  };
}

/** The ARN up to and with its fifth colon; empty if `text` is no ARN, such as the resource `*`. */
export function headerOf(text: string): string {
  let at = -1;
  for (let field = 0; field < HEADER_FIELDS; field++) {
    at = text.indexOf(':', at + 1);
    if (at < 0) return '';
  }
  return text.slice(0, at + 1);
}

/**
 * The pattern that is left to compare when every ARN begins with `header` (of `headerOf`): a plain wildcard over the whole
 * ARN, or undefined if no such ARN can match. This is how wildcards for region and account cost nothing per decision.
 */
export function settleArnPattern(pattern: ArnPattern, header: string): Wildcard | undefined {
  if (pattern.header === undefined) return pattern.resourceWildcard;
  return matchesHeader(pattern.header, header) ? compileWildcard([header, ...pattern.resource]) : undefined;
}

export function matchesArn(pattern: ArnPattern, text: string): boolean {
  if (pattern.header === undefined) return matchesWildcard(pattern.resourceWildcard, text);
  const header = headerOf(text);
  return matchesHeader(pattern.header, header) && matchesWildcard(pattern.resourceWildcard, text.slice(header.length));
}

function matchesHeader(fields: readonly Wildcard[], header: string): boolean {
  if (header === '') return false;
  const values = header.split(':');
  return fields.every((field, index) => matchesWildcard(field, values[index]!));
}

/** Cuts the tokens at their first five literal colons; what a wildcard might have matched is never cut. */
function splitFields(tokens: readonly Token[]): { fields: Token[][]; rest: Token[] } {
  const fields: Token[][] = [];
  let field: Token[] = [];
  for (const token of tokens) {
    if (typeof token !== 'string') {
      field.push(token);
      continue;
    }
    let text = token;
    while (fields.length < HEADER_FIELDS) {
      const colon = text.indexOf(':');
      if (colon < 0) break;
      fields.push([...field, text.slice(0, colon)]);
      field = [];
      text = text.slice(colon + 1);
    }
    if (text !== '') field.push(text);
  }
  return { fields, rest: field };
}

/** No field before the resource holds a slash; one that does shows that fields are missing (`arn:aws:iot:*:topic/a:b`). */
const holdsSlash = (field: readonly Token[]): boolean =>
  field.some(token => typeof token === 'string' && token.includes('/'));
