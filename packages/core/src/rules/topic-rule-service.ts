/** Use-cases of rules as stored things. Who runs them is told by `Change`s. */
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey } from '../realm.ts';
import { awsRegistryLimits } from '../registry/limits.ts';
import { type Listing, mapPage, type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { retryStale } from '../store/retry.ts';
import { DuplicateKey } from '../store/store.ts';
import { checkTags, type Tag } from '../tags/tag.ts';
import { deleteAllTags, putTags } from '../tags/tag-store.ts';
import type { ActionRunners } from './action-runner.ts';
import { type CompiledPayload, compilePayload } from './compiled-rule.ts';
import { topicMatches } from './topic-matches.ts';
import { checkRuleSize, ruleAction, type TopicRule, type TopicRulePayload, topicRuleArn } from './topic-rule.ts';
import {
  countTopicRules,
  deleteTopicRule,
  insertTopicRule,
  listTopicRules,
  readTopicRule,
  replaceTopicRule,
  type StoredRule,
} from './topic-rule-store.ts';

/** How many rules there may be. Source: AWS general reference, "AWS IoT Core rules engine limits and quotas". */
export interface RuleLimits {
  readonly rulesOfRealm: number;
}

export const awsRuleLimits: RuleLimits = { rulesOfRealm: 1000 };
export const openRuleLimits: RuleLimits = { rulesOfRealm: 100_000 };

export interface RuleFilter extends PageRequest {
  /** Rules whose FROM selects this topic. */
  readonly topic?: string | undefined;
  readonly ruleDisabled?: boolean | undefined;
}

const listing: Listing<StoredRule> = {
  name: 'rules',
  order: ['string'],
  position: ({ rule }) => [rule.ruleName],
};

export class TopicRules {
  readonly #domain: Domain;
  readonly #runners: ActionRunners;
  readonly #limits: RuleLimits & { readonly tagsOfResource: number };

  constructor(
    domain: Domain,
    runners: ActionRunners,
    limits: RuleLimits & { readonly tagsOfResource: number } = { ...awsRuleLimits, ...awsRegistryLimits },
  ) {
    this.#domain = domain;
    this.#runners = runners;
    this.#limits = limits;
  }

  /**
   * Throws `SqlParseException`, `InvalidRequestException` or `NotImplementedException` for what cannot be run,
   * `ResourceAlreadyExistsException` for a name that is taken, `LimitExceededException`.
   */
  async create(realm: Realm, ruleName: string, payload: TopicRulePayload, tags: readonly Tag[] = []): Promise<void> {
    const { store, clock, changes } = this.#domain;
    const compiled = this.#compile(realm, payload);
    checkTags(tags, this.#limits);
    const key = realmKey(realm);
    if ((await countTopicRules(store, key)) >= this.#limits.rulesOfRealm) {
      throw new ServiceError('LimitExceededException', `there may be ${this.#limits.rulesOfRealm} rules`);
    }
    const rule: TopicRule = {
      ...payload,
      ruleName,
      ruleDisabled: payload.ruleDisabled ?? false,
      createdAt: clock.now(),
      version: 1,
    };
    const resourceArn = topicRuleArn(realm, ruleName);
    try {
      await store.commit([
        insertTopicRule(store, key, { rule, topicPattern: compiled.statement.topicFilter }),
        ...putTags(store, key, resourceArn, tags),
      ]);
    } catch (error) {
      if (!(error instanceof DuplicateKey)) throw error;
      const message = `rule \`${ruleName}\` exists already; use ReplaceTopicRule to change it`;
      throw new ServiceError('ResourceAlreadyExistsException', message, { resourceId: ruleName, resourceArn });
    }
    changes.emit({ kind: 'topicRule', realm, ruleName, rule });
    await this.#prepare(realm, compiled, payload);
  }

  /** Replaces everything but name, tags and time of creation. Throws as `create`, and as `get` for an unknown rule. */
  async replace(realm: Realm, ruleName: string, payload: TopicRulePayload): Promise<void> {
    const compiled = this.#compile(realm, payload);
    await this.#change(realm, ruleName, ({ rule: { createdAt, version } }) => ({
      rule: { ...payload, ruleName, ruleDisabled: payload.ruleDisabled ?? false, createdAt, version: version + 1 },
      topicPattern: compiled.statement.topicFilter,
    }));
    await this.#prepare(realm, compiled, payload);
  }

  /** Enabling an enabled rule, or disabling a disabled one, changes nothing. Throws as `get`. */
  async setDisabled(realm: Realm, ruleName: string, ruleDisabled: boolean): Promise<void> {
    await this.#change(realm, ruleName, ({ rule, topicPattern }) =>
      rule.ruleDisabled === ruleDisabled
        ? undefined
        : { rule: { ...rule, ruleDisabled, version: rule.version + 1 }, topicPattern },
    );
  }

  /**
   * Throws `UnauthorizedException` for a rule that does not exist: the model of these operations knows no other answer (AWS:
   * GetTopicRule, "Errors"; unverified on the service).
   */
  async get(realm: Realm, ruleName: string): Promise<TopicRule> {
    return (await this.#read(realm, ruleName)).rule;
  }

  /** Deleting a rule that does not exist succeeds (AWS: DeleteTopicRule, which knows no missing rule; unverified). */
  async delete(realm: Realm, ruleName: string): Promise<void> {
    const { store, changes } = this.#domain;
    const key = realmKey(realm);
    await store.commit([
      deleteTopicRule(store, key, ruleName),
      deleteAllTags(store, key, topicRuleArn(realm, ruleName)),
    ]);
    changes.emit({ kind: 'topicRule', realm, ruleName, rule: undefined });
  }

  /** Rules by name, each with what its FROM names. A page may be short where `topic` is given: the token says whether more follow. */
  async list(
    realm: Realm,
    filter: RuleFilter,
  ): Promise<Page<TopicRule & { readonly topicPattern: string | undefined }>> {
    const { topic, ruleDisabled } = filter;
    const page = await readPage(listing, filter, (after, limit) =>
      listTopicRules(this.#domain.store, realmKey(realm), ruleDisabled, after, limit),
    );
    const rules = mapPage(page, ({ rule, topicPattern }) => ({ ...rule, topicPattern }));
    if (topic === undefined) return rules;
    const selects = (pattern: string | undefined) =>
      pattern !== undefined && (pattern === topic || topicMatches(pattern, topic));
    return { ...rules, items: rules.items.filter(({ topicPattern }) => selects(topicPattern)) };
  }

  #compile(realm: Realm, payload: TopicRulePayload): CompiledPayload {
    checkRuleSize(payload);
    const compiled = compilePayload(payload, this.#runners);
    for (const { runner, parameters } of actionsOf(compiled, payload)) runner.admit?.(realm, parameters);
    return compiled;
  }

  async #prepare(realm: Realm, compiled: CompiledPayload, payload: TopicRulePayload): Promise<void> {
    for (const { runner, parameters } of actionsOf(compiled, payload)) await runner.stored?.(realm, parameters);
  }

  async #read(realm: Realm, ruleName: string): Promise<StoredRule> {
    const stored = await readTopicRule(this.#domain.store, realmKey(realm), ruleName);
    if (stored !== undefined) return stored;
    throw new ServiceError('UnauthorizedException', `Access to topic rule '${ruleName}' was denied: it does not exist`);
  }

  async #change(realm: Realm, ruleName: string, next: (present: StoredRule) => StoredRule | undefined): Promise<void> {
    const { store, changes } = this.#domain;
    await retryStale(async () => {
      const changed = next(await this.#read(realm, ruleName));
      if (changed === undefined) return;
      await store.commit([replaceTopicRule(store, realmKey(realm), changed)]);
      changes.emit({ kind: 'topicRule', realm, ruleName, rule: changed.rule });
    });
  }
}

/** Each action with its parameters as they stand in the rule, the error action last. */
function actionsOf({ actions, errorAction }: CompiledPayload, payload: TopicRulePayload) {
  const definitions = [...payload.actions, ...(payload.errorAction ? [payload.errorAction] : [])];
  const compiled = [...actions, ...(errorAction ? [errorAction] : [])];
  return compiled.map(({ runner }, index) => ({ runner, parameters: ruleAction(definitions[index]!).parameters }));
}
