/**
 * A rule's calls of its actions' targets. A call is made for one invocation, or for several that share it; it is attempted until
 * it has succeeded, been refused, or been given up.
 */
import { retryDelay } from '../../backoff.ts';
import { realmOfKey } from '../../realm.ts';
import { ActionFailure, type ActionReport, type ActionRequest } from '../action-runner.ts';
import { errorDocument } from './error-document.ts';
import { Gatherer } from './gatherer.ts';
import { actionOf, type Invocation, type Outcome, slotOf, timeOfInvocation, type Which } from './invocation.ts';
import { Lane } from './lane.ts';
import type { QueueContext } from './rule-queue.ts';
import { type ConcealedRequest, runWithSecrets } from './secret-parameters.ts';
import { addAttempt, type RuleTraces, traceOfInvocation } from './trace.ts';

export interface Call {
  readonly which: Which;
  /** In the order in which they came. The first one's error action stands for all. */
  readonly invocations: readonly Invocation[];
}

export interface CallEnd extends Call {
  readonly outcome: Outcome;
  /** From the first attempt to the end. */
  readonly seconds: number;
}

export class ActionCalls {
  readonly #context: QueueContext;
  readonly #traces: RuleTraces;
  readonly #ended: (end: CallEnd) => void;
  readonly #lanes = new Map<Which, Lane>();
  readonly #gatherer: Gatherer<{ readonly which: Which; readonly invocation: Invocation }>;
  #closed = false;

