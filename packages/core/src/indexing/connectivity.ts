/**
 * Which things are connected: follows the connections whose client id is a thing's name, and keeps what it knows across restarts. The
 * last state of a client is written, not each: a client that comes and goes costs one write a round.
 *
 * When and why a thing disconnected is forgotten by the index after a while: *AWS: ThingConnectivity*, "approximately an hour"; *Fleet
 * indexing troubleshooting*, or as long as a persistent session lives. What `describe` answers stays (*Device connectivity status
 * queries*, "indefinitely").
 */
import { retryDelay } from '../backoff.ts';
import type { Domain } from '../domain.ts';
import { ServiceError } from '../errors.ts';
import { type Realm, realmKey, realmOfKey } from '../realm.ts';
import { readThing } from '../registry/thing-store.ts';
import { systemTimers, type Timers } from '../timers.ts';
import {
  type ConnectivityChange,
  fade,
  listConnected,
  listFading,
  markDisconnected,
  readConnectivity,
  writeConnectivity,
} from './connectivity-store.ts';
import type { Connectivity } from './document.ts';
import { awsIndexingLimits, type IndexingLimits } from './limits.ts';
import { Rounds } from './rounds.ts';

export interface ConnectivityOptions {
  /** There is something to write: `flush` should be called soon. */
  readonly onPending?: () => void;
  readonly limits?: Pick<IndexingLimits, 'indexedDisconnectionSeconds'>;
  /** States could not be written; they are with what comes next, or after a while. */
  readonly failed: (error: unknown) => void;
  readonly timers?: Timers;
}

interface Live {
  /** Of the connection, unique within this process. */
  readonly connection: number;
  readonly state: ConnectivityChange['state'];
}

const batchSize = 512;

/** States kept while the store fails: clients that come and go must not fill the memory meanwhile. */
const maximumKept = 100_000;

export class ThingConnectivity {
  readonly #domain: Domain;
  readonly #options: ConnectivityOptions;
  /** Clients that are connected, by realm and client id. */
  readonly #live = new Map<string, Live>();
  #pending = new Map<string, ConnectivityChange>();
  readonly #rounds = new Rounds(
    () => this.#pending.size > 0,
    () => this.#flush(),
  );
  /** Commits in a row that failed. */
  #failures = 0;
  #callOffRetry: (() => void) | undefined;
  readonly #stopListening: () => void;

  constructor(domain: Domain, options: ConnectivityOptions) {
    this.#domain = domain;
    this.#options = options;
    this.#stopListening = domain.changes.on(change => {
      // A device may connect before it is registered, and be registered because it has connected.
      if (change.kind !== 'thing' || change.operation !== 'created') return;
      const realm = realmKey(change.realm);
      const live = this.#live.get(keyOf(realm, change.thingName));
      if (live !== undefined) this.#write({ realm, thingName: change.thingName, state: live.state });
    });
  }

  /** Whoever an earlier process left as connected is not connected any more. To be called before anyone can connect. */
  async start(): Promise<void> {
    const { store, clock, changes } = this.#domain;
    const left = await listConnected(store);
    if (left.length === 0) return;
    await store.commit([markDisconnected(store, clock.now(), 'SERVER_ERROR', this.#fadesAt(0))]);
    for (const { realm, thingName } of left)
      changes.emit({ kind: 'connectivity', realm: realmOfKey(realm), thingName });
  }

  /** `connection` tells the client's connections apart; `version` rises with each. */
  connected(realm: string, clientId: string, connection: number, version: number): void {
    const state = { connected: true, timestamp: this.#domain.clock.now(), version };
    this.#live.set(keyOf(realm, clientId), { connection, state });
    this.#write({ realm, thingName: clientId, state });
  }

  /**
   * Of a connection that another has replaced there is nothing more to say. `sessionExpiryInterval` is how many seconds the client's
   * session lives on.
   */
  disconnected(
    realm: string,
    clientId: string,
    connection: number,
    disconnectReason: string,
    sessionExpiryInterval = 0,
  ): void {
    const key = keyOf(realm, clientId);
    const live = this.#live.get(key);
    if (live?.connection !== connection) return;
    this.#live.delete(key);
    const { version } = live.state;
    const state = { connected: false, timestamp: this.#domain.clock.now(), disconnectReason, version };
    this.#write({ realm, thingName: clientId, state, fadesAt: this.#fadesAt(sessionExpiryInterval) });
  }

  /** Has the index forget when and why things disconnected that have been away for long. To be called now and then. */
  async fade(): Promise<void> {
    const { store, clock, changes } = this.#domain;
    const now = clock.now();
    for (let size = batchSize; size === batchSize; ) {
      const fading = await listFading(store, now, batchSize);
      size = fading.length;
      if (size > 0) await store.commit(fading.map(({ realm, thingName }) => fade(store, realm, thingName, now)));
      for (const { realm, thingName } of fading)
        changes.emit({ kind: 'connectivity', realm: realmOfKey(realm), thingName });
    }
  }

  /**
   * What is known of a thing's connection; of one that never connected, that it is not. Throws `ResourceNotFoundException` for a thing
   * that is not there.
   */
  async describe(realm: Realm, thingName: string): Promise<Connectivity> {
    await this.flush();
    const { store } = this.#domain;
    const key = realmKey(realm);
    const state = (await readConnectivity(store, key, [thingName])).get(thingName);
    if (state !== undefined) return state;
    if (await readThing(store, key, thingName)) return { connected: false };
    throw new ServiceError('ResourceNotFoundException', `thing \`${thingName}\` not found`);
  }

  /** Resolves when everything told before the call is stored. */
  flush(): Promise<void> {
    return this.#rounds.settle();
  }

  async close(): Promise<void> {
    this.#stopListening();
    await this.flush();
    this.#callOffRetry?.();
  }

  #write(change: ConnectivityChange): void {
    this.#pending.set(keyOf(change.realm, change.thingName), change);
    this.#options.onPending?.();
  }

  #fadesAt(sessionExpiryInterval: number): number {
    const { indexedDisconnectionSeconds } = this.#options.limits ?? awsIndexingLimits;
    return this.#domain.clock.now() + Math.max(indexedDisconnectionSeconds, sessionExpiryInterval) * 1000;
  }

  async #flush(): Promise<void> {
    const { store, changes } = this.#domain;
    const pending = [...this.#pending.values()];
    this.#pending = new Map();
    for (let start = 0; start < pending.length; start += batchSize) {
      const batch = pending.slice(start, start + batchSize);
      try {
        await store.commit(batch.map(change => writeConnectivity(store, change)));
      } catch (error) {
        this.#options.failed(error);
        this.#keepForNext(batch);
        continue;
      }
      this.#failures = 0;
      for (const { realm, thingName } of batch) {
        changes.emit({ kind: 'connectivity', realm: realmOfKey(realm), thingName });
      }
    }
  }

  /** What could not be written is written with what comes next, unless that is newer; if nothing does, after a while. */
  #keepForNext(batch: readonly ConnectivityChange[]): void {
    const { timers = systemTimers, onPending } = this.#options;
    this.#failures += 1;
    this.#callOffRetry ??= timers.after(retryDelay(this.#failures, Math.random()), () => {
      this.#callOffRetry = undefined;
      onPending?.();
    });
    for (const pending of batch) {
      const key = keyOf(pending.realm, pending.thingName);
      if (this.#pending.size < maximumKept && !this.#pending.has(key)) this.#pending.set(key, pending);
    }
  }
}

const keyOf = (realm: string, clientId: string): string => `${realm}\0${clientId}`;
