/**
 * One rule's invocations, from taken to done. A bounded number is in memory; what must survive is in the store from the start,
 * and what does not fit into memory waits there until there is room. Actions of an invocation do not wait for each other.
 */
import type { Clock } from '../../clock.ts';
import { type Realm, realmOfKey } from '../../realm.ts';
import type { Timers } from '../../timers.ts';
import type { ActionRunners } from '../action-runner.ts';
import type { EvaluationContext } from '../sql/index.ts';
import { ActionCalls, type Call } from './action-calls.ts';
import { actionOf, type Invocation, type Outcome, sizeOfInvocation, slotOf } from './invocation.ts';
import type { InvocationStore } from './invocation-store.ts';
import type { RuleObserver } from './rule-observer.ts';
import { newActionTrace, type RuleTraces, traceOfInvocation } from './trace.ts';

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
  readonly #calls: ActionCalls;
  #live = 0;
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
    this.#calls = new ActionCalls(context, realmOfKey(realm), traces, (call, outcome, seconds) =>
      this.#ended(call, outcome, seconds),
    );
  }

  /** Invocations in memory, and those in the store. */
  get depth(): { readonly live: number; readonly stored: number } {
    return { live: this.#live, stored: this.#stored };
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
    await this.#calls.close();
  }

  get #isFull(): boolean {
    const { live, liveBytes } = this.#context.limits;
    return this.#overflow !== undefined || this.#live >= live || this.#liveBytes >= liveBytes;
  }

  #enter(invocation: Invocation): void {
    this.#live += 1;
    this.#liveBytes += sizeOfInvocation(invocation);
  }

  #leave(invocation: Invocation): void {
    this.#live -= 1;
    this.#liveBytes -= sizeOfInvocation(invocation);
  }

  #start(invocation: Invocation): void {
    const { actions, outcomes } = invocation;
    for (let index = 0; index < actions.length; index++) {
      const action = actions[index]!;
      if ('error' in action) outcomes[index] ??= { ok: false, error: action.error };
    }
    if (haveActionsEnded(invocation)) return this.#settle(toldTogether(invocation));
    for (let index = 0; index < actions.length; index++) {
      if (outcomes[index] === null) this.#calls.begin(invocation, index);
    }
  }

  /** A call has ended: so has its action for each invocation it was made for. */
  #ended({ which, invocations }: Call, outcome: Outcome, seconds: number): void {
    const { kind } = actionOf(invocations[0]!, which)!;
    for (const invocation of invocations) {
      invocation.outcomes[slotOf(invocation, which)] = outcome;
      this.#context.observer.actionEnded({
        realm: this.#realm,
        ruleName: this.#ruleName,
        kind,
        isErrorAction: which === 'error',
        outcome,
        seconds,
        topic: invocation.message.topic,
      });
    }
    if (!outcome.ok && invocations.length > 1) tellTogether(invocations);
    if (invocations.length === 1) return this.#settle(invocations[0]!.toldWith ?? invocations);
    for (const together of new Set(invocations.map(toldTogether))) this.#settle(together);
  }

  /** Sees whether the invocations are done, or it is the error action's turn. Alone unless they failed in one call. */
  #settle(together: readonly Invocation[]): void {
    const { store, runners } = this.#context;
    if (!together.every(haveActionsEnded)) {
      for (const invocation of together) {
        if (invocation.isStored && invocation.outcomes.some(outcome => outcome)) store.progress(invocation);
      }
      return;
    }
    const first = together.find(mayTell);
    if (first !== undefined && hasFailed(first) && !first.outcomes[slotOf(first, 'error')]) {
      for (const invocation of together) {
        const { trace } = invocation;
        if (trace) trace.actions = [...trace.actions, newActionTrace(first.errorAction!, runners, undefined, true)];
        if (invocation.isStored) store.progress(invocation);
      }
      const others = together.filter(invocation => invocation !== first);
      return this.#calls.make('error', [first, ...others]);
    }
    for (const invocation of together) {
      this.#leave(invocation);
      if (!invocation.isStored) continue;
      this.#stored -= 1;
      store.end(invocation);
    }
    this.#refill();
  }

  /** Reads on in the store when half of the memory's room is free. */
  #refill(): void {
    const { limits, store, observer } = this.#context;
    if (this.#overflow === undefined || this.#refilling || this.#closed) return;
    if (this.#live > limits.live / 2 || this.#liveBytes > limits.liveBytes / 2) return;
    this.#refilling = true;
    const { cursor, last } = this.#overflow;
    store
      .read(this.#realm, this.#ruleName, cursor, readAhead)
      .then(invocations => {
        if (this.#closed || this.#overflow === undefined) return;
        for (const invocation of invocations) {
          invocation.trace =
            this.#traces.find(invocation.id) ??
            traceOfInvocation(invocation, this.#context.clock.now(), this.#context.runners);
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
}

const haveActionsEnded = ({ outcomes }: Invocation): boolean => !outcomes.includes(null);

const hasFailed = ({ actions, outcomes }: Invocation): boolean =>
  actions.some((_, index) => outcomes[index]?.ok === false);

/** Whether there is an error action, and its templates could be rendered. */
const mayTell = ({ errorAction }: Invocation): boolean => errorAction !== undefined && 'parameters' in errorAction;

const toldTogether = (invocation: Invocation): readonly Invocation[] => invocation.toldWith ?? [invocation];

/** Of what failed in one call the error action is told once. Those that failed with others before stay with them. */
function tellTogether(invocations: readonly Invocation[]): void {
  const toldWith = invocations.filter(invocation => invocation.toldWith === undefined);
  for (const invocation of toldWith) invocation.toldWith = toldWith;
}

/** The greatest cursor below an id. */
const before = (id: string): string => id.slice(0, -1) + String.fromCharCode(id.charCodeAt(id.length - 1) - 1);
