/** Fleet indexing in the program: follows the broker's connections and the domain's changes, and keeps the pace. */
import type { ConnectionInfo, Disconnection } from '@thingd/broker';
import {
  type Clock,
  type Datapoint,
  type Domain,
  FleetIndexing,
  FleetMetrics,
  Indexer,
  type IndexingLimits,
  type Presence,
  type Realm,
  ThingConnectivity,
} from '@thingd/core';
import { DatabaseReader } from './database-reader.ts';

export interface FleetOptions {
  readonly domain: Domain;
  readonly limits: IndexingLimits & { readonly tagsOfResource: number };
  readonly presence: Presence;
  /** The database's file; undefined while it is in memory. */
  readonly databasePath: string | undefined;
  /** A fleet metric was due. */
  readonly computed: (realm: Realm, metricName: string, datapoints: readonly Datapoint[]) => void;
  readonly failed: (error: unknown, where: string) => void;
}

export interface Fleet {
  readonly fleetIndexing: FleetIndexing;
  readonly fleetMetrics: FleetMetrics;
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
const gathering = 20;
const minute = 60_000;

export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const { domain, limits, presence, databasePath, computed, failed } = options;
  const reader = databasePath === undefined ? undefined : new DatabaseReader(databasePath);
  const pace = new Pace(async () => {
    await thingConnectivity.flush();
    await indexer.flush();
  });
  const onPending = () => pace.start();
  const thingConnectivity = new ThingConnectivity(domain, {
    onPending,
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
  const minutes = new Minutes(domain.clock, now =>
    fleetMetrics
      .tick(
        now,
        (realm, { metricName }, datapoints) => computed(realm, metricName, datapoints),
        (error, metricName) => failed(error, `computing fleet metric \`${metricName}\``),
      )
      .catch(error => failed(error, 'computing fleet metrics')),
  );
  await fleetIndexing.start();
  await thingConnectivity.start();
  return {
    fleetIndexing,
    fleetMetrics,
    thingConnectivity,
    indexer,
    connected({ realm, clientId, id }) {
      thingConnectivity.connected(realm, clientId, id, presence.versionNumber(`${realm} ${clientId}`) ?? 0);
    },
    disconnected({ realm, clientId, id }, { disconnectReason }) {
      thingConnectivity.disconnected(realm, clientId, id, disconnectReason);
    },
    async close() {
      pace.stop();
      await minutes.stop();
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

/** Does some work at the beginning of each minute; a minute that the work before took too long for is left out. */
class Minutes {
  readonly #clock: Clock;
  readonly #work: (now: number) => Promise<void>;
  #timer: NodeJS.Timeout;
  #working: Promise<void> = Promise.resolve();
  #stopped = false;
  /** The minute that has been seen to, counted from the epoch. */
  #last: number;

  constructor(clock: Clock, work: (now: number) => Promise<void>) {
    this.#clock = clock;
    this.#work = work;
    this.#last = Math.floor(clock.now() / minute);
    this.#timer = this.#wait();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#working;
  }

  #wait(): NodeJS.Timeout {
    return setTimeout(() => this.#begin(), minute - (this.#clock.now() % minute));
  }

  #begin(): void {
    const now = this.#clock.now();
    // A timer may be a little early.
    const isNew = Math.floor(now / minute) > this.#last;
    this.#last = Math.floor(now / minute);
    this.#working = (isNew ? this.#work(now) : Promise.resolve()).finally(() => {
      if (!this.#stopped) this.#timer = this.#wait();
    });
  }
}
