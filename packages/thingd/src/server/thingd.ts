/** The whole program, from a configuration to bound ports and back. */
import { type ApiPluginOptions, operations, type ReportLinks, storedOnly } from '@thingd/api';
import { webSocketUpgrade } from '@thingd/broker';
import { type Clock, type Realm, realmKey, systemClock } from '@thingd/core';
import { deviceCaller, plainAddress, signedClient } from '../authorization/index.ts';
import { ServerCertificate } from '../certificates/index.ts';
import type { Configuration } from '../configuration/index.ts';
import { brokerConnections, brokerMessages } from '../data-plane/index.ts';
import { createMetrics, type Log, type Metrics } from '../observability/index.ts';
import { type RegistryWork, reportLinks, s3Storage, startRegistryWork } from '../registry/index.ts';
import { AwsClients } from '../rules/actions/aws/index.ts';
import { apiLog, webSocketRefusals } from './events.ts';
import { type Credentials, type Endpoints, removeEndpoints, writeEndpoints } from './files.ts';
import { type Ground, openGround } from './ground.ts';
import { createHttp, webSockets } from './http.ts';
import { type Listeners, openListeners } from './listeners.ts';
import { type Messaging, openMessaging } from './messaging.ts';
import { serverNames } from './server-names.ts';
import { Started } from './started.ts';

export interface RunningThingd {
  /** Where the program's files are. */
  readonly directory: string;
  readonly endpoints: Endpoints;
  readonly credentials: Credentials;
  /** PEM of what clients trust. */
  readonly rootCertificate: string;
  /** Stops accepting, says goodbye, writes out, and lets go of the directory. */
  close(): Promise<void>;
}

export interface ThingdOptions {
  readonly configuration: Configuration;
  readonly log: Log;
  readonly clock?: Clock;
  /** The database failed: nothing further can be kept, and the program should end. */
  readonly onFailure: (error: Error) => void;
}

/** Resolves when every listener is up. Rejects with `ConfigurationError` for what the user can mend; then nothing is left behind. */
export async function runThingd(options: ThingdOptions): Promise<RunningThingd> {
  const started = new Started();
  try {
    return await start(options, started);
  } catch (error) {
    await started.stop();
    throw error;
  }
}

async function start(options: ThingdOptions, started: Started): Promise<RunningThingd> {
  const { configuration, log, clock = systemClock, onFailure } = options;
  const sources: { ground?: Ground; messaging?: Messaging } = {};
  const metrics = createMetrics({
    broker: () => sources.messaging?.broker.metrics,
    rules: () => sources.messaging?.rules.engine.states() ?? [],
    fleetMetrics: () => sources.messaging?.fleet.metricValues() ?? [],
    storeWaiting: () => sources.ground?.store.waiting ?? 0,
  });
  const onCommit = metrics.storeCommit;
  const ground = await openGround({ configuration, clock, onFailure, onCommit }, started);
  sources.ground = ground;
  const bound: { endpoints?: Endpoints } = {};
  const address = () => bound.endpoints?.http ?? bound.endpoints?.https ?? '';
  const aws = new AwsClients(process.env, clock);
  started.push(() => aws.close());
  const messaging = await openMessaging(
    { configuration, ground, clock, log, metrics, onFailure, aws, address },
    started,
  );
  sources.messaging = messaging;

  const health = { up: false };
  const registry = await startRegistryWork({
    domain: ground.domain,
    services: ground.services,
    limits: configuration.limits,
    queries: ground.services.fleetQueries,
    indexed: () => messaging.fleet.indexer.flush(),
    storage: s3Storage(aws),
    failed: (error, where) => log.error({ event: 'failed', where, error }),
  });
  started.push(() => registry.close());
  const links = reportLinks(address);
  const parts = { configuration, ground, messaging, registry, links, metrics, clock, log, health };
  const { endpoints } = await openDoors(parts, started);
  bound.endpoints = endpoints;
  const { directory, credentials, authority } = ground;
  writeEndpoints(directory, endpoints);
  started.push(() => {
    health.up = false;
    removeEndpoints(directory);
  });
  health.up = true;
  log.info({ event: 'started', ...endpoints, directory, limits: configuration.limits.name });
  const close = async () => {
    await started.stop();
    log.info({ event: 'stopped' });
  };
  return { directory, endpoints, credentials, rootCertificate: authority.certificatePem, close };
}

