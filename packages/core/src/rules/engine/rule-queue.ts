/**
 * One rule's invocations, from taken to done. A bounded number is in memory; what must survive is in the store from the start,
 * and what does not fit into memory waits there until there is room. Actions of an invocation do not wait for each other.
 */

import { retryDelay } from '../../backoff.ts';
import type { Clock } from '../../clock.ts';
import { type Realm, realmOfKey } from '../../realm.ts';
import type { Timers } from '../../timers.ts';
import { ActionFailure, type ActionReport, type ActionRequest, type ActionRunners } from '../action-runner.ts';
import type { EvaluationContext } from '../sql/index.ts';
import { errorDocument } from './error-document.ts';
import { type Invocation, type Outcome, sizeOfInvocation, timeOfInvocation } from './invocation.ts';
import type { InvocationStore } from './invocation-store.ts';
import { Lane } from './lane.ts';
import type { RuleObserver } from './rule-observer.ts';
import { runWithSecrets } from './secret-parameters.ts';
import { addAttempt, newActionTrace, type RuleTraces, traceOfInvocation } from './trace.ts';

/** Bounds of a rule's queue. */
export interface QueueLimits {
  /** Invocations of a rule in memory. */
  readonly live: number;
  readonly liveBytes: number;
  /** Invocations of a rule in the store; beyond it messages are refused. */
  readonly stored: number;
  /** Milliseconds from the first attempt at an action until it is given up. */
  readonly retryFor: number;
}

export const queueLimits: QueueLimits = {
  live: 1000,
  liveBytes: 16 << 20,
  stored: 1_000_000,
  retryFor: 3600_000,
};

export interface QueueContext {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly runners: ActionRunners;
  /** What templates may ask in a realm. */
  readonly contextOf: (realm: Realm) => EvaluationContext;
  readonly store: InvocationStore;
  readonly observer: RuleObserver;
  readonly limits: QueueLimits;
  readonly signal: AbortSignal;
}

/** Rows read back from the store at once. */
const readAhead = 100;
/** Milliseconds until a failed reading is tried again. */
const refillRetryDelay = 1000;

export class RuleQueue {
  readonly #context: QueueContext;
  readonly #realm: string;
  readonly #ruleName: string;
  readonly #traces: RuleTraces;
  readonly #lanes: Lane[] = [];
  readonly #live = new Map<string, Invocation>();
  #liveBytes = 0;
  #stored = 0;
  /** In the store alone: everything after `cursor` up to `last`. Undefined while all there is fits into memory. */
  #overflow: { cursor: string; last: string } | undefined;
  #refilling = false;
  #closed = false;

  constructor(context: QueueContext, realm: string, ruleName: string, traces: RuleTraces) {
    this.#context = context;
    this.#realm = realm;
    this.#ruleName = ruleName;
    this.#traces = traces;
  }

