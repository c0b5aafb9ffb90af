/**
 * What a rule did with each of its last messages: the values of its clauses, its actions as rendered, every attempt. Kept in
 * memory, within bounds, and told to whoever watches.
 */
import type { ActionRunner, ActionRunners } from '../action-runner.ts';
import { type CompiledStatement, jsonText, type Result, RuleMessage, type Value } from '../sql/index.ts';
import type { Invocation, Outcome, PreparedAction } from './invocation.ts';
import { Pace } from './pace.ts';
import { Ring } from './ring.ts';

export interface Attempt {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds it took. */
  readonly duration: number;
  readonly request?: string | undefined;
  readonly response?: string | undefined;
  readonly error?: string | undefined;
  /** Milliseconds until the next attempt; absent after the last one. */
  readonly retryIn?: number | undefined;
}

export interface ActionTrace {
  readonly kind: string;
  readonly isErrorAction: boolean;
  /** As rendered for the message; what asks for a secret, as it stands in the rule; what is confidential, not at all. */
  readonly parameters?: unknown;
  state: 'waiting' | 'retrying' | 'succeeded' | 'failed';
  /** All there were; `attempts` has the last ones. */
  attemptCount: number;
  attempts: readonly Attempt[];
  error: string | undefined;
}

export interface Trace {
  /** Of the invocation, once there is one. */
  invocationId: string | undefined;
  readonly ruleName: string;
  readonly at: number;
  readonly topic: string;
  readonly clientId?: string | undefined;
  readonly traceId?: string | undefined;
  /** The message, as text or, where it is none, in base64; cut off when it is long. */
  readonly payload: string;
  /** Values of SET, as JSON. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** What WHERE came to, as JSON; `Undefined` as a word. */
  readonly where?: string | undefined;
  readonly passed: boolean;
  /** What SELECT made. */
  readonly output?: string | undefined;
  /** Why the evaluation failed, or the message was not taken. */
  readonly error?: string | undefined;
  /** The error action comes last, when it is its turn. */
  actions: readonly ActionTrace[];
}

const longestText = 2048;
const attemptsOfAction = 20;
/**
 * Traces of each rule: of messages that passed or failed, of those WHERE kept out, and of those with an action that failed at
 * least once. None of them pushes the others away.
 */
const tracesOfRule = { passed: 50, keptOut: 10, troubled: 20 };
/**
 * Messages a second noted of a rule, those that pass and those that do not apart. At a thousand the last fifty are those of an
 * instant, and noting more would cost as much as the evaluation (`bench/rules`).
 */
const notedPerSecond = 1000;

export type TraceListener = (trace: Trace) => void;

export class RuleTraces {
  readonly #pacePassed = new Pace(notedPerSecond);
  readonly #paceKeptOut = new Pace(notedPerSecond);
  readonly #passed = new Ring<Trace>(tracesOfRule.passed);
  readonly #keptOut = new Ring<Trace>(tracesOfRule.keptOut);
  readonly #troubled = new Ring<Trace>(tracesOfRule.troubled);
  readonly #listeners = new Set<TraceListener>();

  /** Whether a message of this moment is to be noted: not if there are too many to look at, unless somebody watches. */
  wants(passes: boolean, now: number): boolean {
    const pace = passes ? this.#pacePassed : this.#paceKeptOut;
    return pace.allows(now) || this.#listeners.size > 0;
  }

  /** `undefined` is a message that is not noted. */
  add(trace: Trace | undefined): void {
    if (trace === undefined) return;
    const ring = trace.passed || trace.error !== undefined ? this.#passed : this.#keptOut;
    ring.push(trace);
    this.changed(trace);
  }

