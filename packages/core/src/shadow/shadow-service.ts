/** Use-cases of shadows, one behind both faces: decide, store, then tell. (AWS: using-device-shadows.) */
import type { Domain } from '../domain.ts';
import { type Realm, realmKey } from '../realm.ts';
import { type Page, type PageRequest, readPage } from '../store/pagination.ts';
import { type ShadowLimits, shadowLimits } from './limits.ts';
import { RequestRate } from './rate.ts';
import {
  isRejection,
  parseDelete,
  parseGet,
  parseUpdate,
  rejection,
  type ShadowRejection,
  type ShadowUpdate,
} from './request.ts';
import { applyUpdate, deletedDocument, getDocument, type Shadow, type UpdateOutcome } from './shadow.ts';
import { ShadowCache } from './shadow-cache.ts';
import { type Decision, ShadowQueue } from './shadow-queue.ts';
import {
  forgetDeletedBefore,
  forgetVersions,
  listShadowNames,
  markDeleted,
  rememberVersion,
  type ShadowKey,
  type ShadowRecord,
} from './shadow-store.ts';

/** A thing's shadow; the classic one's `shadowName` is empty. */
export interface ShadowName {
  readonly thingName: string;
  readonly shadowName: string;
}

/** Tells what became of a shadow; the program publishes it on the shadow's topics. */
export interface ShadowAnnouncer {
  /** `suffix` is what follows the shadow's topic prefix: `update/accepted`, `update/delta`, …; `payload` is JSON. */
  announce(realm: Realm, name: ShadowName, suffix: string, payload: string): void;
}

export interface ShadowOptions {
  /** AWS's unless given. */
  readonly limits?: ShadowLimits;
  /** Versions of each shadow kept in its history; 100 unless given, 0 keeps none. */
  readonly historyVersions?: number;
  /** Bytes of shadows held in memory; 64 MiB unless given. */
  readonly cacheBytes?: number;
}

/** A deleted shadow's version count goes on for this long, in ms. (AWS: device-shadow-document, "version") */
const versionOutlivesDelete = 48 * 3600_000;

/** History is cut to its bound once in this many versions. */
const forgetEvery = 16;

export class Shadows {
  readonly #domain: Domain;
  readonly #announcer: ShadowAnnouncer;
  readonly #limits: ShadowLimits;
  readonly #historyVersions: number;
  readonly #queue: ShadowQueue;
  readonly #rate: RequestRate;

  constructor(domain: Domain, announcer: ShadowAnnouncer, options: ShadowOptions = {}) {
    const { limits = shadowLimits.aws, historyVersions = 100, cacheBytes = 64 << 20 } = options;
    this.#domain = domain;
    this.#announcer = announcer;
    this.#limits = limits;
    this.#historyVersions = historyVersions;
    this.#queue = new ShadowQueue(domain.store, new ShadowCache(cacheBytes));
    this.#rate = new RequestRate(limits.maxShadowRequestsPerSecond);
  }

