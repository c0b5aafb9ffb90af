/** Rules in the program. */
export { ruleLog } from './rule-log.ts';
export { Rules, type RulesOptions } from './rules.ts';
