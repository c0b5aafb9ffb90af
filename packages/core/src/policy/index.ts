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
export { type BoundPolicies, bindPolicies, type Decision } from './evaluate.ts';
export type { Explanation, MatchedStatement, NearMiss, StatementReference, VariableValue } from './explain.ts';
export { lintPolicy, type PolicyWarning } from './lint.ts';
export { decideReceive } from './receive.ts';
