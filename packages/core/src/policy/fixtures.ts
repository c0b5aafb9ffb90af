/** Policies and requests as the tests of this folder write them. */
import { iotArn, type Realm } from '../realm.ts';
import { type CompiledPolicy, compilePolicy } from './compile.ts';
import { type ConnectionFacts, connectionContext, type PolicyContext } from './context.ts';
import { parsePolicy } from './document.ts';
import { type BoundPolicies, bindPolicies } from './evaluate.ts';

export const realm: Realm = { accountId: '000000000000', region: 'us-east-1' };

/** `arn('topic/a')` in the realm of the tests. */
export const arn = (resource: string): string => iotArn(realm, resource);

/** `any('topic/a')` in any realm, as policies are written for several. */
export const any = (resource: string): string => `arn:aws:iot:*:*:${resource}`;

type Elements = Readonly<Record<string, unknown>>;

export const allow = (action: unknown, resource: unknown, more: Elements = {}): Elements => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
  ...more,
});

export const deny = (action: unknown, resource: unknown, more: Elements = {}): Elements => ({
  ...allow(action, resource, more),
  Effect: 'Deny',
});

export const documentOf = (...statements: readonly Elements[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

export const policyOf = (...statements: readonly Elements[]): CompiledPolicy =>
  compilePolicy('tested', parsePolicy(documentOf(...statements)));

export const contextOf = (facts: Partial<ConnectionFacts> = {}): PolicyContext =>
  connectionContext({ now: () => Date.UTC(2027, 0, 31, 12), ...facts });

export const bind = (statements: readonly Elements[], facts: Partial<ConnectionFacts> = {}): BoundPolicies =>
  bindPolicies([policyOf(...statements)], contextOf(facts));