interface Parts {
  readonly configuration: Configuration;
  readonly ground: Ground;
  readonly messaging: Messaging;
  readonly registry: RegistryWork;
  readonly links: ReportLinks;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: { readonly up: boolean };
}

async function openDoors(parts: Parts, started: Started): Promise<Listeners> {
  const { configuration, ground, messaging, registry, metrics, clock, log, health } = parts;
  const { services } = ground;
  const dev = configuration.mode === 'dev';
  const api = apiOptions(parts);
  const failed = (error: unknown, where: string) => log.error({ event: 'failed', where, error });
  const http = await createHttp({
    api,
    management: {
      authentication: api,
      accessKeys: services.accessKeys,
      certificates: services.certificates,
      permissions: messaging.permissions,
      denials: messaging.denials,
      shadowHistory: messaging.realms.shadows.history,
      rules: messaging.rules,
      clock,
      directory: ground.directory,
      dev,
      operatorAccount: configuration.defaultRealm.accountId,
      hasAccount: accountId => dev || configuration.realms.some(realm => realm.accountId === accountId),
      failed,
      accessKeyDeleted: accessKeyId => messaging.endConnections(({ principal }) => principal === accessKeyId),
    },
    confirmDestination: token => messaging.rules.destinations.confirm(token),
    reports: { registrationTasks: registry.registrationTasks },
    metrics,
    healthy: () => health.up,
    maxArrivingBytes: configuration.limits.maxArrivingBytes,
  });
  started.push(() => http.close());
  const certificate = await ServerCertificate.start({
    authority: ground.authority,
    names: serverNames(configuration.hostname, configuration.realms),
    clock,
    onRenew: renewed => listeners.renew(renewed),
    onError: error => failed(error, 'renewing the server certificate'),
  });
  started.push(() => certificate.close());
  const upgrade = webSockets({
    authentication: api,
    upgrade: webSocketUpgrade(messaging.broker),
    client: identity => signedClient(identity, services.accessKeys, dev),
    anonymous: dev ? messaging.anonymous : undefined,
    refused: webSocketRefusals(log),
  });
  const listeners = await openListeners({
    configuration,
    broker: messaging.broker,
    routing: http.routing.bind(http),
    upgrade,
    certificate: certificate.current,
    mayConnect: der => messaging.devices.mayConnect(der),
    failed,
  });
  started.push(() => listeners.close());
  return listeners;
}

function apiOptions({
  configuration,
  ground,
  messaging,
  registry,
  links,
  metrics,
  clock,
  log,
}: Parts): ApiPluginOptions {
  const { mode, defaultRealm, hostname } = configuration;
  const served = new Set(configuration.realms.map(realmKey));
  const hasRealm = (realm: Realm) => mode === 'dev' || served.has(realmKey(realm));
  const { devices, permissions, presence, denials, realms, rules, fleet } = messaging;
  const open = (realm: Realm) => realms.open(realm);
  return {
    handlers: operations({
      ...ground.services,
      registration: registry.registration,
      registrationTasks: registry.registrationTasks,
      reportLinks: links,
      shadows: realms.shadows.service,
      topicRules: rules.topicRules,
      ruleDestinations: rules.destinations,
      messages: brokerMessages(open, configuration.limits),
      connections: brokerConnections(open, presence),
      clock,
      endpoints: { address: () => hostname },
      fleetIndexing: fleet.fleetIndexing,
      fleetMetrics: fleet.fleetMetrics,
      thingConnectivity: fleet.thingConnectivity,
    }),
    storedOnly,
    maxRequestBytes: configuration.limits.maxRequestBytes,
    first: () => messaging.broker.writeOut(),
    accessKeys: ground.services.accessKeys,
    clock,
    dev: mode === 'dev' ? { realm: defaultRealm } : undefined,
    hasRealm,
    log: apiLog(log, metrics),
    onDenied: ({ caller, action, resource }, realm) => {
      const denied = { realm: realmKey(realm), principal: caller.principal, clientId: undefined, action, resource };
      const { explain } = caller;
      if (explain !== undefined) denials.record(denied, () => explain(action, resource));
    },
    resolveCertificate: (der, domainName, sourceIp) =>
      deviceCaller(der, { domainName, sourceIp: plainAddress(sourceIp) }, { devices, permissions, clock }),
  };
}
