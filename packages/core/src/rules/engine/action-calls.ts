/**
 * A rule's calls of its actions' targets. A call is made for one invocation, or for several that share it; it is attempted until
 * it has succeeded, been refused, or been given up.
 */
import { retryDelay } from '../../backoff.ts';
import type { Realm } from '../../realm.ts';
import { ActionFailure, type ActionReport, type ActionRequest, type ActionRunner } from '../action-runner.ts';
import type { SecretTemplates } from '../compiled-rule.ts';
import { errorDocument } from './error-document.ts';
import { Gatherer } from './gatherer.ts';
import { actionOf, type Invocation, type Outcome, slotOf, timeOfInvocation, type Which } from './invocation.ts';
import { Lane } from './lane.ts';
import type { QueueContext } from './rule-queue.ts';
import { runWithSecrets } from './secret-parameters.ts';
import { addAttempt, type RuleTraces, traceOfInvocation } from './trace.ts';

/** An action's turn, from its first attempt to the last. */
export class Call {
  readonly which: Which;
  /** In the order in which they came. The first one's error action stands for all. */
  readonly invocations: readonly Invocation[];
  attempts = 0;
  /** When the first attempt was made. */
  startedAt = 0;

  constructor(which: Which, invocations: readonly Invocation[]) {
    this.which = which;
    this.invocations = invocations;
  }
}

/** `seconds` are those from the first attempt to the end. */
export type CallEnded = (call: Call, outcome: Outcome, seconds: number) => void;

const succeeded: Outcome = { ok: true };

export class ActionCalls {
  readonly #context: QueueContext;
  readonly #realm: Realm;
  readonly #traces: RuleTraces;
  readonly #ended: CallEnded;
  readonly #lanes = new Map<Which, Lane<Call>>();
  readonly #gatherer: Gatherer<{ readonly which: Which; readonly invocation: Invocation }>;
  #closed = false;

