/**
 * The rules of every realm at work. A rule listens where its FROM says, like a subscriber; each message is evaluated where it
 * arrives, synchronously unless the rule asks an external function, and what is to be done about it goes into the rule's queue.
 */

import type { Clock } from '../../clock.ts';
import type { Change, Changes } from '../../events/changes.ts';
import { type Realm, realmKey, realmOfKey } from '../../realm.ts';
import type { Store } from '../../store/store.ts';
import { systemTimers, type Timers } from '../../timers.ts';
import type { ActionRunners } from '../action-runner.ts';
import { type CompiledAction, type CompiledRule, compilePayload } from '../compiled-rule.ts';
import { type EvaluationContext, RawPayload, type Result, type RuleMessage } from '../sql/index.ts';
import type { TopicRule } from '../topic-rule.ts';
import { allTopicRules } from '../topic-rule-store.ts';
import { type ArrivedMessage, type Invocation, InvocationIds, type PreparedAction } from './invocation.ts';
import { InvocationStore } from './invocation-store.ts';
import type { NotRun, RuleObserver } from './rule-observer.ts';
import { type QueueContext, type QueueLimits, queueLimits, RuleQueue } from './rule-queue.ts';
import { newActionTrace, RuleTraces, type Trace, traceOf } from './trace.ts';

/** A promise holds back the publisher's acknowledgement until what must be kept is kept. */
export type RuleHandler = (message: ArrivedMessage) => void | Promise<void>;

/** Where messages come from: the realm's topic space. */
export interface RuleSource {
  /** Calls `handler` for each message to a matching topic. Returns how to stop it. */
  listen(realm: Realm, filter: string, handler: RuleHandler): () => void;
}

export interface RuleEngineOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly source: RuleSource;
  readonly runners: ActionRunners;
  readonly observer: RuleObserver;
  /** What the language may ask in a realm. */
  readonly contextOf: (realm: Realm) => EvaluationContext;
  readonly timers?: Timers;
  readonly random?: () => number;
  readonly limits?: QueueLimits;
}

/** How a rule has fared since the program started. */
export interface RuleCounts {
  matched: number;
  passed: number;
  evaluationFailed: number;
  dropped: number;
}

export interface RuleState extends Readonly<RuleCounts> {
  readonly realm: string;
  readonly ruleName: string;
  /** Invocations in memory, and those in the store. */
  readonly live: number;
  readonly stored: number;
}

/** Evaluations of one rule that wait for an external function; beyond that, messages at QoS 0 are dropped. */
const waitingEvaluations = 1000;
/** Milliseconds that attempts under way have when the engine stops; what takes longer is repeated after the next start. */
const closingPatience = 1000;

class RunningRule {
  readonly counts: RuleCounts = { matched: 0, passed: 0, evaluationFailed: 0, dropped: 0 };
  readonly traces = new RuleTraces();
  readonly queue: RuleQueue;
  readonly realm: string;
  readonly ruleName: string;
  readonly context: EvaluationContext;
  /** Undefined while the rule is disabled or deleted; what it has taken goes on. */
  compiled: CompiledRule | undefined;
  stop: (() => void) | undefined;
  isDeleted = false;
  waiting = 0;

  constructor(queueContext: QueueContext, realm: string, ruleName: string, context: EvaluationContext) {
    this.realm = realm;
    this.ruleName = ruleName;
    this.context = context;
    this.queue = new RuleQueue(queueContext, realm, ruleName, this.traces);
  }
}

export class RuleEngine {
  readonly #options: RuleEngineOptions;
  readonly #store: InvocationStore;
  readonly #ids = new InvocationIds();
  readonly #queueContext: QueueContext;
  readonly #stopping = new AbortController();
  /** By realm, then by name. */
  readonly #realms = new Map<string, Map<string, RunningRule>>();
  readonly #stopListening: () => void;

  private constructor(options: RuleEngineOptions) {
    const { store, clock, observer, runners } = options;
    const { timers = systemTimers, random = Math.random, limits = queueLimits } = options;
    this.#options = options;
    this.#store = new InvocationStore(store, timers, error => observer.failed(error, 'noting that actions have ended'));
    const { signal } = this.#stopping;
    const { contextOf } = options;
    this.#queueContext = { clock, timers, random, runners, contextOf, store: this.#store, observer, limits, signal };
    this.#stopListening = options.changes.on(change => this.#changed(change));
  }

