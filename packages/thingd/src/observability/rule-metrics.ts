/** Rules in `/metrics`: how often each matched and passed, how its actions ended, what waits. AWS's names are in the help. */
import type { ActionEnd, RuleState } from '@thingd/core';
import { Counter, Gauge, type Registry } from 'prom-client';
import { formatHistogram, type Series } from './histogram.ts';

const labelNames = ['realm', 'rule'] as const;

const counters = [
  ['matched', 'thingd_rule_matched_total', 'Messages whose topic a rule selects (TopicMatch)'],
  ['passed', 'thingd_rule_passed_total', 'Messages that passed WHERE (RulesExecuted)'],
  ['evaluationFailed', 'thingd_rule_evaluation_failures_total', 'Messages whose evaluation failed'],
  ['dropped', 'thingd_rule_dropped_total', 'Messages at QoS 0 dropped because the queue was full'],
] as const;

const gauges = [
  ['live', 'thingd_rule_queue_messages', 'Messages in memory whose actions have not ended'],
  ['stored', 'thingd_rule_stored_messages', 'Messages in the store whose actions have not ended'],
] as const;

export interface RuleMetrics {
  actionEnded(end: ActionEnd): void;
  /** How long actions took, as a histogram in the Prometheus text format. */
  renderSeconds(): string;
}

/** All else is in `register`. */
export function ruleMetrics(register: Registry, states: () => Iterable<RuleState>): RuleMetrics {
  const registers = [register];
  for (const [field, name, help] of counters) {
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const state of states()) this.inc({ realm: state.realm, rule: state.ruleName }, state[field]);
      },
    });
  }
  for (const [field, name, help] of gauges) {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const state of states()) this.set({ realm: state.realm, rule: state.ruleName }, state[field]);
      },
    });
  }
  const ended = new Map<string, EndedActions>();
  new Counter({
    name: 'thingd_rule_actions_total',
    help: 'Actions that ended (Success, Failure, ErrorActionSuccess, ErrorActionFailure)',
    labelNames: [...labelNames, 'action', 'result'],
    registers,
    collect() {
      this.reset();
      for (const { labels, results } of ended.values()) {
        for (const [index, result] of resultNames.entries()) {
          if (results[index]! > 0) this.inc({ ...labels, result }, results[index]);
        }
      }
    },
  });
  return {
    actionEnded(end) {
      const key = `${end.realm}/${end.ruleName}/${end.kind}`;
      let actions = ended.get(key);
      if (actions === undefined) {
        actions = new EndedActions(end);
        ended.set(key, actions);
      }
      actions.add(end);
    },
    renderSeconds: () =>
      formatHistogram(
        'thingd_rule_action_seconds',
        'From the first attempt at an action to its end, retries included',
        [...ended.values()],
      ),
  };
}

const resultNames = ['success', 'failure', 'error action success', 'error action failure'];
const secondBounds = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600];

/** What a rule's actions of one kind came to, and the seconds they took: plain fields, for there are as many as messages. */
class EndedActions implements Series {
  readonly labels: { readonly realm: string; readonly rule: string; readonly action: string };
  /** In the order of `resultNames`. */
  readonly results = [0, 0, 0, 0];
  readonly bounds = secondBounds;
  readonly counts = new Array<number>(secondBounds.length + 1).fill(0);
  sum = 0;

  constructor({ realm, ruleName, kind }: ActionEnd) {
    this.labels = { realm, rule: ruleName, action: kind };
  }

  add({ isErrorAction, outcome, seconds }: ActionEnd): void {
    this.results[(isErrorAction ? 2 : 0) + (outcome.ok ? 0 : 1)]! += 1;
    let bucket = 0;
    while (bucket < secondBounds.length && seconds > secondBounds[bucket]!) bucket += 1;
    this.counts[bucket]! += 1;
    this.sum += seconds;
  }
}
