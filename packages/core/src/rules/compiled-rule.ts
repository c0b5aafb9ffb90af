/** A rule ready to run: its statement as a function, its actions' parameters as templates. */
import { ServiceError } from '../errors.ts';
import type { ActionRunner, ActionRunners } from './action-runner.ts';
import {
  type CompiledStatement,
  compileStatement,
  compileTemplate,
  type EvaluationContext,
  parseSqlVersion,
  parseStatement,
  type RuleMessage,
  type SqlVersion,
  type Value,
} from './sql/index.ts';
import { type ActionDefinition, ruleAction, type TopicRule, type TopicRulePayload } from './topic-rule.ts';

/** An action's parameters with every template rendered for one message, but those that ask for secrets. */
export interface RenderedAction {
  readonly kind: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly secrets?: SecretTemplates | undefined;
}

/** Where templates still stand among the parameters, and what it takes to render them when the action is run. */
export interface SecretTemplates {
  readonly paths: readonly (readonly string[])[];
  /** The rule's statement, for the variables it sets. */
  readonly sql: string;
  readonly version: SqlVersion;
}

export interface CompiledAction {
  readonly kind: string;
  readonly runner: ActionRunner;
  /** Fails with `EvaluationError`, thrown or as rejection. Synchronous unless a template calls an external function. */
  render(
    message: RuleMessage,
    context: EvaluationContext,
    variables: readonly Value[],
  ): RenderedAction | Promise<RenderedAction>;
}

export interface CompiledRule {
  readonly rule: TopicRule;
  readonly statement: CompiledStatement;
  readonly actions: readonly CompiledAction[];
  readonly errorAction: CompiledAction | undefined;
}

export type CompiledPayload = Omit<CompiledRule, 'rule'>;

/**
 * Throws `SqlParseException` for the statement or a template, `InvalidRequestException` for an action's parameters,
 * `NotImplementedException` naming an action that has no runner.
 */
export function compilePayload(payload: TopicRulePayload, runners: ActionRunners): CompiledPayload {
  const version = parseSqlVersion(payload.awsIotSqlVersion);
  const statement = compileStatement(parseStatement(payload.sql, version));
  const { topicFilter } = statement;
  if (topicFilter?.startsWith('$aws/rules/')) {
    const message = `\`${topicFilter}\` is Basic Ingest, which reaches a rule by its name; FROM cannot select it`;
    throw new ServiceError('InvalidRequestException', message);
  }
  const compile = (definition: ActionDefinition, isErrorAction: boolean) =>
    compileAction(definition, isErrorAction, runners, payload.sql, statement);
  return {
    statement,
    actions: payload.actions.map(action => compile(action, false)),
    errorAction: payload.errorAction && compile(payload.errorAction, true),
  };
}

function compileAction(
  definition: ActionDefinition,
  isErrorAction: boolean,
  runners: ActionRunners,
  sql: string,
  { version, variables, secrets }: CompiledStatement,
): CompiledAction {
  const { kind, parameters } = ruleAction(definition);
  const runner = Object.hasOwn(runners, kind) ? runners[kind] : undefined;
  if (runner === undefined) {
    throw new ServiceError('NotImplementedException', `the action \`${kind}\` is not implemented`);
  }
  runner.check(parameters, isErrorAction);
  const literals = new Set(['roleArn', ...(runner.literals ?? [])]);
  const paths: (readonly string[])[] = [];
  const compileText = (source: string, place: readonly string[]): Render | undefined => {
    const template = compileTemplate(source, version, variables, secrets.variables);
    if (template.isSecret) paths.push(place);
    return template.isConstant || template.isSecret ? undefined : template.render.bind(template);
  };
  const all = { ...parameters, ...runner.derive?.(parameters) };
  const template = compileValue(all, '', [], literals, compileText);
  const templates = paths.length > 0 ? { paths, sql, version } : undefined;
  const withParameters = (rendered: unknown): RenderedAction => {
    return { kind, parameters: rendered as RenderedAction['parameters'], secrets: templates };
  };
  if (template === undefined) {
    const constant = withParameters(all);
    return { kind, runner, render: () => constant };
  }
  return {
    kind,
    runner,
    render(message, context, values) {
      const rendered = template(message, context, values);
      return rendered instanceof Promise ? rendered.then(withParameters) : withParameters(rendered);
    },
  };
}

type Render = (message: RuleMessage, context: EvaluationContext, variables: readonly Value[]) => unknown;

/**
 * Every string within `value` that is not named a literal becomes a template; undefined where nothing depends on the message.
 * `path` names lists and not their items; `place` both.
 */
function compileValue(
  value: unknown,
  path: string,
  place: readonly string[],
  literals: ReadonlySet<string>,
  compileText: (source: string, place: readonly string[]) => Render | undefined,
): Render | undefined {
  if (literals.has(path)) return undefined;
  if (typeof value === 'string') return compileText(value, place);
  if (typeof value !== 'object' || value === null) return undefined;
  const isList = Array.isArray(value);
  const parts = Object.entries(value).flatMap(([key, part]) => {
    const partPath = isList ? path : path === '' ? key : `${path}.${key}`;
    const render = compileValue(part, partPath, [...place, key], literals, compileText);
    return render === undefined ? [] : [{ key, render }];
  });
  if (parts.length === 0) return undefined;
  const assemble = (values: readonly unknown[]): unknown => {
    const copy = (isList ? [...value] : { ...value }) as Record<string, unknown>;
    for (let index = 0; index < parts.length; index++) copy[parts[index]!.key] = values[index];
    return copy;
  };
  return (message, context, variables) => {
    const values = parts.map(({ render }) => render(message, context, variables));
    return values.some(part => part instanceof Promise) ? Promise.all(values).then(assemble) : assemble(values);
  };
}
