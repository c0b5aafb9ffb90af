/**
 * Parameters that ask for a secret stay templates, in the store, in traces and in error documents; each attempt renders them for
 * itself and forgets them (docs/decisions/0005-secrets-are-rendered-late.md).
 */
import { ActionFailure, type ActionReport, type ActionRequest } from '../action-runner.ts';
import type { SecretTemplates } from '../compiled-rule.ts';
import {
  compileStatement,
  compileTemplate,
  type EvaluationContext,
  EvaluationError,
  parseStatement,
  RuleMessage,
} from '../sql/index.ts';

/** A request some of whose parameters may be templates still. */
export interface ConcealedRequest {
  readonly request: ActionRequest;
  readonly templates: SecretTemplates | undefined;
  readonly context: () => EvaluationContext;
}

type Run = (requests: readonly ActionRequest[]) => ActionReport | Promise<ActionReport>;

/**
 * Calls `run` with every parameter rendered. What it answers, and why it fails, says nothing secret. Rejects as runners do; the
 * failure is transient where a secret cannot be had for now.
 */
export async function runWithSecrets(concealed: readonly ConcealedRequest[], run: Run): Promise<ActionReport> {
  const revealed = await Promise.all(concealed.map(reveal));
  const hide = hiding(revealed.flatMap(({ secrets }) => secrets));
  const hidden = ({ request: asked, response }: ActionReport): ActionReport => ({
    request: hide(asked),
    response: response && hide(response),
  });
  try {
    return hidden(await run(revealed.map(({ request }) => request)));
  } catch (error) {
    if (error instanceof ActionFailure) {
      const { message, isTransient, report } = error;
      throw new ActionFailure(hide(message), { isTransient, ...(report && { report: hidden(report) }) });
    }
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    throw Object.assign(new Error(hide(message)), { stack: hide(stack ?? message) });
  }
}

type Parameters = ActionRequest['parameters'];
type Node = Record<string, unknown>;

async function reveal(
  concealed: ConcealedRequest,
): Promise<{ readonly request: ActionRequest; readonly secrets: readonly string[] }> {
  const { request, templates } = concealed;
  if (templates === undefined) return { request, secrets: [] };
  const { message, parameters } = request;
  const { paths, sql, version } = templates;
  const context = concealed.context();
  const evaluated = new RuleMessage(message);
  const revealed = structuredClone(parameters);
  const found: string[] = [];
  try {
    const statement = compileStatement(parseStatement(sql, version));
    const values = await statement.assign(evaluated, context);
    for (const path of paths) {
      const [place, key] = placeOf(revealed, path);
      const template = compileTemplate(String(place[key]), version, statement.variables, statement.secrets.variables);
      const { text, secrets } = await template.reveal(evaluated, context, values);
      place[key] = text;
      found.push(...secrets);
    }
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    const isTransient = error.cause instanceof ActionFailure && error.cause.isTransient;
    throw new ActionFailure(error.message, { isTransient, cause: error });
  }
  return { request: { ...request, parameters: revealed }, secrets: found };
}

/** The object or list that has the parameter, and under which key. */
function placeOf(parameters: Parameters, path: readonly string[]): [Node, string] {
  const place = path.slice(0, -1).reduce((node, key) => node[key] as Node, parameters as Node);
  return [place, path.at(-1)!];
}

/** Takes secrets out of a text, also as they stand in URLs and within JSON. */
function hiding(secrets: readonly string[]): (text: string) => string {
  const forms = new Set(
    secrets.flatMap(secret => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]),
  );
  forms.delete('');
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return text => longestFirst.reduce((shown, form) => shown.replaceAll(form, '(secret)'), text);
}
