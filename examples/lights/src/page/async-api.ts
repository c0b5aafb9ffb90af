/** The part of an AsyncAPI 3 document that the lamp's page shows. */

export interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

export interface Message {
  readonly title: string;
  readonly summary?: string;
  readonly payload: Schema;
  readonly examples: readonly { readonly payload: Readonly<Record<string, unknown>> }[];
}

export interface Reference {
  readonly $ref: string;
}

export interface Operation {
  readonly action: 'send' | 'receive';
  readonly summary: string;
  readonly channel: Reference;
  readonly bindings: { readonly mqtt: Readonly<Record<string, unknown>> };
}

export interface Channel {
  readonly address: string;
  readonly title: string;
  readonly messages: Readonly<Record<string, Reference>>;
}

export interface AsyncApi {
  readonly info: { readonly title: string; readonly description: string };
  readonly servers: Readonly<
    Record<string, { readonly host: string; readonly protocol: string; readonly bindings: { readonly mqtt: object } }>
  >;
  readonly operations: Readonly<Record<string, Operation>>;
}

/** What a `#/…` reference points to, in the same document. */
export function resolve<T>(document: AsyncApi, { $ref }: Reference): T {
  let at: unknown = document;
  for (const key of $ref.slice(2).split('/')) at = (at as Record<string, unknown>)[key];
  return at as T;
}

/** A schema in a few words: `1 to 100`, `"on" or "off"`. */
export function inWords({ const: constant, anyOf, pattern, type, minimum, maximum }: Schema): string {
  if (constant !== undefined) return JSON.stringify(constant);
  if (anyOf) return anyOf.map(inWords).join(' or ');
  const bounds = minimum !== undefined && maximum !== undefined ? `, ${minimum} to ${maximum}` : '';
  return `${type}${bounds}${pattern ? `, ${pattern}` : ''}`;
}
