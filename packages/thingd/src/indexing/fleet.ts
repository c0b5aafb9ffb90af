/** Fleet indexing in the program: follows the broker's connections and the domain's changes, and keeps the pace. */
import type { ConnectionInfo, Disconnection } from '@thingd/broker';
import {
  type Domain,
  FleetIndexing,
  FleetMetrics,
  Indexer,
  type IndexingLimits,
  type Presence,
  ThingConnectivity,
} from '@thingd/core';
import type { AwsClients } from '../rules/actions/aws/index.ts';
import { CloudWatchMetrics } from './cloudwatch-metrics.ts';
import { DatabaseReader } from './database-reader.ts';
import { FleetMetricPublishing, type FleetMetricValue } from './fleet-metric-publishing.ts';
import { Minutes } from './minutes.ts';

export interface FleetOptions {
  readonly domain: Domain;
  readonly limits: IndexingLimits & { readonly tagsOfResource: number };
  readonly presence: Presence;
  /** The database's file; undefined while it is in memory. */
  readonly databasePath: string | undefined;
  /** For CloudWatch, if fleet metrics are to be sent to one. */
  readonly aws: AwsClients;
  readonly failed: (error: unknown, where: string) => void;
}

export interface Fleet {
  readonly fleetIndexing: FleetIndexing;
  readonly fleetMetrics: FleetMetrics;
  /** Numbers of the fleet metrics, as last computed. */
  metricValues(): Iterable<FleetMetricValue>;
  readonly thingConnectivity: ThingConnectivity;
  /** Tells of the things it has indexed; dynamic groups and the like may listen. */
  readonly indexer: Indexer;
  /** To be called after presence has been told. */
  connected(connection: ConnectionInfo): void;
  disconnected(connection: ConnectionInfo, disconnection: Disconnection): void;
  /** Writes out what has been heard. */
  close(): Promise<void>;
}

/** How long changes are gathered, in milliseconds: what comes within it costs one commit. */
const gathering = 50;

export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const { domain, limits, presence, databasePath, aws, failed } = options;
  const reader = databasePath === undefined ? undefined : new DatabaseReader(databasePath);
  const pace = new Pace(async () => {
    await thingConnectivity.flush();
    await indexer.flush();
  });
  const onPending = () => pace.start();
  const thingConnectivity = new ThingConnectivity(domain, {
    onPending,
    limits,
    failed: error => failed(error, 'writing connectivity'),
  });
  const indexer = new Indexer(domain, { onPending, failed: error => failed(error, 'indexing') });
  const fleetIndexing = new FleetIndexing(domain, indexer, {
    limits,
    ...(reader && { reader }),
    // A search finds a client that connected before it.
    settle: () => thingConnectivity.flush(),
    failed: error => failed(error, 'building an index'),
  });
  const fleetMetrics = new FleetMetrics(domain, fleetIndexing, limits);
  const cloudWatch = CloudWatchMetrics.isConfigured(aws)
    ? new CloudWatchMetrics({ clients: aws, failed: error => failed(error, 'sending fleet metrics to CloudWatch') })
    : undefined;
  const publishing = new FleetMetricPublishing({ fleetMetrics, changes: domain.changes, cloudWatch, failed });
  await fleetIndexing.start();
  await thingConnectivity.start();
  // What one process of several has to do: where there are more, whoever holds the lease has the minutes.
  const minutes = new Minutes({
    clock: domain.clock,
    work: async signal => {
      await thingConnectivity.fade().catch(error => failed(error, 'fading connectivity'));
      await publishing.publish(signal);
    },
  });
  return {
    fleetIndexing,
    fleetMetrics,
    metricValues: () => publishing.values(),
    thingConnectivity,
    indexer,
    connected({ realm, clientId, id }) {
      thingConnectivity.connected(realm, clientId, id, presence.versionNumber(`${realm} ${clientId}`) ?? 0);
    },
    disconnected({ realm, clientId, id, sessionExpiryInterval }, { disconnectReason }) {
      thingConnectivity.disconnected(realm, clientId, id, disconnectReason, sessionExpiryInterval);
    },
    async close() {
      pace.stop();
      await minutes.stop();
      publishing.close();
      await thingConnectivity.close();
      await fleetIndexing.close();
      await reader?.close();
    },
  };
}

/** Runs some work a moment after it was asked for, once however often that was. */
class Pace {
  readonly #work: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  start(): void {
    if (this.#stopped) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // Its parts report their own failures.
      void this.#work();
    }, gathering);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
