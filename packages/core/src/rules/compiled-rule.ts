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

/** An action's parameters with every template rendered for one message. */
export interface RenderedAction {
  readonly kind: string;
  readonly parameters: Readonly<Record<string, unknown>>;
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
  const { topicFilter, variables } = statement;
  if (topicFilter?.startsWith('$aws/rules/')) {
    const message = `\`${topicFilter}\` is Basic Ingest, which reaches a rule by its name; FROM cannot select it`;
    throw new ServiceError('InvalidRequestException', message);
  }
  const compile = (definition: ActionDefinition) => compileAction(definition, runners, version, variables);
  return {
    statement,
    actions: payload.actions.map(compile),
    errorAction: payload.errorAction && compile(payload.errorAction),
  };
}

function compileAction(
  definition: ActionDefinition,
  runners: ActionRunners,
  version: SqlVersion,
  variables: readonly string[],
): CompiledAction {
  const { kind, parameters } = ruleAction(definition);
  const runner = Object.hasOwn(runners, kind) ? runners[kind] : undefined;
  if (runner === undefined) {
    throw new ServiceError('NotImplementedException', `the action \`${kind}\` is not implemented`);
  }
  runner.check(parameters);
  const literals = new Set(['roleArn', ...(runner.literals ?? [])]);
  const template = compileValue(parameters, '', literals, source => compileTemplate(source, version, variables));
  return {
    kind,
    runner,
    render(message, context, values) {
      const rendered = template(message, context, values);
      return rendered instanceof Promise ? rendered.then(withKind) : withKind(rendered);
    },
  };
  function withKind(rendered: unknown): RenderedAction {
    return { kind, parameters: rendered as RenderedAction['parameters'] };
  }
}

type Render = (message: RuleMessage, context: EvaluationContext, variables: readonly Value[]) => unknown;

/** Every string within `value` that is not named a literal becomes a template. */
function compileValue(
  value: unknown,
  path: string,
  literals: ReadonlySet<string>,
  compile: (source: string) => ReturnType<typeof compileTemplate>,
): Render {
  if (literals.has(path)) return () => value;
  if (typeof value === 'string') {
    const template = compile(value);
    return template.isConstant ? () => value : template.render.bind(template);
  }
  if (typeof value !== 'object' || value === null) return () => value;
  const isList = Array.isArray(value);
  const parts = Object.entries(value).map(([key, part]) => {
    const partPath = isList ? path : path === '' ? key : `${path}.${key}`;
    return [key, compileValue(part, partPath, literals, compile)] as const;
  });
  const assemble = (values: readonly unknown[]): unknown =>
    isList ? values : Object.fromEntries(values.map((part, index) => [parts[index]![0], part]));
  return (message, context, variables) => {
    const values = parts.map(([, render]) => render(message, context, variables));
    return values.some(part => part instanceof Promise) ? Promise.all(values).then(assemble) : assemble(values);
  };
}