  /** Resolves when every rule listens and what an earlier run left is taken up. */
  static async start(options: RuleEngineOptions): Promise<RuleEngine> {
    const engine = new RuleEngine(options);
    for (const { realm, rule } of await allTopicRules(options.store)) engine.#install(realm, rule);
    for (const { realm, ruleName, count, lastId } of await engine.#store.pending()) {
      engine.#ids.after(lastId);
      engine.#rule(realm, ruleName).queue.resume(count, lastId);
    }
    return engine;
  }

  /** Stops taking messages and attempts under way; what is stored is taken up at the next start. */
  async close(): Promise<void> {
    this.#stopListening();
    this.#stopping.abort();
    const rules = [...this.#realms.values()].flatMap(rulesOfRealm => [...rulesOfRealm.values()]);
    for (const { stop } of rules) stop?.();
    const { promise: patience, resolve } = Promise.withResolvers<void>();
    const cancel = this.#queueContext.timers.after(closingPatience, resolve);
    await Promise.race([patience, Promise.all(rules.map(({ queue }) => queue.close()))]);
    cancel();
    await this.#store.close();
  }

  /** A message published to `$aws/rules/<rule>/…`: for that rule alone, whatever its FROM (AWS: "Basic Ingest"). */
  ingest(realm: Realm, message: ArrivedMessage): void | Promise<void> {
    const ruleName = message.topic.split('/', 3)[2] ?? '';
    const rule = this.#realms.get(realmKey(realm))?.get(ruleName);
    if (rule?.compiled !== undefined) return this.#evaluate(rule, rule.compiled, message);
    const where = { realm: realmKey(realm), ruleName, topic: message.topic };
    const reason = `there is no enabled rule \`${ruleName}\``;
    this.#options.observer.notRun(where, { event: 'ruleNotFound', reason });
  }

  /** The traces of a rule, if it has run since the program started or could. */
  traces(realm: Realm, ruleName: string): RuleTraces | undefined {
    return this.#realms.get(realmKey(realm))?.get(ruleName)?.traces;
  }

  *states(): IterableIterator<RuleState> {
    for (const rules of this.#realms.values()) {
      for (const { realm, ruleName, counts, queue } of rules.values())
        yield { realm, ruleName, ...counts, ...queue.depth };
    }
  }

  #changed(change: Change): void {
    if (change.kind !== 'topicRule') return;
    const realm = realmKey(change.realm);
    if (change.rule !== undefined) return this.#install(realm, change.rule);
    const rule = this.#realms.get(realm)?.get(change.ruleName);
    if (rule === undefined) return;
    rule.stop?.();
    rule.stop = undefined;
    rule.compiled = undefined;
    rule.isDeleted = true;
    this.#forgetDeleted(realm);
  }

