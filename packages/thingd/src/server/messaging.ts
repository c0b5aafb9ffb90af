/** The broker with everything that decides for it and listens to it. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Broker, type ConnectionInfo, ReasonCode } from '@thingd/broker';
import {
  type Clock,
  compilePolicy,
  Presence,
  parsePolicy,
  type Realm,
  RegistryAnnouncer,
  realmKey,
  ServiceError,
  startPresenceRun,
  systemTimers,
} from '@thingd/core';
import {
  ClientAuthenticator,
  type ClientIdentity,
  Denials,
  DeviceCertificates,
  everything,
  LiveConnections,
  PermissionResolver,
} from '../authorization/index.ts';
import { type Configuration, ConfigurationError, readSinks } from '../configuration/index.ts';
import { LifecycleEvents } from '../events/index.ts';
import { type Fleet, openFleet } from '../indexing/index.ts';
import type { Log, Metrics } from '../observability/index.ts';
import type { AwsClients } from '../rules/actions/aws/index.ts';
import { Rules, ruleLog } from '../rules/index.ts';
import { SqliteBrokerStore } from '../store/index.ts';
import { brokerEvents } from './events.ts';
import type { Ground } from './ground.ts';
import { Realms } from './realms.ts';
import type { Started } from './started.ts';
import { databaseName } from './state.ts';

export interface Messaging {
  readonly broker: Broker;
  readonly realms: Realms;
  readonly rules: Rules;
  readonly devices: DeviceCertificates;
  readonly permissions: PermissionResolver;
  readonly presence: Presence;
  readonly fleet: Fleet;
  readonly denials: Denials;
  /** Who comes without credentials; undefined is nobody. */
  readonly anonymous: ClientIdentity | undefined;
  /** Ends connections whose credentials are not valid any more. */
  endConnections(select: (connection: ConnectionInfo) => boolean): void;
}

export interface MessagingOptions {
  readonly configuration: Configuration;
  readonly ground: Ground;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onFailure: (error: Error) => void;
  readonly aws: AwsClients;
  /** Where this thingd is reached over HTTP, once it is. */
  readonly address: () => string;
}

export async function openMessaging(options: MessagingOptions, started: Started): Promise<Messaging> {
  const { configuration, ground, clock, log, metrics, onFailure, aws, address } = options;
  const { domain, services, store } = ground;
  const { defaultRealm } = configuration;
  const failed = (error: unknown, where: string) => log.error({ event: 'failed', where, error });

  const certificateDisabled = ({ realm, certificateId }: { readonly realm: Realm; readonly certificateId: string }) => {
    const key = realmKey(realm);
    endConnections(connection => connection.principal === certificateId && connection.realm === key);
  };
  const live = new LiveConnections({
    changes: domain.changes,
    certificateDisabled,
    lost: authorizers => {
      broker.disconnect(({ authorizer }) => authorizers.has(authorizer), {
        reasonCode: ReasonCode.implementationSpecificError,
        disconnectReason: 'SERVER_ERROR',
        reason: 'its permissions have changed and cannot be read',
      });
    },
    failed: error => failed(error, 'binding permissions'),
    timers: systemTimers,
  });
  started.push(() => live.close());
  const denials = new Denials(log, clock);
  const permissions = new PermissionResolver(services.effectivePolicies, services.policies);
  const devices = new DeviceCertificates({
    certificates: services.certificates,
    registration: services.certificateRegistration,
    clock,
    defaultRealm,
    registered: (realm, { topic, payload }, clientId) => realms.publish(realm, topic, payload, clientId),
  });
  const presence = new Presence(clock, { firstVersion: await startPresenceRun(store) });
  const publish = (realm: Realm, topic: string, payload: object): void => realms.publish(realm, topic, payload);
  const lifecycle = new LifecycleEvents({ clock, presence, publish });
  const fleet = await openFleet({
    domain,
    limits: configuration.limits,
    presence,
    databasePath: configuration.dataDir === undefined ? undefined : join(ground.directory, databaseName),
    aws,
    failed,
  });
  started.push(() => fleet.close());
  const anonymous = anonymousIdentity(configuration);
  const authenticator = new ClientAuthenticator({
    devices,
    permissions,
    live,
    denials,
    explainDenials: configuration.limits.explainDenials,
    clock,
    anonymous,
    certificateDisabled,
    entering: realm => realms.open(realm),
    unauthorized: attempt => lifecycle.connectFailed(attempt),
  });
  const broker = await Broker.start({
    profile: configuration.limits,
    authenticator,
    store: new SqliteBrokerStore(store),
    clock,
    observer: brokerEvents({ log, authenticator, lifecycle, fleet, failed, onFailure }),
  });
  started.push(() => broker.close());
  const endConnections = (select: (connection: ConnectionInfo) => boolean): void => {
    broker.disconnect(select, {
      reasonCode: ReasonCode.notAuthorized,
      disconnectReason: 'FORBIDDEN_ACCESS',
      reason: 'the credentials are not valid any more',
    });
  };
  const { limits, shadowHistoryVersions, shadowHistoryAge } = configuration;
  const shadows = { limits, historyVersions: shadowHistoryVersions, historyAge: shadowHistoryAge };
  const realms = new Realms({ broker, domain, shadows, failed });
  started.push(() => realms.shadows.close());
  for (const realm of configuration.realms) realms.open(realm);
  const sinks = {
    configured: readSinks(configuration.sinks),
    defaultRealm,
    directory: join(ground.directory, 'sinks'),
    origin: createHash('sha256').update(ground.authority.certificatePem).digest('hex').slice(0, 12),
  };
  const rules = await Rules.start({
    domain,
    clock,
    limits,
    open: realm => realms.open(realm),
    eachRealm: opened => realms.each(opened),
    shadows: realms.shadows.service,
    things: services.things,
    thingGroupMemberships: services.thingGroupMemberships,
    observer: ruleLog({ log, actionEnded: metrics.ruleAction, failed }),
    functions: configuration.functions,
    retryTime: configuration.ruleRetryTime,
    printed: (functionName, line) => log.info({ event: 'function.printed', functionName, line }),
    address,
    sinks,
    aws,
  });
  started.push(() => rules.close());
  const announcer = new RegistryAnnouncer(domain, {
    configurations: services.eventConfigurations,
    publish,
    failed: error => failed(error, 'telling of a change in the registry'),
  });
  started.push(() => announcer.close());
  return { broker, realms, rules, devices, permissions, presence, fleet, denials, anonymous, endConnections };
}

/** Throws `ConfigurationError` for a policy document that is none. */
function anonymousIdentity({ mode, anonymousPolicy, defaultRealm }: Configuration): ClientIdentity | undefined {
  const identity = { kind: 'other', realm: defaultRealm, principal: 'anonymous' } as const;
  if (anonymousPolicy === undefined) return mode === 'dev' ? { ...identity, policies: everything } : undefined;
  if (!anonymousPolicy.startsWith('{')) return { ...identity, policies: { policyName: anonymousPolicy } };
  try {
    return { ...identity, policies: [compilePolicy('anonymous', parsePolicy(anonymousPolicy))] };
  } catch (error) {
    if (error instanceof ServiceError) throw new ConfigurationError(`--anonymous-policy: ${error.message}`);
    throw error;
  }
}
