/** Messages, a context and short ways to evaluate, for the tests of the language. */
import { compileStatement } from './compile/statement.ts';
import { compileTemplate } from './compile/template.ts';
import { type PublishedMessage, RuleMessage } from './message.ts';
import type { EvaluationContext, ExternalServices } from './services.ts';
import { parseStatement } from './syntax/parse.ts';
import type { SqlVersion } from './version.ts';

const unexpected = async (): Promise<never> => {
  throw new Error('no service is expected to be asked');
};

export const noServices: ExternalServices = {
  invokeLambda: unexpected,
  getDynamodbItem: unexpected,
  getRegistryData: unexpected,
  getSecret: unexpected,
  getThingShadow: unexpected,
  predict: unexpected,
  getDescriptorSet: unexpected,
};

/** The time is 2023-11-14T22:13:20.123Z, chance is 0.5, and the UUID always the same. */
export const contextWith = (services: Partial<ExternalServices> = {}): EvaluationContext => ({
  accountId: '123456789012',
  clock: { now: () => 1_700_000_000_123 },
  random: () => 0.5,
  uuid: () => '0f8fad5b-d9cb-469f-a165-70867728950e',
  services: { ...noServices, ...services },
});

/** A message on `a/b/c`. Payloads that are not bytes are written as JSON; a string is JSON text. */
export const messageOf = (payload: unknown, more: Partial<PublishedMessage> = {}): RuleMessage =>
  new RuleMessage({ topic: 'a/b/c', payload: bytesOf(payload), ...more });

function bytesOf(payload: unknown): Uint8Array {
  if (payload instanceof Uint8Array) return payload;
  return Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
}

export interface Options {
  readonly version?: SqlVersion;
  readonly context?: EvaluationContext;
  readonly message?: Partial<PublishedMessage>;
}

const V2: SqlVersion = '2016-03-23';

/** What the actions of a rule get as text, or `undefined` if WHERE held the message back. */
export function run(
  sql: string,
  payload: unknown,
  { version = V2, context, message }: Options = {},
): string | undefined {
  const statement = compileStatement(parseStatement(sql, version));
  const result = statement.evaluate(messageOf(payload, message), context ?? contextWith());
  if (result instanceof Promise) throw new Error('the statement is asynchronous');
  return result.output?.payload.toString();
}

/** The same for statements that call external functions. */
export async function runAsync(sql: string, payload: unknown, options: Options = {}): Promise<string | undefined> {
  const { version = V2, context = contextWith(), message } = options;
  const statement = compileStatement(parseStatement(sql, version));
  const result = await statement.evaluate(messageOf(payload, message), context);
  return result.output?.payload.toString();
}

/** JSON text of one expression's value; `Undefined` if it has none. */
export function evaluate(expression: string, payload: unknown = {}, options: Options = {}): string {
  return run(`SELECT VALUE (${expression}) FROM 'a/#'`, payload, options) || 'Undefined';
}

/** A template's text. */
export function render(
  template: string,
  payload: unknown = {},
  { version = V2, context, message }: Options = {},
): string {
  const rendered = compileTemplate(template, version).render(messageOf(payload, message), context ?? contextWith());
  if (rendered instanceof Promise) throw new Error('the template is asynchronous');
  return rendered;
}
