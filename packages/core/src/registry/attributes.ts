/** Attributes of things and thing groups: how an update changes them, and what they may be. */
import { ServiceError } from '../errors.ts';

export type Attributes = Readonly<Record<string, string>>;

/** As AWS's `AttributePayload`; `merge` has a meaning in updates only. */
export interface AttributePayload {
  readonly attributes?: Attributes | undefined;
  readonly merge?: boolean | undefined;
}

/**
 * The attributes after an update: replaced, or with `merge` laid over the present ones. An empty value removes its attribute
 * (AWS: `AttributePayload`, "merge"). Without `attributes` nothing changes.
 */
export function updateAttributes(current: Attributes, payload: AttributePayload | undefined): Attributes {
  if (!payload?.attributes) return current;
  const updated = payload.merge ? { ...current, ...payload.attributes } : payload.attributes;
  return Object.fromEntries(Object.entries(updated).filter(([, value]) => value !== ''));
}

/** Throws `InvalidRequestException` for too many attributes, too long ones, or characters AWS does not accept. */
export function checkAttributes(attributes: Attributes, limits: { count: number; bytes: number }): void {
  const entries = Object.entries(attributes);
  if (entries.length > limits.count) {
    throw invalid(`${entries.length} attributes are more than the ${limits.count} allowed here`);
  }
  let bytes = 0;
  for (const [name, value] of entries) {
    if (!isAttributeName(name))
      throw invalid(`attribute name \`${name}\` must be 1 to 128 of a-z A-Z 0-9 _ . , @ / : # -`);
    if (!isAttributeValue(value)) {
      throw invalid(`value of attribute \`${name}\` must be at most 800 of a-z A-Z 0-9 _ . , @ / : # = [ ] -`);
    }
    bytes += name.length + value.length;
  }
  if (bytes > limits.bytes) throw invalid(`attributes of ${bytes} bytes are more than the ${limits.bytes} allowed`);
}

export function sameAttributes(a: Attributes, b: Attributes): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every(name => a[name] === b[name]);
}

const isAttributeName = (name: string) => name.length <= 128 && /^[a-zA-Z0-9_.,@/:#-]+$/.test(name);
const isAttributeValue = (value: string) => value.length <= 800 && /^[a-zA-Z0-9_.,@/:#=[\]-]*$/.test(value);

const invalid = (message: string) => new ServiceError('InvalidRequestException', message);
