/** A rule: which messages it selects, what it makes of them, and what is to be done with that. */
import { ServiceError } from '../errors.ts';
import { iotArn, type Realm } from '../realm.ts';

/** One action as the API takes it: exactly one member, named like the kind of action. */
export type ActionDefinition = Readonly<Record<string, unknown>>;

/** What `CreateTopicRule` and `ReplaceTopicRule` are given (AWS: `TopicRulePayload`). */
export interface TopicRulePayload {
  readonly sql: string;
  readonly description?: string | undefined;
  readonly actions: readonly ActionDefinition[];
  readonly ruleDisabled?: boolean | undefined;
  readonly awsIotSqlVersion?: string | undefined;
  readonly errorAction?: ActionDefinition | undefined;
}

export interface TopicRule extends TopicRulePayload {
  readonly ruleName: string;
  readonly ruleDisabled: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** 1 at creation, one more with each change. */
  readonly version: number;
}

/** An action by its kind, such as `republish`, and that kind's parameters. */
export interface RuleAction {
  readonly kind: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export const topicRuleArn = (realm: Realm, ruleName: string): string => iotArn(realm, `rule/${ruleName}`);

/** Bytes of a rule as JSON (AWS general reference: "Maximum size of a rule definition"; older pages allow the double). */
const maximumRuleBytes = 256 * 1024;

/** Throws `InvalidRequestException` unless the definition has exactly one member, and that an object. */
export function ruleAction(definition: ActionDefinition): RuleAction {
  const members = Object.entries(definition).filter(([, parameters]) => parameters !== undefined);
  const [kind, parameters] = members[0] ?? [];
  if (kind === undefined || members.length !== 1 || typeof parameters !== 'object' || parameters === null) {
    const given = members.map(([name]) => `\`${name}\``).join(', ') || 'none';
    throw invalid(`an action has exactly one member, the kind of action, but this one has ${given}`);
  }
  return { kind, parameters: parameters as Readonly<Record<string, unknown>> };
}

/** Throws `InvalidRequestException` for a rule that is too large. */
export function checkRuleSize({ ruleDisabled: _, ...payload }: TopicRulePayload): void {
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  if (bytes > maximumRuleBytes) throw invalid(`the rule has ${bytes} bytes; it may have ${maximumRuleBytes}`);
}

const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);