  constructor(context: QueueContext, traces: RuleTraces, ended: (end: CallEnd) => void) {
    this.#context = context;
    this.#traces = traces;
    this.#ended = ended;
    this.#gatherer = new Gatherer(context.timers, items => {
      this.make({ which: items[0]!.which, invocations: items.map(({ invocation }) => invocation) });
    });
  }

  /** An action's turn has come: by itself, or with others of its kind where the rule wants batches. */
  begin(invocation: Invocation, which: number): void {
    const alone = { which, invocations: [invocation] };
    const action = invocation.actions[which]!;
    const batching = this.#context.runners[action.kind]?.batching;
    const limits = 'parameters' in action ? batching?.limits(action.parameters) : undefined;
    if (batching === undefined || limits === undefined) return this.make(alone);
    try {
      const place = batching.place(this.#request(alone, invocation, 1));
      const topic = limits.acrossTopics ? '' : invocation.message.topic;
      const key = [which, action.kind, topic, place.key].join('\n');
      this.#gatherer.add({ which, invocation }, { ...place, key }, limits);
    } catch {
      this.make(alone);
    }
  }

  /** Attempts the call when it is its turn, as often as it takes. */
  make(call: Call): void {
    const started = { attempts: 0, at: 0 };
    const lane = this.#lane(call.which);
    const attempt = async (): Promise<void> => {
      started.attempts += 1;
      const now = this.#context.clock.now();
      if (started.attempts === 1) started.at = now;
      const { report, failure } = await this.#attempt(call, started.attempts);
      const ended = this.#context.clock.now();
      if (this.#closed && failure !== undefined) return; // it is in the store, and taken up at the next start
      const mayRetry = failure?.isTransient === true && ended - started.at < this.#context.limits.retryFor;
      const retryIn = mayRetry ? retryDelay(started.attempts, this.#context.random()) : undefined;
      this.#note(call, { at: now, duration: ended - now, report, failure, retryIn });
      if (retryIn !== undefined) return lane.pushAfter(retryIn, attempt);
      if (failure === undefined) lane.wake();
      const outcome: Outcome = failure === undefined ? { ok: true } : { ok: false, error: failure.message };
      this.#ended({ ...call, outcome, seconds: (ended - started.at) / 1000 });
    };
    lane.push(attempt);
  }

  /** Begins nothing more; resolves when no attempt is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#gatherer.close();
    await Promise.all([...this.#lanes.values()].map(lane => lane.close()));
  }

  /** One attempt; a runner's bug is a failure that is not tried again, and told of as a bug. */
  async #attempt(call: Call, attempt: number): Promise<Attempted> {
    const { runners, observer } = this.#context;
    const [first] = call.invocations;
    const action = actionOf(first!, call.which)!;
    const runner = runners[action.kind];
    if (runner === undefined || !('parameters' in action)) {
      return { failure: { message: `the action \`${action.kind}\` cannot be run`, isTransient: false } };
    }
    // The error action is told of all of them in one document.
    const concerned = call.which === 'error' ? [first!] : call.invocations;
    const concealed = concerned.map(invocation => this.#concealed(call, invocation, attempt));
    try {
      const report = await runWithSecrets(concealed, requests =>
        requests.length > 1 ? runner.batching!.run(requests) : runner.run(requests[0]!),
      );
      return { report };
    } catch (error) {
      if (error instanceof ActionFailure) return { report: error.report, failure: error };
      observer.failed(error, `the action \`${action.kind}\` of rule \`${first!.ruleName}\``);
      return { failure: { message: error instanceof Error ? error.message : String(error), isTransient: false } };
    }
  }

  #concealed(call: Call, invocation: Invocation, attempt: number): ConcealedRequest {
    const action = actionOf(invocation, call.which)!;
    const request = this.#request(call, invocation, attempt);
    return {
      request,
      templates: 'parameters' in action ? action.secrets : undefined,
      // The present is when the message came, so that attempts do not differ in it.
      context: () => ({
        ...this.#context.contextOf(request.realm),
        clock: { now: () => timeOfInvocation(invocation) },
      }),
    };
  }

  #request({ which, invocations }: Call, invocation: Invocation, attempt: number): ActionRequest {
    const { id, realm, ruleName, message } = invocation;
    const action = actionOf(invocation, which)!;
    const isErrorAction = which === 'error';
    return {
      realm: realmOfKey(realm),
      ruleName,
      invocationId: `${id}-${slotOf(invocation, which)}`,
      parameters: 'parameters' in action ? action.parameters : {},
      payload: isErrorAction ? errorDocument(invocations, this.#context.runners) : invocation.payload,
      isJson: isErrorAction || invocation.isJson,
      message,
      hops: 1 + Math.max(...invocations.map(({ hops }) => hops)),
      isErrorAction,
      attempt,
      signal: this.#context.signal,
    };
  }

  #note({ which, invocations }: Call, { report, failure, ...attempt }: Noted): void {
    for (const invocation of invocations) {
      // A message that was not noted when it came is when there is trouble with it.
      if (failure !== undefined) invocation.trace ??= traceOfInvocation(invocation, attempt.at, this.#context.runners);
      const { trace, isSecret } = invocation;
      const action = trace?.actions[slotOf(invocation, which)];
      if (trace === undefined || action === undefined) continue;
      // A function may answer what it was given.
      const shown = isSecret ? { request: report?.request } : report;
      addAttempt(action, { ...attempt, ...shown, error: failure?.message });
      action.state = failure === undefined ? 'succeeded' : attempt.retryIn === undefined ? 'failed' : 'retrying';
      if (failure !== undefined) action.error = failure.message;
      if (failure !== undefined) this.#traces.keepTroubled(trace);
      this.#traces.changed(trace);
    }
  }

  #lane(which: Which): Lane {
    let lane = this.#lanes.get(which);
    if (lane === undefined) {
      lane = new Lane(this.#context.timers);
      this.#lanes.set(which, lane);
    }
    return lane;
  }
}

interface Failed {
  readonly message: string;
  readonly isTransient: boolean;
}

/** Without a failure it succeeded. */
interface Attempted {
  readonly report?: ActionReport | undefined;
  readonly failure?: Failed | undefined;
}

interface Noted extends Attempted {
  readonly at: number;
  readonly duration: number;
  readonly failure: Failed | undefined;
  readonly retryIn: number | undefined;
}
