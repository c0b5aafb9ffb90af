/** Rules in `/metrics`: how often each matched and passed, how its actions ended, what waits. AWS's names are in the help. */
import type { ActionEnd, RuleState } from '@thingd/core';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

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

/** Answers what takes note of an action that has ended. */
export function ruleMetrics(register: Registry, states: () => Iterable<RuleState>): (end: ActionEnd) => void {
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
  const actions = new Counter({
    name: 'thingd_rule_actions_total',
    help: 'Actions that ended (Success, Failure, ErrorActionSuccess, ErrorActionFailure)',
    labelNames: [...labelNames, 'action', 'result'],
    registers,
  });
  const seconds = new Histogram({
    name: 'thingd_rule_action_seconds',
    help: 'From the first attempt at an action to its end, retries included',
    labelNames: [...labelNames, 'action'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600],
    registers,
  });
  return ({ realm, ruleName: rule, kind: action, isErrorAction, outcome, seconds: taken }) => {
    const result = `${isErrorAction ? 'error action ' : ''}${outcome.ok ? 'success' : 'failure'}`;
    actions.inc({ realm, rule, action, result });
    seconds.observe({ realm, rule, action }, taken);
  };
}
