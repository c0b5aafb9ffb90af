/** Rules in the program: the stored ones, the engine that runs them, and what both need of the broker and the registry. */
import type { RealmHandle } from '@thingd/broker';
import {
  type Clock,
  Destinations,
  type Domain,
  queueLimits,
  type Realm,
  RuleEngine,
  type RuleLimits,
  type RuleObserver,
  type Shadows,
  type ThingGroupMemberships,
  type Things,
  TopicRules,
} from '@thingd/core';
import type { FunctionFile } from '../configuration/index.ts';
import type { SigningCredentials } from '../signature/index.ts';
import type { AwsClients } from './actions/aws/index.ts';
import { actionRunners } from './actions/index.ts';
import { InfluxClient } from './actions/influxdb/index.ts';
import { KafkaProducers, openKafkaJs } from './actions/kafka/index.ts';
import { sendChallenge } from './challenge.ts';
import { LocalFunctions } from './functions/index.ts';
import { BrokerRuleSource } from './rule-source.ts';
import { evaluationContext } from './services/index.ts';
import { Sinks, type SinksOptions } from './sinks/index.ts';

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
  /** Files by the name or ARN of the Lambda function they stand for. */
  readonly functions: Readonly<Record<string, FunctionFile>>;
  /** Milliseconds from the first attempt at an action until it is given up. */
  readonly retryTime: number;
  /** A line a function printed. */
  readonly printed: (functionName: string, line: string) => void;
  /** Where this thingd is reached over HTTP. */
  readonly address: () => string;
  readonly sinks: Omit<SinksOptions, 'domain'>;
  readonly aws: AwsClients;
}

export class Rules {
  readonly topicRules: TopicRules;
  readonly engine: RuleEngine;
  readonly destinations: Destinations;
  readonly sinks: Sinks;
  readonly #functions: LocalFunctions;
  readonly #kafkaProducers: KafkaProducers;
  readonly #stopping: AbortController;

  private constructor(parts: {
    readonly topicRules: TopicRules;
    readonly engine: RuleEngine;
    readonly destinations: Destinations;
    readonly sinks: Sinks;
    readonly functions: LocalFunctions;
    readonly kafkaProducers: KafkaProducers;
    readonly stopping: AbortController;
  }) {
    this.topicRules = parts.topicRules;
    this.engine = parts.engine;
    this.destinations = parts.destinations;
    this.sinks = parts.sinks;
    this.#functions = parts.functions;
    this.#kafkaProducers = parts.kafkaProducers;
    this.#stopping = parts.stopping;
  }

  /** Resolves when every rule listens. Rejects with `ConfigurationError` where there is nothing to run a function with, or a sink cannot be. */
  static async start(options: RulesOptions): Promise<Rules> {
    const { domain, clock, limits, open, eachRealm, observer, aws } = options;
    const stopping = new AbortController();
    const functions = await LocalFunctions.open({ files: options.functions, printed: options.printed });
    const { signal } = stopping;
    const influxClient = new InfluxClient(aws);
    const destinations = new Destinations(domain, async (realm, destination) => {
      const { target } = destination;
      if (target.kind === 'influxdb') await influxClient.validate(destination, target, { realm, signal });
      else await sendChallenge(destination, target.confirmationUrl, options.address(), signal);
      return target.kind === 'influxdb';
    });
    const kafkaProducers = new KafkaProducers(openKafkaJs);
    const sinks = await Sinks.open({ ...options.sinks, domain });
    const runners = actionRunners({
      open,
      functions,
      destinations,
      sinks,
      clock,
      aws,
      influxClient,
      kafkaProducers,
      credentials: environmentCredentials,
    });
    const source = new BrokerRuleSource(open);
    const contextOf = evaluationContext({ ...options, functions, signal: stopping.signal });
    const { store, changes } = domain;
    const engine = await RuleEngine.start({
      store,
      clock,
      changes,
      source,
      runners,
      observer,
      contextOf,
      limits: { ...queueLimits, retryFor: options.retryTime },
    });
    eachRealm((realm, handle) => {
      const ingest = (message: Parameters<Parameters<RealmHandle['handle']>[1]>[0]) =>
        engine.ingest(realm, source.arrived(handle, message));
      handle.handle('$aws/rules/#', ingest, { exclusive: true });
    });
    const topicRules = new TopicRules(domain, runners, limits);
    return new Rules({ topicRules, engine, destinations, sinks, functions, kafkaProducers, stopping });
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.engine.close();
    await this.#functions.close();
    await this.#kafkaProducers.close();
    await this.sinks.close();
  }
}

/** As AWS's own tools find them, but no files and no metadata services. */
const environmentCredentials = (): SigningCredentials | undefined => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return undefined;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN || undefined,
  };
};
