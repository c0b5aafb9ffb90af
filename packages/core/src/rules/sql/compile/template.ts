/** Substitution templates, `lab/${topic(2)}/out`, in the fields of actions (AWS: "Substitution templates"). */
import { asksServices, holdsSecret } from '../functions/index.ts';
import type { RuleMessage } from '../message.ts';
import type { EvaluationContext } from '../services.ts';
import { parseTemplate } from '../syntax/parse.ts';
import { toText } from '../value/convert.ts';
import { Undefined, type Value } from '../value/value.ts';
import { arithmeticOf, type SqlVersion } from '../version.ts';
import type { Scope } from './closure.ts';
import { Evaluation } from './evaluation.ts';
import { compileExpression } from './expression.ts';
import { type Journal, replay } from './journal.ts';

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
  const scope: Scope = { version, arithmetic: arithmeticOf(version), variables, query: undefined };
  const compiled = parts.map(part => (typeof part === 'string' ? part : compileExpression(part, scope)));
  const isConstant = parts.every(part => typeof part === 'string');
  const isAsynchronous = parts.some(part => typeof part !== 'string' && asksServices(part, version));
  const secretParts = parts.map(part => typeof part !== 'string' && holdsSecret(part, version, secretVariables));
  const texts = (
    message: RuleMessage,
    context: EvaluationContext,
    values: readonly Value[],
    journal: Journal | undefined,
  ): string[] => {
    const evaluation = new Evaluation(message, context, version, [...values], journal);
    return compiled.map(part => (typeof part === 'string' ? part : substituted(part(evaluation))));
  };
  const run = (...args: Parameters<typeof texts>): string => texts(...args).join('');
  return {
    source,
    isConstant,
    isAsynchronous,
    render: isAsynchronous
      ? (message, context, values = []) => replay(journal => run(message, context, values, journal))
      : (message, context, values = []) => (isConstant ? source : run(message, context, values, undefined)),
    isSecret: secretParts.includes(true),
    async reveal(message, context, values = []) {
      const rendered = await replay(journal => texts(message, context, values, journal));
      return { text: rendered.join(''), secrets: rendered.filter((_, index) => secretParts[index]) };
    },
  };
}

function substituted(value: Value): string {
  if (value === null) return 'null';
  const text = toText(value);
  return text === Undefined ? '' : text;
}
