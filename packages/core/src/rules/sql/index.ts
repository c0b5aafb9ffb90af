/** AWS IoT SQL: the language of rules. Text to statement to function; it knows neither brokers nor actions. */

export { type CompiledStatement, compileStatement, type SecretParts } from './compile/statement.ts';
export { compileTemplate, type Revealed, type Template } from './compile/template.ts';
export { EvaluationError } from './evaluation-error.ts';
export { functionNames } from './functions/index.ts';
export { type MessageProperties, type PublishedMessage, RuleMessage } from './message.ts';
export type { Output, Result } from './output.ts';
export type { EvaluationContext, ExternalServices, KeyAttribute, RegistryOperation, Secret } from './services.ts';
export type { Expression, Projection, Statement } from './syntax/ast.ts';
export { parseStatement, parseTemplate, type TemplatePart } from './syntax/parse.ts';
export { printExpression, printStatement } from './syntax/print.ts';
export { jsonText } from './value/convert.ts';
export { Decimal } from './value/decimal.ts';
export { RawPayload } from './value/scalar.ts';
export { isArray, isObject, type Value } from './value/value.ts';
export { defaultSqlVersion, parseSqlVersion, type SqlVersion, sqlVersions } from './version.ts';