  /** Invocations in memory, and those in the store. */
  get depth(): { readonly live: number; readonly stored: number } {
    return { live: this.#live.size, stored: this.#stored };
  }

  /** Takes up what an earlier run left in the store. */
  resume(count: number, last: string): void {
    this.#stored = count;
    this.#overflow = { cursor: '', last };
    this.#refill();
  }

  /** Takes an invocation that need not survive; false if there is no room. */
  offer(invocation: Invocation): boolean {
    if (this.#isFull) return false;
    this.#enter(invocation);
    this.#start(invocation);
    return true;
  }

  /** Resolves when the invocation is kept, whatever happens. Rejects if the store fails or has more than it may of this rule. */
  async keep(invocation: Invocation): Promise<void> {
    const { store, limits } = this.#context;
    if (this.#stored >= limits.stored) {
      throw new Error(`rule \`${this.#ruleName}\` has ${this.#stored} messages waiting and takes no more`);
    }
    const waits = this.#isFull;
    if (waits) this.#overflow = { cursor: this.#overflow?.cursor ?? before(invocation.id), last: invocation.id };
    else this.#enter(invocation);
    this.#stored += 1;
    try {
      await store.add(invocation);
    } catch (error) {
      this.#stored -= 1;
      if (!waits) this.#leave(invocation);
      throw error;
    }
    if (waits) this.#refill();
    else this.#start(invocation);
  }

  /** Begins nothing more; resolves when no attempt is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#lanes.map(lane => lane.close()));
  }

  get #isFull(): boolean {
    const { live, liveBytes } = this.#context.limits;
    return this.#overflow !== undefined || this.#live.size >= live || this.#liveBytes >= liveBytes;
  }

  #enter(invocation: Invocation): void {
    this.#live.set(invocation.id, invocation);
    this.#liveBytes += sizeOfInvocation(invocation);
  }

  #leave(invocation: Invocation): void {
    this.#live.delete(invocation.id);
    this.#liveBytes -= sizeOfInvocation(invocation);
  }

  #start(invocation: Invocation): void {
    const { actions, outcomes } = invocation;
    for (const [index, action] of actions.entries()) {
      if (outcomes[index]) continue;
      if ('error' in action) outcomes[index] = { ok: false, error: action.error };
      else this.#run(invocation, index);
    }
    this.#settle(invocation);
  }

  #run(invocation: Invocation, index: number): void {
    const started = { attempts: 0, at: 0 };
    const lane = this.#lane(index);
    const attempt = async (): Promise<void> => {
      started.attempts += 1;
      const now = this.#context.clock.now();
      if (started.attempts === 1) started.at = now;
      const { report, failure } = await this.#attempt(invocation, index, started.attempts);
      const ended = this.#context.clock.now();
      if (this.#closed && failure !== undefined) return; // it is in the store, and taken up at the next start
      const mayRetry = failure?.isTransient === true && ended - started.at < this.#context.limits.retryFor;
      const retryIn = mayRetry ? retryDelay(started.attempts, this.#context.random()) : undefined;
      this.#note(invocation, index, { at: now, duration: ended - now, report, failure, retryIn });
      if (retryIn !== undefined) return lane.pushAfter(retryIn, attempt);
      if (failure === undefined) lane.wake();
      const outcome: Outcome = failure === undefined ? { ok: true } : { ok: false, error: failure.message };
      this.#end(invocation, index, outcome, (ended - started.at) / 1000);
    };
    lane.push(attempt);
  }

  /** One attempt; a runner's bug is a failure that is not tried again, and told of as a bug. */
  async #attempt(invocation: Invocation, index: number, attempt: number): Promise<Attempted> {
    const { runners, signal, observer, contextOf } = this.#context;
    const { ruleName, id, message, hops, actions, errorAction } = invocation;
    const realm = realmOfKey(invocation.realm);
    const isErrorAction = index === actions.length;
    const action = isErrorAction ? errorAction! : actions[index]!;
    const runner = runners[action.kind];
    if (runner === undefined || !('parameters' in action)) {
      return { failure: { message: `the action \`${action.kind}\` cannot be run`, isTransient: false } };
    }
    try {
      const request: ActionRequest = {
        realm,
        ruleName,
        invocationId: `${id}-${index}`,
        parameters: action.parameters,
        payload: isErrorAction ? errorDocument(invocation, runners) : invocation.payload,
        isJson: isErrorAction || invocation.isJson,
        message,
        hops: hops + 1,
        isErrorAction,
        attempt,
        signal,
      };
      if (action.secrets === undefined) return { report: await runner.run(request) };
      // The present is when the message came, so that attempts do not differ in it.
      const context = { ...contextOf(realm), clock: { now: () => timeOfInvocation(invocation) } };
      return { report: await runWithSecrets(runner, request, action.secrets, context) };
    } catch (error) {
      if (error instanceof ActionFailure) return { report: error.report, failure: error };
      observer.failed(error, `the action \`${action.kind}\` of rule \`${ruleName}\``);
      return { failure: { message: error instanceof Error ? error.message : String(error), isTransient: false } };
    }
  }

  #note({ trace, isSecret }: Invocation, index: number, { report, failure, ...attempt }: Noted): void {
    const action = trace?.actions[index];
    if (trace === undefined || action === undefined) return;
    // A function may answer what it was given.
    const shown = isSecret ? { request: report?.request } : report;
    addAttempt(action, { ...attempt, ...shown, error: failure?.message });
    action.state = failure === undefined ? 'succeeded' : attempt.retryIn === undefined ? 'failed' : 'retrying';
    if (failure !== undefined) action.error = failure.message;
    if (failure !== undefined) this.#traces.keepTroubled(trace);
    this.#traces.changed(trace);
  }