  constructor(context: QueueContext, realm: Realm, traces: RuleTraces, ended: CallEnded) {
    this.#context = context;
    this.#realm = realm;
    this.#traces = traces;
    this.#ended = ended;
    this.#gatherer = new Gatherer(context.timers, items => {
      this.make(
        items[0]!.which,
        items.map(({ invocation }) => invocation),
      );
    });
  }

  /** An action's turn has come: by itself, or with others of its kind where the rule wants batches. */
  begin(invocation: Invocation, which: number): void {
    const action = invocation.actions[which]!;
    const batching = this.#context.runners[action.kind]?.batching;
    const limits = 'parameters' in action ? batching?.limits(action.parameters) : undefined;
    if (batching === undefined || limits === undefined) return this.make(which, [invocation]);
    try {
      const place = batching.place(this.#request(new Call(which, [invocation]), invocation, 1));
      const topic = limits.acrossTopics ? '' : invocation.message.topic;
      const key = [which, action.kind, topic, place.key].join('\n');
      this.#gatherer.add({ which, invocation }, { ...place, key }, limits);
    } catch {
      this.make(which, [invocation]);
    }
  }

  /** Attempts a call when it is its turn, as often as it takes. */
  make(which: Which, invocations: readonly Invocation[]): void {
    this.#lane(which).push(new Call(which, invocations));
  }

  /** Begins nothing more; resolves when no attempt is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#gatherer.close();
    await Promise.all([...this.#lanes.values()].map(lane => lane.close()));
  }

  /** One attempt; true if the target takes its time. */
  #attempt(call: Call, lane: Lane<Call>): boolean {
    const { clock } = this.#context;
    const now = clock.now();
    call.attempts += 1;
    if (call.attempts === 1) call.startedAt = now;
    let answer: ActionReport | Promise<ActionReport>;
    try {
      answer = this.#run(call);
    } catch (error) {
      this.#attempted(call, lane, now, now, undefined, this.#failureOf(call, error));
      return false;
    }
    if (answer instanceof Promise) this.#await(answer, call, lane, now);
    else this.#attempted(call, lane, now, now, answer, undefined);
    return answer instanceof Promise;
  }

  #await(answer: Promise<ActionReport>, call: Call, lane: Lane<Call>, at: number): void {
    const { clock } = this.#context;
    answer.then(
      report => {
        this.#attempted(call, lane, at, clock.now(), report, undefined);
        lane.ended();
      },
      error => {
        this.#attempted(call, lane, at, clock.now(), undefined, this.#failureOf(call, error));
        lane.ended();
      },
    );
  }

  /** Fails as runners do. */
  #run(call: Call): ActionReport | Promise<ActionReport> {
    const { which, invocations } = call;
    const [first] = invocations;
    const action = actionOf(first!, which)!;
    const runner = this.#context.runners[action.kind];
    if (runner === undefined || !('parameters' in action)) {
      throw new ActionFailure(`the action \`${action.kind}\` cannot be run`, { isTransient: false });
    }
    // The error action is told of all of them in one document.
    const concerned = which === 'error' ? [first!] : invocations;
    const requests = concerned.map(invocation => this.#request(call, invocation, call.attempts));
    if (!concerned.some(invocation => secretsOf(invocation, which))) return runTogether(runner, requests);
    const concealed = requests.map((request, index) => ({
      request,
      templates: secretsOf(concerned[index]!, which),
      // The present is when the message came, so that attempts do not differ in it.
      context: () => ({
        ...this.#context.contextOf(this.#realm),
        clock: { now: () => timeOfInvocation(concerned[index]!) },
      }),
    }));
    return runWithSecrets(concealed, revealed => runTogether(runner, revealed));
  }

  #request({ which, invocations }: Call, invocation: Invocation, attempt: number): ActionRequest {
    const { id, ruleName, message } = invocation;
    const action = actionOf(invocation, which)!;
    const isErrorAction = which === 'error';
    return {
      realm: this.#realm,
      ruleName,
      invocationId: `${id}-${slotOf(invocation, which)}`,
      parameters: 'parameters' in action ? action.parameters : {},
      payload: isErrorAction ? errorDocument(invocations, this.#context.runners) : invocation.payload,
      isJson: isErrorAction || invocation.isJson,
      message,
      hops: 1 + mostHops(invocations),
      isErrorAction,
      attempt,
      signal: this.#context.signal,
    };
  }

  /** A runner's bug is a failure that is not tried again, and told of as a bug. */
  #failureOf({ which, invocations }: Call, error: unknown): Failure {
    if (error instanceof ActionFailure) return error;
    const [first] = invocations;
    const { kind } = actionOf(first!, which)!;
    this.#context.observer.failed(error, `the action \`${kind}\` of rule \`${first!.ruleName}\``);
    return { message: error instanceof Error ? error.message : String(error), isTransient: false, report: undefined };
  }

  #attempted(
    call: Call,
    lane: Lane<Call>,
    at: number,
    now: number,
    report: ActionReport | undefined,
    failure: Failure | undefined,
  ): void {
    if (this.#closed && failure !== undefined) return; // it is in the store, and taken up at the next start
    const mayRetry = failure?.isTransient === true && now - call.startedAt < this.#context.limits.retryFor;
    const retryIn = mayRetry ? retryDelay(call.attempts, this.#context.random()) : undefined;
    this.#note(call, at, now - at, report, failure, retryIn);
    if (retryIn !== undefined) return lane.pushAfter(retryIn, call);
    if (failure === undefined) lane.wake();
    const outcome = failure === undefined ? succeeded : { ok: false as const, error: failure.message };
    this.#ended(call, outcome, (now - call.startedAt) / 1000);
  }

  #note(
    { which, invocations }: Call,
    at: number,
    duration: number,
    report: ActionReport | undefined,
    failure: Failure | undefined,
    retryIn: number | undefined,
  ): void {
    const { request, response } = failure?.report ?? report ?? noReport;
    const error = failure?.message;
    for (const invocation of invocations) {
      // A message that was not noted when it came is when there is trouble with it.
      if (failure !== undefined) invocation.trace ??= traceOfInvocation(invocation, at, this.#context.runners);
      const { trace, isSecret } = invocation;
      const action = trace?.actions[slotOf(invocation, which)];
      if (trace === undefined || action === undefined) continue;
      // A function may answer what it was given.
      const shown = isSecret ? undefined : response;
      addAttempt(action, { at, duration, request, response: shown, error, retryIn });
      action.state = failure === undefined ? 'succeeded' : retryIn === undefined ? 'failed' : 'retrying';
      if (failure !== undefined) {
        action.error = error;
        this.#traces.keepTroubled(trace);
      }
      this.#traces.changed(trace);
    }
  }

  #lane(which: Which): Lane<Call> {
    let lane = this.#lanes.get(which);
    if (lane === undefined) {
      lane = new Lane(this.#context.timers, (call, lane) => this.#attempt(call, lane));
      this.#lanes.set(which, lane);
    }
    return lane;
  }
}

type Failure = Pick<ActionFailure, 'message' | 'isTransient' | 'report'>;

const noReport: Partial<ActionReport> = {};

function runTogether(runner: ActionRunner, requests: readonly ActionRequest[]): ActionReport | Promise<ActionReport> {
  return requests.length > 1 ? runner.batching!.run(requests) : runner.run(requests[0]!);
}

function secretsOf(invocation: Invocation, which: Which): SecretTemplates | undefined {
  const action = actionOf(invocation, which)!;
  return 'parameters' in action ? action.secrets : undefined;
}

function mostHops(invocations: readonly Invocation[]): number {
  let most = 0;
  for (const { hops } of invocations) if (hops > most) most = hops;
  return most;
}
