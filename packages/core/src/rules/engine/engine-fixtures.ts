/** An engine for tests: tables in memory, a clock and timers that are moved by hand, and an action whose target is scripted. */
import { type Realm, realmKey } from '../../realm.ts';
import { openDomain, realm, type TestDomain } from '../../testing/domain.ts';
import { ManualTimers } from '../../testing/timers.ts';
import { ActionFailure, type ActionRequest, type ActionRunner, type BatchLimits } from '../action-runner.ts';
import type { ExternalServices } from '../sql/index.ts';
import { topicMatches } from '../topic-matches.ts';
import type { TopicRulePayload } from '../topic-rule.ts';
import { TopicRules } from '../topic-rule-service.ts';
import { ArrivedMessage, type ArrivedMessageOptions } from './invocation.ts';
import { RuleEngine, type RuleHandler, type RuleSource } from './rule-engine.ts';
import type { ActionEnd, NotRun } from './rule-observer.ts';
import type { QueueLimits } from './rule-queue.ts';

/** A target that fails as often as it is told to. It takes batches where `batch` has limits, one for each `to`. */
export class ScriptedTarget implements ActionRunner {
  readonly failedAction = 'ScriptedAction';
  readonly confidential = ['login.password'];
  readonly requests: ActionRequest[] = [];
  /** The payloads of each call. */
  readonly calls: string[][] = [];
  /** While set, what each attempt fails with. */
  failure: { readonly message: string; readonly isTransient: boolean } | undefined;
  /** While set, attempts wait for it. */
  gate: Promise<void> | undefined;

  check(): void {}

  resourceOf(): string {
    return 'the target';
  }

  readonly batching = {
    limits: ({ batch }: ActionRequest['parameters']) => batch as BatchLimits | undefined,
    place({ parameters, payload }: ActionRequest) {
      if (payload.toString() === '{"n":"unfit"}') throw new Error('no batch can hold it');
      return { key: String(parameters.to), count: 1, bytes: payload.length };
    },
    run: (requests: readonly ActionRequest[]) => this.#call(requests),
  };

  run(request: ActionRequest): ReturnType<ActionRunner['run']> {
    return this.#call([request]);
  }

  async #call(requests: readonly ActionRequest[]): Promise<{ request: string }> {
    this.requests.push(...requests);
    this.calls.push(requests.map(({ payload }) => payload.toString()));
    await this.gate;
    if (this.failure !== undefined) throw new ActionFailure(this.failure.message, this.failure);
    return { request: 'scripted' };
  }

  get payloads(): string[] {
    return this.requests.map(({ payload }) => payload.toString());
  }
}

class TestSource implements RuleSource {
  readonly listeners = new Set<{ readonly filter: string; readonly handler: RuleHandler }>();

  listen(_realm: Realm, filter: string, handler: RuleHandler): () => void {
    const listener = { filter, handler };
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

export interface Bench {
  readonly domain: TestDomain;
  readonly timers: ManualTimers;
  readonly target: ScriptedTarget;
  readonly other: ScriptedTarget;
  readonly rules: TopicRules;
  readonly engine: RuleEngine;
  readonly ended: ActionEnd[];
  readonly notRun: NotRun[];
  readonly failures: unknown[];
  create(ruleName: string, payload: Partial<TopicRulePayload> & { readonly sql: string }): Promise<void>;
  publish(topic: string, payload: string, options?: Partial<ArrivedMessageOptions>): Promise<void>;
  stored(): Promise<number>;
}

/** `domain` of another bench is what a restart finds. */
export async function openBench(
  options: { domain?: TestDomain; limits?: QueueLimits; services?: Partial<ExternalServices> } = {},
): Promise<Bench> {
  const domain = options.domain ?? (await openDomain());
  const timers = new ManualTimers();
  const target = new ScriptedTarget();
  const other = new ScriptedTarget();
  const runners = { sqs: target, sns: other };
  const source = new TestSource();
  const ended: ActionEnd[] = [];
  const notRun: NotRun[] = [];
  const failures: unknown[] = [];
  const unavailable = async (): Promise<never> => {
    throw new Error('unavailable');
  };
  const engine = await RuleEngine.start({
    ...domain,
    timers,
    random: () => 1,
    source,
    runners,
    ...(options.limits && { limits: options.limits }),
    observer: {
      actionEnded: end => ended.push(end),
      notRun: (_, what) => notRun.push(what),
      failed: error => failures.push(error),
    },
    contextOf: ({ accountId }) => ({
      accountId,
      clock: domain.clock,
      random: () => 0.5,
      uuid: () => crypto.randomUUID(),
      services: {
        invokeLambda: unavailable,
        getDynamodbItem: unavailable,
        getRegistryData: unavailable,
        getSecret: unavailable,
        getThingShadow: unavailable,
        predict: unavailable,
        getDescriptorSet: unavailable,
        ...options.services,
      },
    }),
  });
  const rules = new TopicRules(domain, runners);
  return {
    domain,
    timers,
    target,
    other,
    rules,
    engine,
    ended,
    notRun,
    failures,
    create: (ruleName, payload) =>
      rules.create(realm, ruleName, { actions: [{ sqs: {} }], awsIotSqlVersion: '2016-03-23', ...payload }),
    async publish(topic, payload, more = {}) {
      const message = new ArrivedMessage({
        topic,
        payload: Buffer.from(payload),
        qos: 1,
        hops: 0,
        sourceIp: () => undefined,
        ...more,
      });
      if (topic.startsWith('$aws/rules/')) return engine.ingest(realm, message);
      for (const { filter, handler } of [...source.listeners]) {
        if (topicMatches(filter, topic)) await handler(message);
      }
    },
    async stored() {
      await settled();
      timers.advance(20);
      await settled();
      const query = 'select count(*) as count from rule_invocation where realm = ?';
      const [row] = await domain.store.all<{ count: number }>({ sql: query, parameters: [realmKey(realm)] });
      return row!.count;
    },
  };
}

/** Everything that waits for nothing but its turn has had it. */
export const settled = (): Promise<void> => new Promise(resolve => setImmediate(() => setImmediate(resolve)));