  #end(invocation: Invocation, index: number, outcome: Outcome, seconds: number): void {
    const { actions, errorAction, outcomes } = invocation;
    const isErrorAction = index === actions.length;
    outcomes[index] = outcome;
    this.#context.observer.actionEnded({
      realm: this.#realm,
      ruleName: this.#ruleName,
      kind: (isErrorAction ? errorAction! : actions[index]!).kind,
      isErrorAction,
      outcome,
      seconds,
      topic: invocation.message.topic,
    });
    this.#settle(invocation);
  }

  /** Sees whether the invocation is done, or it is the error action's turn. */
  #settle(invocation: Invocation): void {
    const { actions, errorAction, outcomes, isStored, trace } = invocation;
    const { store } = this.#context;
    if (actions.some((_, index) => !outcomes[index])) {
      if (isStored && outcomes.some(outcome => outcome)) store.progress(invocation);
      return;
    }
    const failed = actions.some((_, index) => outcomes[index]?.ok === false);
    if (failed && errorAction !== undefined && 'parameters' in errorAction && !outcomes[actions.length]) {
      trace?.actions.push(newActionTrace(errorAction, undefined, true));
      if (isStored) store.progress(invocation);
      return this.#run(invocation, actions.length);
    }
    this.#leave(invocation);
    if (isStored) {
      this.#stored -= 1;
      store.end(invocation);
    }
    this.#refill();
  }

  /** Reads on in the store when half of the memory's room is free. */
  #refill(): void {
    const { limits, store, observer } = this.#context;
    if (this.#overflow === undefined || this.#refilling || this.#closed) return;
    if (this.#live.size > limits.live / 2 || this.#liveBytes > limits.liveBytes / 2) return;
    this.#refilling = true;
    const { cursor, last } = this.#overflow;
    store
      .read(this.#realm, this.#ruleName, cursor, readAhead)
      .then(invocations => {
        if (this.#closed || this.#overflow === undefined) return;
        for (const invocation of invocations) {
          invocation.trace =
            this.#traces.find(invocation.id) ?? traceOfInvocation(invocation, this.#context.clock.now());
          this.#enter(invocation);
          this.#overflow.cursor = invocation.id;
        }
        // INVARIANT: the store answers in the order it was asked, so what was kept before the read was read.
        if (invocations.length < readAhead && this.#overflow.last === last) this.#overflow = undefined;
        for (const invocation of invocations) this.#start(invocation);
      })
      .then(
        () => this.#refilled(),
        error => {
          observer.failed(error, `reading on in the queue of rule \`${this.#ruleName}\``);
          this.#context.timers.after(refillRetryDelay, () => this.#refilled());
        },
      );
  }

  #refilled(): void {
    this.#refilling = false;
    this.#refill();
  }

  #lane(index: number): Lane {
    this.#lanes[index] ??= new Lane(this.#context.timers);
    return this.#lanes[index];
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

/** The greatest cursor below an id. */
const before = (id: string): string => id.slice(0, -1) + String.fromCharCode(id.charCodeAt(id.length - 1) - 1);
