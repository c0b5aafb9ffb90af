/** Rules at work: from a message that arrives to actions that have ended. */
export { errorDocument } from './error-document.ts';
export { ArrivedMessage, type ArrivedMessageOptions, type Invocation, type RuleMessageSource } from './invocation.ts';
export { invocationMigration } from './invocation-store.ts';
export {
  RuleEngine,
  type RuleEngineOptions,
  type RuleHandler,
  type RuleSource,
  type RuleState,
} from './rule-engine.ts';
export type { ActionEnd, NotRun, RuleObserver } from './rule-observer.ts';
export { type QueueLimits, queueLimits } from './rule-queue.ts';
export { type ActionTrace, type Attempt, type RuleTraces, type Trace, traceOf } from './trace.ts';
