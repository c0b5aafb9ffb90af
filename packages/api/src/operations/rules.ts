/** Rules. */
import { ServiceError, type Tag, type TopicRulePayload, type TopicRules, topicRuleArn } from '@thingd/core';
import type { TopicRulePayload as PayloadInput } from '../generated/iot.ts';
import type { IotHandlers } from './operation.ts';

export interface RuleServices {
  readonly topicRules: TopicRules;
}

export const ruleOperations = ({ topicRules }: RuleServices): IotHandlers => ({
  async CreateTopicRule({ ruleName, topicRulePayload, tags }, { realm }) {
    await topicRules.create(realm, ruleName, payloadOf(topicRulePayload), tagsOf(tags));
  },

  async ReplaceTopicRule({ ruleName, topicRulePayload }, { realm }) {
    await topicRules.replace(realm, ruleName, payloadOf(topicRulePayload));
  },

  async GetTopicRule({ ruleName }, { realm }) {
    const { createdAt, version: _, ...rule } = await topicRules.get(realm, ruleName);
    return { ruleArn: topicRuleArn(realm, ruleName), rule: { ...rule, createdAt: new Date(createdAt) } };
  },

  async ListTopicRules(input, { realm }) {
    const { items, nextToken } = await topicRules.list(realm, input);
    const rules = items.map(({ ruleName, topicPattern, createdAt, ruleDisabled }) => ({
      ruleArn: topicRuleArn(realm, ruleName),
      ruleName,
      topicPattern,
      createdAt: new Date(createdAt),
      ruleDisabled,
    }));
    return { rules, nextToken };
  },

  async EnableTopicRule({ ruleName }, { realm }) {
    await topicRules.setDisabled(realm, ruleName, false);
  },

  async DisableTopicRule({ ruleName }, { realm }) {
    await topicRules.setDisabled(realm, ruleName, true);
  },

  async DeleteTopicRule({ ruleName }, { realm }) {
    await topicRules.delete(realm, ruleName);
  },
});

const payloadOf = (payload: PayloadInput): TopicRulePayload => payload as unknown as TopicRulePayload;

/** `k1=v1&k2=v2`, as the header `x-amz-tagging` has them. Throws `InvalidRequestException`. */
function tagsOf(text: string | undefined): Tag[] {
  if (text === undefined || text === '') return [];
  return text.split('&').map(pair => {
    const equals = pair.indexOf('=');
    try {
      const Key = decodeURIComponent(equals < 0 ? pair : pair.slice(0, equals));
      const Value = equals < 0 ? '' : decodeURIComponent(pair.slice(equals + 1));
      if (Key !== '') return { Key, Value };
    } catch {}
    throw new ServiceError(
      'InvalidRequestException',
      `the tags \`${text}\` are not of the form \`key=value&key=value\``,
    );
  });
}