  /** An attempt at an action failed: that is kept when newer messages have come. */
  keepTroubled(trace: Trace): void {
    if (!this.#troubled.has(trace)) this.#troubled.push(trace);
  }

  find(invocationId: string): Trace | undefined {
    for (const ring of [this.#passed, this.#troubled]) {
      for (const trace of ring) if (trace.invocationId === invocationId) return trace;
    }
    return undefined;
  }

  /** Something new is known of a trace. */
  changed(trace: Trace): void {
    if (this.#listeners.size === 0) return;
    for (const listener of this.#listeners) listener(trace);
  }

  /** The newest first. */
  latest(): Trace[] {
    const all = new Set([...this.#passed, ...this.#keptOut, ...this.#troubled]);
    return [...all].sort((a, b) => a.at - b.at).reverse();
  }

  /** Hears of each trace, and again whenever more is known of it. Returns how to stop. */
  listen(listener: TraceListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The trace of an invocation that was read back from the store: what came before is not known any more. */
export function traceOfInvocation(invocation: Omit<Invocation, 'trace'>, at: number, runners: ActionRunners): Trace {
  const { id, ruleName, message, payload, isSecret, actions, outcomes } = invocation;
  const { topic, clientId, traceId } = message;
  return {
    invocationId: id,
    ruleName,
    at,
    topic,
    clientId,
    traceId,
    payload: noted(new RuleMessage(message)),
    variables: undefined,
    where: undefined,
    passed: true,
    output: isSecret ? hidden : noted(new RuleMessage({ ...message, payload })),
    error: undefined,
    actions: actions.map((action, index) => newActionTrace(action, runners, outcomes[index])),
  };
}

export function newActionTrace(
  action: PreparedAction,
  runners: ActionRunners,
  outcome?: Outcome | null,
  isErrorAction = false,
): ActionTrace {
  const { kind } = action;
  const error = 'error' in action ? action.error : outcome?.ok === false ? outcome.error : undefined;
  return {
    kind,
    isErrorAction,
    parameters: 'error' in action ? undefined : shown(action.parameters, runners[kind]?.confidential),
    state: error !== undefined ? 'failed' : outcome ? 'succeeded' : 'waiting',
    attemptCount: 0,
    attempts: noAttempts,
    error,
  };
}

const noAttempts: readonly Attempt[] = [];
const noActions: readonly ActionTrace[] = [];

/** The value without those parts of it that are named, by their dotted paths. */
function shown(value: unknown, confidential: ActionRunner['confidential'], path = ''): unknown {
  if (confidential === undefined) return value;
  if (confidential.includes(path)) return hidden;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, part]) => {
    return [key, shown(part, confidential, path === '' ? key : `${path}.${key}`)] as const;
  });
  return Object.fromEntries(entries);
}

/** The trace of an evaluation; its actions are added when they are prepared. */
export function traceOf(
  ruleName: string,
  at: number,
  message: RuleMessage,
  statement: Pick<CompiledStatement, 'variables' | 'secrets'>,
  result: Result | Error,
): Trace {
  const { secrets } = statement;
  const { topic, clientId } = message.published;
  const failed = result instanceof Error;
  const passed = !failed && result.matched;
  // Always of the same shape: it is made for nearly every message, and lives just long enough to be moved about.
  return {
    invocationId: undefined,
    ruleName,
    at,
    topic,
    clientId,
    traceId: passed ? message.published.traceId : undefined,
    payload: noted(message),
    variables: failed ? undefined : variableTexts(statement, result),
    where: failed ? undefined : valueText(result.where, secrets.where),
    passed,
    output: failed || !result.output ? undefined : secrets.output ? hidden : noted(result.output),
    error: failed ? result.message : undefined,
    actions: noActions,
  };
}

function variableTexts(
  { variables: names, secrets }: Pick<CompiledStatement, 'variables' | 'secrets'>,
  { variables }: Result,
): Trace['variables'] {
  if (names.length === 0) return undefined;
  const texts = names.map((name, index) => [name, valueText(variables[index]!, secrets.variables.has(name))] as const);
  return Object.fromEntries(texts);
}

/** Notes an attempt; only the last ones are kept. */
export function addAttempt(trace: ActionTrace, attempt: Attempt): void {
  trace.attemptCount += 1;
  const { attempts } = trace;
  trace.attempts = attempts.length === 0 ? [attempt] : [...attempts.slice(1 - attemptsOfAction), attempt];
}

/** In place of what may give a secret away. */
const hidden = '(secret)';

const valueText = (value: Value, isSecret: boolean): string => {
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (isSecret) return hidden;
  return value === undefined ? 'Undefined' : cut(jsonText(value));
};

/** Copied, because a slice keeps the whole text in memory. */
const cut = (text: string): string =>
  text.length > longestText ? `${Buffer.from(text.slice(0, longestText)).toString()}…` : text;

/** What people see of a payload: its text or, where it is none, base64; cut off when it is long. */
function noted(source: { readonly payload: Buffer; readonly text: string | undefined }): string {
  const { payload } = source;
  // Cut within a character: the replacement at the end says less than the cut does.
  if (payload.length > longestText) return `${payload.toString('utf8', 0, longestText)}…`;
  return source.text ?? payload.toString('base64');
}
