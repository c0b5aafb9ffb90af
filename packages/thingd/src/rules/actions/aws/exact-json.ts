/** JSON whose numbers stay as they are written: `1.0` is not `1`, and no digit of a long one is lost. */

/** ECMAScript's "JSON.parse source text access", which Node 24 has and the compiler's library does not describe yet. */
interface SourceTextJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): NumberText;
}

/** A number as it is written; `JSON.stringify` writes it the same. */
export interface NumberText {
  readonly rawJSON: string;
}

export type ExactJson =
  | string
  | boolean
  | null
  | NumberText
  | readonly ExactJson[]
  | { readonly [key: string]: ExactJson };

const json = JSON as unknown as SourceTextJson;

/** A number of this text. Throws `SyntaxError` if JSON would not have it as a number. */
export const numberText = (text: string): NumberText => json.rawJSON(text);

/** Throws `SyntaxError`. */
export const parseExactly = (text: string): ExactJson =>
  json.parse(text, (_, value, { source }) =>
    typeof value === 'number' ? json.rawJSON(source ?? String(value)) : value,
  ) as ExactJson;

export const isNumberText = (value: ExactJson): value is NumberText =>
  typeof value === 'object' &&
  value !== null &&
  (JSON as unknown as { isRawJSON(v: unknown): boolean }).isRawJSON(value);

export const isObject = (value: ExactJson): value is { readonly [key: string]: ExactJson } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumberText(value);

/** The elements of an array, each as JSON text; undefined for what is no array. */
export function elementsOf(payload: Buffer): readonly string[] | undefined {
  const value = parseExactly(payload.toString('utf8'));
  return Array.isArray(value) ? value.map(element => JSON.stringify(element)) : undefined;
}
