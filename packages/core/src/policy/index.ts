/** The policy engine's door. */
export { dataPlaneActions, knownActions } from './actions.ts';
export { type CompiledPolicy, compilePolicy } from './compile.ts';
export {
  type ConnectAttribute,
  type ConnectionFacts,
  connectionContext,
  type PolicyContext,
  type ThingFacts,
} from './context.ts';
export { type PolicyDocument, type PolicyStatement, parsePolicy } from './document.ts';
export * from './effective-policies.ts';
export { type BoundPolicies, bindPolicies, type Decision } from './evaluate.ts';
export type { Explanation, MatchedStatement, NearMiss, StatementReference, VariableValue } from './explain.ts';
export { lintPolicy, type PolicyWarning } from './lint.ts';
export type { AttachedPolicy, PolicyAttachment } from './policy-attachment-store.ts';
export * from './policy-attachments.ts';
export * from './policy-service.ts';
export * from './policy-simulation.ts';
export type { Policy, PolicyVersion } from './policy-store.ts';
export { decideReceive } from './receive.ts';
