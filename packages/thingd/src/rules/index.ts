/** Rules in the program. */
export { ruleLog } from './rule-log.ts';
export { Rules, type RulesOptions } from './rules.ts';
export { holdsSecrets, type SinkEntry, type SinksAnswer, sinkRoutes } from './sinks/index.ts';
export { type TracesAnswer, traceRoutes } from './trace-routes.ts';
export { type CaseResult, readCases, runCase, tryRule, type Verdict } from './trial.ts';
