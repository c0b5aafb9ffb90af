/**
 * The connections whose permissions depend on something that may change, by what they depend on. A change in the domain binds the
 * connections it touches again, within a second; one that takes a certificate's validity ends its connections at once. A
 * connection whose permissions cannot be read, tried thrice, is ended: the old ones may be more than it still has.
 */
import type { Authorizer } from '@thingd/broker';
import { type Change, type Changes, type Realm, realmKey, retryDelay, type Timers } from '@thingd/core';

/** Names in one realm that a connection's permissions are made of. */
export interface Dependencies {
  /** ARN of a certificate; empty for a caller who has none. */
  readonly principal: string;
  /** The client id, which may be a thing's name though no such thing exists yet, and the resolved thing's name. */
  readonly things: readonly string[];
  /** The resolved thing's type, whose attributes its messages carry. */
  readonly thingTypes: readonly string[];
  readonly policies: readonly string[];
  /** Groups of the thing, with their ancestors. */
  readonly groups: readonly string[];
}

export interface Live {
  /** What the broker asks on behalf of this connection, and knows it by. */
  readonly authorizer: Authorizer;
  /** `<accountId>/<region>` */
  readonly realm: string;
  /** What the present binding was made of. */
  readonly dependencies: Dependencies;
  /** Resolves policies afresh and rebinds; `dependencies` may be others then. */
  rebind(): Promise<void>;
}

export interface LiveConnectionsOptions {
  readonly changes: Changes;
  /** The certificate is ACTIVE no more: end every connection made with it. */
  readonly certificateDisabled: (certificate: { readonly realm: Realm; readonly certificateId: string }) => void;
  /** The permissions of these cannot be told, however often one tries: end their connections. */
  readonly lost: (authorizers: ReadonlySet<Authorizer>) => void;
  readonly failed: (error: unknown) => void;
  readonly timers: Timers;
}

/** Attempts at binding a connection anew; with the waits between them about half a second. */
const attempts = 3;

/** Connections bound again at the same time; each is a few reads of the database. */
const concurrency = 64;

export class LiveConnections {
  readonly #options: LiveConnectionsOptions;
  readonly #byKey = new Map<string, Set<Live>>();
  readonly #keysOf = new Map<Live, readonly string[]>();
  readonly #stale = new Set<Live>();
  /** Attempts that failed since the last that did not. */
  readonly #failures = new Map<Live, number>();
  #rebinding = false;
  readonly #stopListening: () => void;
  /** Goes up with each change, so that who resolved before it can be told from who resolved after. */
  #version = 0;

  constructor(options: LiveConnectionsOptions) {
    this.#options = options;
    this.#stopListening = options.changes.on(change => this.#apply(change));
  }

  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#keysOf.size;
  }

  /** `resolvedAt` is the `version` before its permissions were resolved: a change in between is caught up with. */
  add(live: Live, resolvedAt: number): void {
    this.#index(live);
    if (resolvedAt !== this.#version) this.#markStale([live]);
  }

  remove(live: Live): void {
    this.#unindex(live);
    this.#stale.delete(live);
    this.#failures.delete(live);
  }

  close(): void {
    this.#stopListening();
  }

  #apply(change: Change): void {
    this.#version++;
    const realm = realmKey(change.realm);
    if (change.kind === 'certificate') {
      if (change.status !== 'ACTIVE') {
        this.#options.certificateDisabled(change);
      }
      return;
    }
    for (const key of keysOfChange(realm, change)) this.#markStale(this.#byKey.get(key) ?? []);
  }

  #markStale(lives: Iterable<Live>): void {
    for (const live of lives) this.#stale.add(live);
    if (this.#stale.size > 0 && !this.#rebinding) void this.#rebindStale();
  }

  async #rebindStale(): Promise<void> {
    this.#rebinding = true;
    while (this.#stale.size > 0) {
      const stale = [...this.#stale];
      // Emptied first: what changes while these are resolved puts them on again.
      this.#stale.clear();
      for (let start = 0; start < stale.length; start += concurrency) {
        const lives = stale.slice(start, start + concurrency);
        const isBound = await Promise.all(lives.map(live => this.#rebind(live)));
        this.#failed(lives.filter((_, index) => !isBound[index]));
      }
    }
    this.#rebinding = false;
  }

  /** False if it failed. */
  async #rebind(live: Live): Promise<boolean> {
    if (!this.#keysOf.has(live)) return true;
    try {
      await live.rebind();
    } catch (error) {
      this.#options.failed(error);
      return false;
    }
    if (!this.#keysOf.has(live)) return true;
    this.#failures.delete(live);
    this.#unindex(live);
    this.#index(live);
    return true;
  }

  #failed(lives: readonly Live[]): void {
    const lost = new Set<Authorizer>();
    for (const live of lives) {
      if (!this.#keysOf.has(live)) continue;
      const failures = (this.#failures.get(live) ?? 0) + 1;
      this.#failures.set(live, failures);
      if (failures >= attempts) {
        lost.add(live.authorizer);
        continue;
      }
      this.#options.timers.after(retryDelay(failures, Math.random()), () => {
        if (this.#keysOf.has(live)) this.#markStale([live]);
      });
    }
    if (lost.size > 0) this.#options.lost(lost);
  }

  #index(live: Live): void {
    const keys = keysOfDependencies(live.realm, live.dependencies);
    this.#keysOf.set(live, keys);
    for (const key of keys) {
      const lives = this.#byKey.get(key);
      if (lives === undefined) this.#byKey.set(key, new Set([live]));
      else lives.add(live);
    }
  }

  #unindex(live: Live): void {
    for (const key of this.#keysOf.get(live) ?? []) {
      const lives = this.#byKey.get(key);
      if (lives?.delete(live) && lives.size === 0) this.#byKey.delete(key);
    }
    this.#keysOf.delete(live);
  }
}

const keyOf = (realm: string, kind: 'principal' | 'thing' | 'thingType' | 'policy' | 'group', name: string): string =>
  `${kind} ${realm} ${name}`;

const keysOfDependencies = (
  realm: string,
  { principal, things, thingTypes, policies, groups }: Dependencies,
): string[] => [
  keyOf(realm, 'principal', principal),
  ...things.map(name => keyOf(realm, 'thing', name)),
  ...thingTypes.map(name => keyOf(realm, 'thingType', name)),
  ...policies.map(name => keyOf(realm, 'policy', name)),
  ...groups.map(name => keyOf(realm, 'group', name)),
];

function keysOfChange(realm: string, change: Exclude<Change, { kind: 'certificate' }>): string[] {
  switch (change.kind) {
    case 'policy':
      return [keyOf(realm, 'policy', change.policyName)];
    case 'policyAttachment': {
      const group = /:thinggroup\/(.+)$/.exec(change.target)?.[1];
      return [group === undefined ? keyOf(realm, 'principal', change.target) : keyOf(realm, 'group', group)];
    }
    case 'thing':
      return [keyOf(realm, 'thing', change.thingName)];
    case 'thingType':
      return [keyOf(realm, 'thingType', change.thingType.thingTypeName)];
    case 'thingPrincipal':
      return [keyOf(realm, 'principal', change.principal), keyOf(realm, 'thing', change.thingName)];
    case 'thingGroup':
      return [keyOf(realm, 'group', change.thingGroupName)];
    case 'thingGroupMembership':
      return [keyOf(realm, 'thing', change.thingName)];
    default:
      // No permission is made of the others.
      return [];
  }
}
