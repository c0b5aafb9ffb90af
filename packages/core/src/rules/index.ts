/** Rules: AWS IoT SQL over messages, and what is done with what it selects. */
export {
  ActionFailure,
  type ActionReport,
  type ActionRequest,
  type ActionRunner,
  type ActionRunners,
  type Batching,
  type BatchLimits,
  type BatchPlace,
} from './action-runner.ts';
export { type CompiledPayload, type CompiledRule, compilePayload } from './compiled-rule.ts';
export * from './destination/index.ts';
export * from './engine/index.ts';
export * from './sink/index.ts';
export {
  type CompiledStatement,
  compileStatement,
  compileTemplate,
  type EvaluationContext,
  EvaluationError,
  type ExternalServices,
  jsonText,
  type KeyAttribute,
  type MessageProperties,
  parseSqlVersion,
  parseStatement,
  printStatement,
  RuleMessage,
  type Secret,
  type SqlVersion,
  sqlVersions,
} from './sql/index.ts';
export { topicMatches } from './topic-matches.ts';
export {
  type ActionDefinition,
  type RuleAction,
  ruleAction,
  type TopicRule,
  type TopicRulePayload,
  topicRuleArn,
} from './topic-rule.ts';
export {
  awsRuleLimits,
  openRuleLimits,
  type RuleFilter,
  type RuleLimits,
  TopicRules,
} from './topic-rule-service.ts';
export { topicRuleMigration } from './topic-rule-store.ts';
