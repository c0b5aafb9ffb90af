/** A rule as the publisher of what it republishes; it knows how often the message has been through rules. */
import type { Publisher } from '@thingd/broker';
import { type Realm, topicRuleArn } from '@thingd/core';

export class RulePublisher implements Publisher {
  /** No client published it, so `clientid()` has nothing to say. (unverified) */
  readonly clientId = '';
  /** The rule's ARN: what a shadow's history says of who changed it. */
  readonly principal: string;
  readonly hops: number;

  constructor(realm: Realm, ruleName: string, hops: number) {
    this.principal = topicRuleArn(realm, ruleName);
    this.hops = hops;
  }
}
