/** Substitution templates, `lab/${topic(2)}/out`, in the fields of actions (AWS: "Substitution templates"). */
import { asksServices, holdsSecret } from '../functions/index.ts';
import type { RuleMessage } from '../message.ts';
import type { EvaluationContext } from '../services.ts';
import type { Expression } from '../syntax/ast.ts';
import { parseTemplate } from '../syntax/parse.ts';
import { toText } from '../value/convert.ts';
import type { Value } from '../value/value.ts';
import type { SqlVersion } from '../version.ts';
import type { Code } from './code.ts';
import { compile, type Parameter } from './compile.ts';
import { expressionCode } from './expression.ts';
import { type Journal, replay } from './journal.ts';
import type { Scope } from './scope.ts';

export interface Template {
  readonly source: string;
  /** Whether there is nothing to substitute: it renders to its source whatever the message. */
  readonly isConstant: boolean;
  /** Whether an external function occurs, so that `render` returns a promise. */
  readonly isAsynchronous: boolean;
  /**
   * The text for a message; `variables` are those of the statement's `Result`. Strings stand as they are, other values as JSON
   * text, Null as `null`, Undefined as nothing. Fails with `EvaluationError`.
   */
  render(message: RuleMessage, context: EvaluationContext, variables?: readonly Value[]): string | Promise<string>;
  /** Whether the text may give a secret away. */
  readonly isSecret: boolean;
  /** The text, and each piece of it that may give a secret away. Fails with `EvaluationError`. */
  reveal(message: RuleMessage, context: EvaluationContext, variables?: readonly Value[]): Promise<Revealed>;
}

export interface Revealed {
  readonly text: string;
  readonly secrets: readonly string[];
}

const noSecrets: ReadonlySet<string> = new Set();

/**
 * Compiles a template; `variables` are the names that the rule's statement sets, `secretVariables` those of them that may give a
 * secret away. It sees the incoming payload, not what SELECT made of it. Throws `SqlParseException`.
 */
export function compileTemplate(
  source: string,
  version: SqlVersion,
  variables: readonly string[] = [],
  secretVariables = noSecrets,
): Template {
  const parts = parseTemplate(source, version, variables);
  const isConstant = parts.every(part => typeof part === 'string');
  const isAsynchronous = parts.some(part => typeof part !== 'string' && asksServices(part, version));
  const secretParts = parts.map(part => typeof part !== 'string' && holdsSecret(part, version, secretVariables));
  const parameters: Parameter[] = [
    'message',
    'context',
    'variables',
    ...(isAsynchronous ? (['journal'] as const) : []),
  ];
  const texts = isConstant
    ? () => [source]
    : compile<Texts>(version, parameters, scope => textsCode(parts, variables, scope));
  return {
    source,
    isConstant,
    isAsynchronous,
    render: isAsynchronous
      ? (message, context, values = []) => replay(journal => texts(message, context, values, journal).join(''))
      : (message, context, values = []) => texts(message, context, values).join(''),
    isSecret: secretParts.includes(true),
    async reveal(message, context, values = []) {
      const rendered = await replay(journal => texts(message, context, values, journal));
      return { text: rendered.join(''), secrets: rendered.filter((_, index) => secretParts[index]) };
    },
  };
}

type Texts = (
  message: RuleMessage,
  context: EvaluationContext,
  variables: readonly Value[],
  journal?: Journal,
) => readonly string[];

function textsCode(parts: readonly (string | Expression)[], names: readonly string[], scope: Scope): Code {
  const { program } = scope;
  const variables = new Map(names.map((name, index) => [name, `variables[${index}]`]));
  const texts = parts.map(part =>
    typeof part === 'string'
      ? program.constant(part)
      : program.call(substituted, expressionCode(part, { ...scope, variables })),
  );
  return `[${texts.join(', ')}]`;
}

function substituted(value: Value): string {
  if (value === null) return 'null';
  const text = toText(value);
  return text === undefined ? '' : text;
}
