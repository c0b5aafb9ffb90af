/** Fleet indexing in the program: follows the broker's connections and the domain's changes, and keeps the pace. */
import type { ConnectionInfo, Disconnection } from '@thingd/broker';
import {
  type Domain,
  FleetIndexing,
  Indexer,
  type IndexingLimits,
  type Presence,
  ThingConnectivity,
} from '@thingd/core';

export interface FleetOptions {
  readonly domain: Domain;
  readonly limits: IndexingLimits;
  readonly presence: Presence;
  readonly failed: (error: unknown, where: string) => void;
}

export interface Fleet {
  readonly fleetIndexing: FleetIndexing;
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

export async function openFleet({ domain, limits, presence, failed }: FleetOptions): Promise<Fleet> {
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
    // A search finds a client that connected before it.
    settle: () => thingConnectivity.flush(),
    failed: error => failed(error, 'building an index'),
  });
  await fleetIndexing.start();
  await thingConnectivity.start();
  return {
    fleetIndexing,
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
      await thingConnectivity.close();
      await fleetIndexing.close();
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