  /** Deleted rules are kept until their queues are empty. */
  #forgetDeleted(realm: string): void {
    const rules = this.#realms.get(realm);
    for (const { ruleName, isDeleted, queue } of rules?.values() ?? []) {
      if (isDeleted && queue.depth.live === 0 && queue.depth.stored === 0) rules?.delete(ruleName);
    }
  }

  #install(realm: string, definition: TopicRule): void {
    const rule = this.#rule(realm, definition.ruleName);
    rule.stop?.();
    rule.stop = undefined;
    rule.compiled = undefined;
    rule.isDeleted = false;
    if (definition.ruleDisabled) return;
    const { source, runners, observer } = this.#options;
    try {
      const compiled: CompiledRule = { rule: definition, ...compilePayload(definition, runners) };
      rule.compiled = compiled;
      const { topicFilter } = compiled.statement;
      if (topicFilter === undefined) return;
      rule.stop = source.listen(realmOfKey(realm), topicFilter, message => this.#evaluate(rule, compiled, message));
    } catch (error) {
      // It was checked when it was stored, by this program or an earlier one.
      observer.failed(error, `compiling rule \`${definition.ruleName}\``);
    }
  }

  #rule(realm: string, ruleName: string): RunningRule {
    let rules = this.#realms.get(realm);
    if (rules === undefined) {
      rules = new Map();
      this.#realms.set(realm, rules);
    }
    let rule = rules.get(ruleName);
    if (rule === undefined) {
      rule = new RunningRule(this.#queueContext, realm, ruleName, this.#options.contextOf(realmOfKey(realm)));
      rules.set(ruleName, rule);
    }
    return rule;
  }

  #evaluate(rule: RunningRule, compiled: CompiledRule, message: ArrivedMessage): void | Promise<void> {
    rule.counts.matched += 1;
    let result: Result | Promise<Result>;
    try {
      result = compiled.statement.evaluate(message.evaluated, rule.context);
    } catch (error) {
      return this.#evaluationFailed(rule, compiled, message, error);
    }
    if (!(result instanceof Promise)) {
      return this.#take(rule, compiled, message, result, message.arrivedAt(this.#options.clock));
    }
    if (message.qos === 0 && rule.waiting >= waitingEvaluations) {
      void result.catch(() => {});
      return this.#drop(rule, message, 'too many evaluations wait for external functions');
    }
    rule.waiting += 1;
    return result
      .then(
        evaluated => this.#take(rule, compiled, message, evaluated, this.#options.clock.now()),
        error => this.#evaluationFailed(rule, compiled, message, error),
      )
      .finally(() => {
        rule.waiting -= 1;
      });
  }

  #take(
    rule: RunningRule,
    compiled: CompiledRule,
    message: ArrivedMessage,
    result: Result,
    now: number,
  ): void | Promise<void> {
    const trace = rule.traces.wants(result.matched, now)
      ? traceOf(rule.ruleName, now, message.evaluated, compiled.statement, result)
      : undefined;
    if (!result.matched) return rule.traces.add(trace);
    rule.counts.passed += 1;
    const actions = compiled.actions.map(action => prepare(action, message.evaluated, rule.context, result));
    const errorAction = compiled.errorAction && prepare(compiled.errorAction, message.evaluated, rule.context, result);
    if (errorAction instanceof Promise || actions.some(isPromise)) {
      return Promise.all([Promise.all(actions), errorAction]).then(([rendered, error]) =>
        this.#invoke(rule, compiled, message, result, rendered, error, trace, now),
      );
    }
    return this.#invoke(rule, compiled, message, result, actions as PreparedAction[], errorAction, trace, now);
  }

  #invoke(
    rule: RunningRule,
    { statement }: CompiledRule,
    message: ArrivedMessage,
    { output }: Result,
    actions: readonly PreparedAction[],
    errorAction: PreparedAction | undefined,
    trace: Trace | undefined,
    now: number,
  ): void | Promise<void> {
    if (actions.length === 0) return rule.traces.add(trace);
    const id = this.#ids.next(now);
    if (trace !== undefined) {
      trace.actions = actions.map(action => newActionTrace(action, this.#options.runners));
      trace.invocationId = id;
    }
    rule.traces.add(trace);
    const invocation: Invocation = {
      id,
      realm: rule.realm,
      ruleName: rule.ruleName,
      message,
      hops: message.hops,
      payload: output!.payload,
      isJson: !(output!.value instanceof RawPayload),
      isSecret: statement.secrets.output,
      actions,
      errorAction,
      outcomes: actions.map(() => null),
      isStored: message.qos > 0,
      trace,
      toldWith: undefined,
    };
    if (invocation.isStored) return rule.queue.keep(invocation);
    if (!rule.queue.offer(invocation)) this.#drop(rule, message, 'the queue of the rule is full');
  }

  #drop(rule: RunningRule, message: ArrivedMessage, reason: string): void {
    rule.counts.dropped += 1;
    this.#notRun(rule, message, { event: 'dropped', reason });
  }

  #evaluationFailed(rule: RunningRule, { statement }: CompiledRule, message: ArrivedMessage, error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error));
    rule.counts.evaluationFailed += 1;
    rule.traces.add(traceOf(rule.ruleName, this.#options.clock.now(), message.evaluated, statement, failure));
    this.#notRun(rule, message, { event: 'evaluationFailed', reason: failure.message });
  }

  #notRun({ realm, ruleName }: RunningRule, { topic }: ArrivedMessage, what: NotRun): void {
    this.#options.observer.notRun({ realm, ruleName, topic }, what);
  }
}

/** The action for a message, or why it cannot be rendered. */
function prepare(
  { kind, render }: CompiledAction,
  message: RuleMessage,
  context: EvaluationContext,
  { variables }: Result,
): PreparedAction | Promise<PreparedAction> {
  const unrendered = (error: unknown): PreparedAction => ({ kind, error: (error as Error).message });
  try {
    const rendered = render(message, context, variables);
    return rendered instanceof Promise ? rendered.catch(unrendered) : rendered;
  } catch (error) {
    return unrendered(error);
  }
}

const isPromise = (value: unknown): boolean => value instanceof Promise;