  /**
   * Applies an update request, and announces `update/accepted`, `update/documents` and, where they differ, `update/delta`. Answers
   * what `update/accepted` says.
   */
  async update(
    realm: Realm,
    name: ShadowName,
    payload: Uint8Array,
    principal: string,
  ): Promise<string | ShadowRejection> {
    const update = parseUpdate(payload, this.#limits);
    if (isRejection(update)) return update;
    if (!this.#isAllowed(keyOf(realm, name))) return tooManyRequests(update.clientToken);
    return this.change(realm, name, () => update, principal);
  }

  /** The same for an update that is made from the shadow as it stands; undefined where there is none. */
  async change(
    realm: Realm,
    name: ShadowName,
    updateOf: (shadow: Shadow | undefined) => ShadowUpdate,
    principal: string,
  ): Promise<string | ShadowRejection> {
    const key = keyOf(realm, name);
    const outcome = await this.#queue.request(key, record =>
      this.#decideUpdate(key, record, updateOf(record.shadow), principal),
    );
    if (isRejection(outcome)) return outcome;
    const { accepted, documents, delta } = outcome;
    this.#domain.changes.emit({ kind: 'shadow', realm, ...name });
    this.#announcer.announce(realm, name, 'update/accepted', accepted);
    this.#announcer.announce(realm, name, 'update/documents', documents);
    if (delta !== undefined) this.#announcer.announce(realm, name, 'update/delta', delta);
    return accepted;
  }

  /** The document with its delta. */
  async get(realm: Realm, name: ShadowName, payload: Uint8Array): Promise<string | ShadowRejection> {
    const request = parseGet(payload, this.#limits);
    if (isRejection(request)) return request;
    const key = keyOf(realm, name);
    if (!this.#isAllowed(key)) return tooManyRequests(request.clientToken);
    const shadow = await this.#queue.request(key, record => ({ result: record.shadow }));
    if (shadow === undefined) return notFound(name, request.clientToken);
    return getDocument(shadow, seconds(this.now()), request.clientToken);
  }

  /** Deletes the document; its version number lives on for 48 hours. Announces `delete/accepted`, and answers what it says. */
  async delete(realm: Realm, name: ShadowName, payload: Uint8Array): Promise<string | ShadowRejection> {
    const { clientToken } = parseDelete(payload, this.#limits);
    const key = keyOf(realm, name);
    if (!this.#isAllowed(key)) return tooManyRequests(clientToken);
    const now = this.now();
    const version = await this.#queue.request(key, record => this.#decideDelete(key, record, now));
    if (version === undefined) return notFound(name, clientToken);
    const deleted = deletedDocument(version, seconds(now), clientToken);
    this.#domain.changes.emit({ kind: 'shadow', realm, ...name });
    this.#announcer.announce(realm, name, 'delete/accepted', deleted);
    return deleted;
  }

  /** Names of the thing's named shadows, in order; the classic one is never among them. (AWS: ListNamedShadowsForThing) */
  list(realm: Realm, thingName: string, page: PageRequest): Promise<Page<string>> {
    const listing = { name: 'namedShadows', order: ['string'], position: (name: string) => [name] } as const;
    return readPage(listing, page, (after, limit) =>
      listShadowNames(this.#domain.store, realmKey(realm), thingName, (after?.[0] as string | undefined) ?? '', limit),
    );
  }

  /** Forgets the version numbers of shadows deleted long ago. To be called now and then. */
  async forgetDeleted(): Promise<void> {
    const { store } = this.#domain;
    await store.commit([forgetDeletedBefore(store, this.now() - versionOutlivesDelete)]);
  }

  /** Milliseconds since the epoch, by the clock the shadows live by. */
  now(): number {
    return this.#domain.clock.now();
  }

  #isAllowed({ realm, thingName, shadowName }: ShadowKey): boolean {
    return this.#rate.allows(`${realm}/${thingName}/${shadowName}`, this.now());
  }

  #decideUpdate(
    key: ShadowKey,
    record: ShadowRecord,
    update: ShadowUpdate,
    principal: string,
  ): Decision<UpdateOutcome | ShadowRejection> {
    const now = this.now();
    const forgotten = record.deletedAt !== undefined && now - record.deletedAt > versionOutlivesDelete;
    const lastVersion = forgotten ? 0 : record.version;
    const result = applyUpdate(record.shadow, lastVersion, update, seconds(now), this.#limits);
    if (isRejection(result)) return { result };
    const { shadow, change } = result;
    const { version } = shadow;
    // A clock that was set back must not reorder the history.
    const updatedAt = Math.max(now, record.updatedAt);
    const next = { version, shadow, updatedAt, deletedAt: undefined };
    const kept = this.#historyVersions;
    if (kept === 0) return { result, next };
    const { store } = this.#domain;
    const writes = [rememberVersion(store, key, shadow, change, principal, updatedAt)];
    if (version % forgetEvery === 0 && version > kept) writes.push(forgetVersions(store, key, version - kept));
    return { result, next, writes };
  }

  /** Answers the version the shadow had; undefined where there is none. */
  #decideDelete(key: ShadowKey, record: ShadowRecord, now: number): Decision<number | undefined> {
    const { shadow, version, updatedAt } = record;
    if (shadow === undefined) return { result: undefined };
    const deletedAt = Math.max(now, updatedAt);
    return {
      result: version,
      next: { version, shadow: undefined, updatedAt: deletedAt, deletedAt },
      writes: [markDeleted(this.#domain.store, key, record, deletedAt)],
    };
  }
}

const keyOf = (realm: Realm, { thingName, shadowName }: ShadowName): ShadowKey => ({
  realm: realmKey(realm),
  thingName,
  shadowName,
});

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

const tooManyRequests = (clientToken: string | undefined): ShadowRejection =>
  rejection(429, 'Too many requests', clientToken);

/** For the classic shadow the message names the thing. (observed) */
const notFound = ({ thingName, shadowName }: ShadowName, clientToken: string | undefined): ShadowRejection =>
  rejection(404, `No shadow exists with name: '${shadowName || thingName}'`, clientToken);
