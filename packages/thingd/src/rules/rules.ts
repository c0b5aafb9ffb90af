/** Rules in the program: the stored ones, the engine that runs them, and what both need of the broker and the registry. */
import type { RealmHandle } from '@thingd/broker';
import {
  type Clock,
  type Domain,
  type Realm,
  RuleEngine,
  type RuleLimits,
  type RuleObserver,
  type Shadows,
  type ThingGroupMemberships,
  type Things,
  TopicRules,
} from '@thingd/core';
import { actionRunners } from './actions/index.ts';
import { evaluationContext } from './external-services.ts';
import { BrokerRuleSource } from './rule-source.ts';

export interface RulesOptions {
  readonly domain: Domain;
  readonly clock: Clock;
  readonly limits: RuleLimits & { readonly tagsOfResource: number };
  readonly open: (realm: Realm) => RealmHandle;
  /** Calls back for each realm that is open, and each that will be. */
  readonly eachRealm: (opened: (realm: Realm, handle: RealmHandle) => void) => void;
  readonly shadows: Shadows;
  readonly things: Things;
  readonly thingGroupMemberships: ThingGroupMemberships;
  readonly observer: RuleObserver;
}

export class Rules {
  readonly topicRules: TopicRules;
  readonly engine: RuleEngine;

  private constructor(topicRules: TopicRules, engine: RuleEngine) {
    this.topicRules = topicRules;
    this.engine = engine;
  }

  /** Resolves when every rule listens. */
  static async start(options: RulesOptions): Promise<Rules> {
    const { domain, clock, limits, open, eachRealm, observer } = options;
    const runners = actionRunners({ open });
    const source = new BrokerRuleSource(open);
    const contextOf = evaluationContext({
      ...options,
      invokeFunction: async functionArn => {
        throw new Error(`no file is mapped to the function \`${functionArn}\``);
      },
    });
    const { store, changes } = domain;
    const engine = await RuleEngine.start({ store, clock, changes, source, runners, observer, contextOf });
    eachRealm((realm, handle) => {
      const ingest = (message: Parameters<Parameters<RealmHandle['handle']>[1]>[0]) =>
        engine.ingest(realm, source.arrived(handle, message));
      handle.handle('$aws/rules/#', ingest, { exclusive: true });
    });
    return new Rules(new TopicRules(domain, runners, limits), engine);
  }

  async close(): Promise<void> {
    await this.engine.close();
  }
}
